"""Who may come from a neighbour institution: by an agreement in force on the day, and at a price, so that own staff
come first.
"""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from service.orders.rules import OrderFacts
from service.routing.building.facts import Agreement
from service.routing.building.staffing import Segment, employed_at

BY_AGREEMENT: Final = "by_agreement"
"""Why somebody of a neighbour institution comes."""
SENTENCE: Final = "按机构间互助协议，由邻近机构的人员上门"
"""What dispatchers read of it."""


def asked_by(agreements: Sequence[Agreement], order: OrderFacts) -> str:
    """Return the skill that an order asks for: to work where it was placed or, where somebody may help out with orders
    of its kind, to serve that kind there.
    """
    at = employed_at(order.institution_id)
    helped = any(each.giving_id == order.institution_id and order.kind in each.kinds for each in agreements)
    return f"{at}/{order.kind}" if helped else at


def offered_by(agreements: Iterable[Agreement], institution_id: UUID) -> frozenset[str]:
    """Return the skills that an institution's staff have by agreements: its own, and those that it helps out with."""
    found: set[str] = set()
    for each in agreements:
        if institution_id in {each.giving_id, each.helping_id}:
            found |= {f"{employed_at(each.giving_id)}/{kind}" for kind in each.kinds}
    return frozenset(found)


def between(agreements: Iterable[Agreement], order: OrderFacts, institution_id: UUID) -> Agreement | None:
    """Return the agreement by which an institution's staff may come to an order; None: its own staff, or nobody's."""
    return next(
        (
            each
            for each in agreements
            if (each.giving_id, each.helping_id) == (order.institution_id, institution_id) and order.kind in each.kinds
        ),
        None,
    )


def helpers(agreements: Sequence[Agreement], order: OrderFacts, segments: Sequence[Segment]) -> frozenset[int]:
    """Return the positions of those who may come to an order from a neighbour institution."""
    return frozenset(
        at for at, each in enumerate(segments) if between(agreements, order, each.staff.institution_id) is not None
    )


def price_seconds(agreements: Iterable[Agreement]) -> int | None:
    """Return what each visit given away costs a plan, None where nobody helps anybody out.

    As with every price that concerns a plan as a whole, the highest holds.
    """
    return max((each.price_minutes * 60 for each in agreements), default=None)
