"""The facts of a proven visit, and of the visits that share its fee."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import facts, rules, translation
from service.orders import usecases as orders
from service.visits.rules import VisitProof


async def of_visit(
    session: AsyncSession, *, region_id: UUID, proof: VisitProof, trip: Iterable[VisitProof], service_on: date
) -> facts.Facts:
    """Return what the kernel needs to settle a visit; `trip` are all visits proposed or made together with it.

    The distance is the one fixed at the order's quote.

    Raises:
        problems.NotFound: the fence does not let the patient, the home or an order through.
    """
    sharers = [each for each in trip if each.visit_id != proof.visit_id and _shares_fee(each, proof)]
    house = await facts.house_on(session, region_id=region_id, institution_id=proof.institution_id, on=service_on)
    visit, *peers = [await _visit(session, region_id=region_id, house=house, proof=each) for each in (proof, *sharers)]
    return await facts.gather(
        session,
        region_id=region_id,
        house=house,
        person_id=proof.person_id,
        order_id=proof.order_id,
        visit=visit,
        peers=tuple(peers),
        licences=await facts.crew_licences(session, visit_ids=[each.visit_id for each in (proof, *sharers)]),
    )


def _shares_fee(other: VisitProof, proof: VisitProof) -> bool:
    return (
        other.verified
        and proof.trip_id is not None
        and (other.trip_id, other.home_id) == (proof.trip_id, proof.home_id)
    )


async def _visit(session: AsyncSession, *, region_id: UUID, house: facts.House, proof: VisitProof) -> rules.Visit:
    if proof.started_at is None:
        raise ValueError(f"visit {proof.visit_id} is verified without a start")
    order = await orders.get_order(session, region_id=region_id, order_id=proof.order_id)
    metres = order.distance_metres
    if metres is None:
        metres = await facts.distance_metres(session, region_id=region_id, house=house, home_id=proof.home_id)
    return translation.visit(
        proof.visit_id,
        person_id=proof.person_id,
        mode=facts.mode_of(proof.mode),
        service_on=house.on,
        started_at=proof.started_at,
        verified=proof.verified,
        staff=[str(member) for member in proof.staff_ids],
        distance_metres=metres,
        items=proof.items,
        home_id=proof.home_id,
        trip_id=proof.trip_id,
    )
