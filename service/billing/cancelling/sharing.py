"""The visits with which one whose crew went in vain shares the fee of its trip and home, as the kernel knows them."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import facts, translation, visit_facts
from service.billing import rules as kernel
from service.orders import usecases as orders
from service.visits import usecases as visits
from service.visits.rules import Departure, VisitProof


async def planned(
    session: AsyncSession, *, region_id: UUID, proof: VisitProof, departure: Departure, house: facts.House
) -> kernel.Visit:
    """Return the visit as it would have been, by the crew that set out and the hour that was planned: for its fee.

    Raises:
        problems.NotFound: there is no such order.
    """
    order = await orders.get_order(session, region_id=region_id, order_id=proof.order_id)
    metres = order.distance_metres
    if metres is None:
        metres = await facts.distance_metres(session, region_id=region_id, house=house, home_id=proof.home_id)
    return translation.visit(
        proof.visit_id,
        person_id=proof.person_id,
        mode=facts.mode_of(proof.mode),
        service_on=proof.service_on,
        started_at=departure.planned_at,
        verified=False,
        staff=[str(member) for member in departure.crew],
        distance_metres=metres,
        items=(),
    )


async def with_peers(
    session: AsyncSession,
    *,
    region_id: UUID,
    proof: VisitProof,
    trip: Iterable[VisitProof],
    visit: kernel.Visit,
    house: facts.House,
) -> tuple[kernel.Visit, ...]:
    """Return a planned visit and those it shares the fee with: served, or in vain as well, with proof of the departure.

    `trip` are all visits proposed or made together with it, each of them final. One that stands alone has no trip.

    Raises:
        problems.NotFound: an order or a home is hidden.
    """
    if house.terms.policy.fee_sharing is kernel.FeeSharing.per_patient:
        return (visit,)
    found = []
    for each in trip:
        if each.visit_id == proof.visit_id or not _is_same_stay(each, proof):
            continue
        if each.verified:
            # what was done is nobody's business here: its fee is all that counts
            made = await visit_facts.as_made(session, region_id=region_id, house=house, proof=each)
            found.append(replace(made, items=()))
        elif each.in_vain:
            departure = await visits.departure(session, region_id=region_id, visit_id=each.visit_id)
            if departure is not None:
                found.append(await planned(session, region_id=region_id, proof=each, departure=departure, house=house))
    if not found:
        return (visit,)
    return tuple(replace(each, trip=visit.id, home=str(proof.home_id)) for each in (visit, *found))


def _is_same_stay(other: VisitProof, proof: VisitProof) -> bool:
    """Return whether two visits belong to one stay at a home; a crew called back on its way has none of its own yet."""
    return other.home_id == proof.home_id and (
        other.trip_id is None or proof.trip_id is None or other.trip_id == proof.trip_id
    )
