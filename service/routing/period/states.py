"""How far a period plan has come, its news, and why a due round cannot be kept."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

PERIOD_REQUESTED: Final = "period.requested"
"""News: a period plan waits to be solved (subject: the period plan)."""

LONGEST_DAYS: Final = 14
"""So many days a period has at most."""


class PeriodState(StrEnum):
    """A period plan is requested, solved by the worker, accepted by a dispatcher.

    It is `queued` until it has its answer, and may be cancelled as long as it is.
    """

    queued = "queued"
    solved = "solved"
    accepted = "accepted"
    failed = "failed"
    cancelled = "cancelled"


MOVES: Final[Mapping[PeriodState, frozenset[PeriodState]]] = {
    PeriodState.queued: frozenset({PeriodState.solved, PeriodState.failed, PeriodState.cancelled}),
    PeriodState.solved: frozenset({PeriodState.accepted}),
    PeriodState.accepted: frozenset(),
    PeriodState.failed: frozenset(),
    PeriodState.cancelled: frozenset(),
}
"""From each state, the states a period plan may move to."""

STATE_LABELS: Final[Mapping[PeriodState, str]] = {
    PeriodState.queued: "排队中",
    PeriodState.solved: "已排好，待采纳",
    PeriodState.accepted: "已采纳",
    PeriodState.failed: "失败",
    PeriodState.cancelled: "已取消",
}
"""What people read for each state."""


class NotKept(StrEnum):
    """Why a round falls on no day by the day it is due; each is checked before it is said."""

    no_allowed_day = "no_allowed_day"
    interval_too_short = "interval_too_short"
    no_staff_that_week = "no_staff_that_week"
    no_capacity_in_window = "no_capacity_in_window"
    home_unseen = "home_unseen"


EXPLANATIONS: Final[Mapping[NotKept, str]] = {
    NotKept.no_allowed_day: "到期之前没有允许安排的日子（限定的星期、计划起止、建床与暂停期间）",
    NotKept.interval_too_short: "允许的日子之间短于最短间隔，放不下这么多次",
    NotKept.no_staff_that_week: "到期之前允许的日子里，没有（足够的）具备该服务所需资质的人员在岗",
    NotKept.no_capacity_in_window: "到期之前允许的日子里，具备资质的人员已排满",
    NotKept.home_unseen: "该居民没有可用的住址，或机构已不能查看",
}
"""What dispatchers read for each."""
