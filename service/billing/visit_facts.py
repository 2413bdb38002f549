"""The facts of a proven visit, and of the visits that share its fee."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import bounds, facts, repository, rules, translation
from service.billing.parking import repository as parking
from service.contracts import usecases as contracts
from service.core import problems
from service.core.clock import local_date
from service.core.db import asked_once
from service.core.db.questions import ask_together
from service.orders import usecases as orders
from service.patients import usecases as patients
from service.visits import usecases as visits
from service.visits.rules import VisitProof


async def hold_and_ask(
    session: AsyncSession, *, region_id: UUID, visit_id: UUID, within: Collection[UUID] | None
) -> None:
    """Hold a visit, then ask together what is asked of it: in two round trips, for what is read may wait for a lock.

    Raises:
        problems.NotFound: there is no such visit, or it is of none of the institutions `within`.
    """
    at = {"region_id": region_id, "visit_id": visit_id}
    await repository.hold_visit(session, **at, asked=[visits.asked_trip(**at)])
    proof, trip = await visits.proof(session, **at), await visits.trip_of(session, **at)
    if within is not None and proof.institution_id not in within:
        raise problems.NotFound(what="上门记录")
    # whoever was waited for has changed what was told before
    asked_once.forget(session)
    if proof.started_at is not None:
        on = local_date(proof.started_at)
        await ask_ahead(session, region_id=region_id, proof=proof, trip=trip, on=on)


async def ask_ahead(
    session: AsyncSession, *, region_id: UUID, proof: VisitProof, trip: Sequence[VisitProof], on: date
) -> None:
    """Ask every room in one round trip what is looked at when a visit is settled; what they find is at hand then.

    `trip` as it was before the visit was held; when it has changed since, somebody asks once more.
    """
    counted = [proof, *_sharers(proof, trip)]
    codes = {code for each in counted for code, _ in each.items}
    of, at = {"region_id": region_id, "person_id": proof.person_id}, proof.institution_id
    stay = {"region_id": region_id, "trip_id": proof.trip_id, "home_id": proof.home_id}
    await ask_together(
        session,
        [
            visits.asked_trip(region_id=region_id, visit_id=proof.visit_id),
            repository.LAST.of(region_id=region_id, visit_id=proof.visit_id),
            parking.LAST_SAID.of(region_id=region_id, visit_id=proof.visit_id),
            repository.LICENCES.of(visit_ids=[each.visit_id for each in counted]),
            *([repository.LAST_ROUND.of(**stay)] if proof.trip_id else []),
            *(orders.asked_standing(region_id=region_id, order_id=each.order_id) for each in counted),
            contracts.asked_held_by(region_id=region_id, order_id=proof.order_id),
            *patients.asked_of_bill(**of),
            *facts.asked_of_visit(**of, institution_id=at, on=on, codes=codes),
            *bounds.asked_of_visit(region_id=region_id, proof=proof, on=on),
        ],
    )


async def of_visit(
    session: AsyncSession, *, region_id: UUID, proof: VisitProof, trip: Iterable[VisitProof], service_on: date
) -> facts.Facts:
    """Return what the kernel needs to settle a visit; `trip` are all visits proposed or made together with it.

    The distance is the one fixed at the order's quote.

    Raises:
        problems.NotFound: the fence does not let the patient, the home or an order through.
    """
    sharers = _sharers(proof, trip)
    house = await facts.house_on(session, region_id=region_id, institution_id=proof.institution_id, on=service_on)
    visit, *peers = [await as_made(session, region_id=region_id, house=house, proof=each) for each in (proof, *sharers)]
    known = await facts.gather(
        session,
        region_id=region_id,
        house=house,
        person_id=proof.person_id,
        order_id=proof.order_id,
        visit=visit,
        peers=tuple(peers),
        licences=await facts.crew_licences(session, visit_ids=[each.visit_id for each in (proof, *sharers)]),
    )
    # what was granted has let everything be asked anew: together once more
    if not asked_once.knows(session, repository.LAST.of(region_id=region_id, visit_id=proof.visit_id).key):
        await ask_ahead(session, region_id=region_id, proof=proof, trip=list(trip), on=service_on)
    return known


def _sharers(proof: VisitProof, trip: Iterable[VisitProof]) -> list[VisitProof]:
    return [each for each in trip if each.visit_id != proof.visit_id and _shares_fee(each, proof)]


def _shares_fee(other: VisitProof, proof: VisitProof) -> bool:
    return (
        other.verified
        and proof.trip_id is not None
        and (other.trip_id, other.home_id) == (proof.trip_id, proof.home_id)
    )


async def as_made(session: AsyncSession, *, region_id: UUID, house: facts.House, proof: VisitProof) -> rules.Visit:
    """Return a verified visit as the kernel knows it.

    Raises:
        problems.NotFound: the fence does not let its order or its home through.
        ValueError: it has no start; then it cannot be verified.
    """
    if proof.started_at is None:
        raise ValueError(f"visit {proof.visit_id} is verified without a start")
    metres = await orders.distance_metres(session, region_id=region_id, order_id=proof.order_id)
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
