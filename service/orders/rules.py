"""What an order is and how it may move; who may be served at home, and which registered mode an order needs."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class OrderKind(StrEnum):
    """The kinds of order: different registered modes, limits and price items (R003)."""

    home_visit = "home_visit"
    home_bed_round = "home_bed_round"
    institution_round = "institution_round"


class OrderState(StrEnum):
    """How far an order has come."""

    draft = "draft"
    submitted = "submitted"
    accepted = "accepted"
    scheduled = "scheduled"
    in_progress = "in_progress"
    done = "done"
    closed = "closed"
    rejected = "rejected"
    cancelled = "cancelled"
    noshow = "noshow"


MOVES: Final[Mapping[OrderState, frozenset[OrderState]]] = {
    OrderState.draft: frozenset({OrderState.submitted, OrderState.cancelled}),
    OrderState.submitted: frozenset({OrderState.accepted, OrderState.rejected, OrderState.cancelled}),
    OrderState.accepted: frozenset({OrderState.scheduled, OrderState.rejected, OrderState.cancelled}),
    OrderState.scheduled: frozenset(
        {OrderState.accepted, OrderState.in_progress, OrderState.cancelled, OrderState.noshow}
    ),
    OrderState.in_progress: frozenset({OrderState.done, OrderState.noshow}),
    OrderState.done: frozenset({OrderState.closed}),
    # a reversed bill opens the order again
    OrderState.closed: frozenset({OrderState.done}),
    OrderState.rejected: frozenset(),
    OrderState.cancelled: frozenset(),
    OrderState.noshow: frozenset(),
}
"""From each state, the states an order may move to. The database's trigger is made from this table."""
