"""How far a plan has come and where it may go from there; its news; what neighbours may know of an appointment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

PLAN_REQUESTED: Final = "plan.requested"
"""News: a plan waits to be solved (subject: the plan)."""
PLAN_PUBLISHED: Final = "plan.published"
"""News: a plan's stops became appointments (subject: the plan)."""
PLAN_ANNOUNCED: Final = "plan.announced"
"""News: people are to be told when who comes (subject: the plan)."""


class StopKind(StrEnum):
    """What a stop of a route is: a visit of an order, a lunch break, a specimen handed in at the institution."""

    visit = "visit"
    lunch = "lunch"
    delivery = "delivery"


STOP_LABELS: Final[Mapping[StopKind, str]] = MappingProxyType(
    {StopKind.visit: "上门", StopKind.lunch: "午休", StopKind.delivery: "送标本"}
)
"""What people read for each."""

STANDS: Final = "〔已开始〕"
"""What people read behind a stop of a visit that had begun when the plan was made."""


class PlanState(StrEnum):
    """A plan is requested, solved by the worker, published by a dispatcher; a later publication supersedes it.

    Until it is solved it may be cancelled.
    """

    queued = "queued"
    solving = "solving"
    solved = "solved"
    published = "published"
    superseded = "superseded"
    failed = "failed"
    cancelled = "cancelled"


MOVES: Final[Mapping[PlanState, frozenset[PlanState]]] = {
    PlanState.queued: frozenset({PlanState.solving, PlanState.failed, PlanState.cancelled}),
    PlanState.solving: frozenset({PlanState.solved, PlanState.failed, PlanState.solving, PlanState.cancelled}),
    PlanState.solved: frozenset({PlanState.published}),
    PlanState.published: frozenset({PlanState.superseded}),
    PlanState.superseded: frozenset(),
    PlanState.failed: frozenset(),
    PlanState.cancelled: frozenset(),
}
"""From each state, the states a plan may move to; `solving` again when a worker died in the middle."""

STATE_LABELS: Final[Mapping[PlanState, str]] = {
    PlanState.queued: "排队中",
    PlanState.solving: "正在求解",
    PlanState.solved: "已排好，待发布",
    PlanState.published: "已发布",
    PlanState.superseded: "已被新计划取代",
    PlanState.failed: "失败",
    PlanState.cancelled: "已取消",
}
"""What people read for each state."""

UNDER_WAY: Final = frozenset({PlanState.queued, PlanState.solving})
"""The states in which the worker still owes an answer."""


class LeftOutOfPublication(StrEnum):
    """Why an order of a solved plan gets no appointment when the plan is published."""

    no_longer_open = "no_longer_open"
    """cancelled, sent back or begun since the plan was solved"""
    scheduled_elsewhere = "scheduled_elsewhere"
    """another area's published plan has it already"""


LEFT_OUT_TEXTS: Final[Mapping[LeftOutOfPublication, str]] = {
    LeftOutOfPublication.no_longer_open: "排班之后订单已取消、退回或开始服务",
    LeftOutOfPublication.scheduled_elsewhere: "订单已由其他已发布的计划安排",
}
"""What dispatchers read for each."""


@dataclass(frozen=True, slots=True)
class CrewMember:
    """One member of staff's promise to be at an order's door in [start, end).

    `trip_key` is equal for orders that the same crew serves at one home without leaving it in between; `ride` is the
    shared vehicle in which he comes there, and when. Of an order in parts it is the promise of one `part` of `parts`.
    """

    practitioner_id: UUID
    name: str
    start: datetime
    end: datetime
    trip_key: UUID
    part: int = 1
    parts: int = 1
    ride: Any = None


def tell_part(part: int, parts: int) -> str | None:
    """Say which part of an order it is, for people; None: of one that is not in parts."""
    return f"第{part}次/共{parts}次" if parts > 1 else None


def label(order_no: str, part: int, parts: int) -> str:
    """Return what people read of a stop: the order's number, of one in parts which of them."""
    said = tell_part(part, parts)
    return f"{order_no}（{said}）" if said else order_no


def may_move(before: PlanState, after: PlanState) -> bool:
    """Return whether a plan may move from one state to another."""
    return after in MOVES[before]
