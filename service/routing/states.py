"""How far a plan has come, and where it may go from there."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


PLAN_REQUESTED: Final = "plan.requested"
"""News: a plan waits to be solved (subject: the plan)."""
PLAN_PUBLISHED: Final = "plan.published"
"""News: a plan's stops became appointments (subject: the plan)."""


class PlanState(StrEnum):
    """A plan is requested, solved by the worker, published by a dispatcher; a later publication supersedes it."""

    queued = "queued"
    solving = "solving"
    solved = "solved"
    published = "published"
    superseded = "superseded"
    failed = "failed"


MOVES: Final[Mapping[PlanState, frozenset[PlanState]]] = {
    PlanState.queued: frozenset({PlanState.solving, PlanState.failed}),
    PlanState.solving: frozenset({PlanState.solved, PlanState.failed, PlanState.solving}),
    PlanState.solved: frozenset({PlanState.published, PlanState.superseded}),
    PlanState.published: frozenset({PlanState.superseded}),
    PlanState.superseded: frozenset(),
    PlanState.failed: frozenset(),
}
"""From each state, the states a plan may move to; `solving` again when a worker died in the middle."""
