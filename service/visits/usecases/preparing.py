"""Preparing visits: a published plan's appointments become visits that wait for their crew."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import usecases as catalog
from service.catalog.crew_rules import CrewSync
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.orders import crew_rules, part_rules
from service.orders import usecases as orders
from service.orders.crew_rules import TOGETHER, Crew
from service.orders.rules import OrderFacts
from service.routing import usecases as routing
from service.routing.states import CrewMember
from service.visits import errors, repository, rules
from service.visits.models import Visit, VisitPart, VisitStaff


async def prepare_order(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> Visit:
    """Make the visit of a scheduled order, or renew one that nobody has set out for; return its row.

    Called for each order of a published plan, and by the first report where that job has not run yet.

    Raises:
        problems.NotFound: there is no such order.
        errors.NotYourVisit: the order has no appointment.
    """
    # held: an order that is being cancelled is seen as cancelled, or waits for us
    order = await orders.hold_order(session, region_id=region_id, order_id=order_id)
    crew = await routing.crew_of(session, region_id=region_id, order_id=order_id)
    known = await repository.find_of_order(session, region_id, order_id, lock=True)
    if not crew:
        raise errors.NotYourVisit
    if known is not None and known.state != rules.VisitState.prepared:
        return known
    visit = known or Visit(
        region_id=region_id, institution_id=order.institution_id, order_id=order_id, person_id=order.person_id,
        home_id=order.home_id, mode=order.kind, service_on=order.service_on, planned_start_at=crew[0].start,
        planned_end_at=crew[0].end, trip_key=crew[0].trip_key, state=rules.VisitState.prepared,
    )  # fmt: skip
    visit.home_id, visit.service_on, visit.trip_key = order.home_id, order.service_on, crew[0].trip_key
    visit.planned_start_at = min(each.start for each in crew)
    visit.planned_end_at = max(each.end for each in crew)
    comes = await _comes(session, region_id, order, [each for each in crew if each.part == 1])
    visit.crew_sync, visit.crew_lag_min_minutes, visit.crew_lag_max_minutes = (
        comes.sync, comes.lag_min_minutes, comes.lag_max_minutes,
    )  # fmt: skip
    session.add(visit)
    await session.flush()
    await _send(session, visit, {each.practitioner_id: each.name for each in crew})
    await _divide(session, visit, order, [each for each in crew if each.part > 1])
    return visit


async def _comes(session: AsyncSession, region_id: UUID, order: OrderFacts, crew: Sequence[CrewMember]) -> Crew:
    """Return how a crew comes, as the list of services says now; whoever was promised apart need not wait for another,
    whatever has become of the list since.
    """
    if len(crew) < 2:
        return TOGETHER
    items = await catalog.items(session, region_id=region_id, codes=[code for code, _ in order.items])
    minimum = await institutions.setting(
        session, region_id=region_id, institution_id=order.institution_id, key=settings.STAFF_MINIMUM,
        on=order.service_on,
    )  # fmt: skip
    comes = crew_rules.crew_of(order.items, items, minimum)
    apart = len({each.start for each in crew}) > 1
    if not comes.is_possible or (apart and not comes.is_apart):
        return Crew(CrewSync.independent)
    return comes


async def _divide(session: AsyncSession, visit: Visit, order: OrderFacts, later: Sequence[CrewMember]) -> None:
    """Make the further parts of a visit be those that are promised, as the list of services bounds them now."""
    for gone in await repository.parts(session, visit.region_id, visit.id):
        await session.delete(gone)
    await session.flush()
    if not later:
        return
    items = await catalog.items(session, region_id=visit.region_id, codes=[code for code, _ in order.items])
    known = {each.number: each for each in part_rules.parts_of(order.items, items)}
    for each in later:
        bounds = known.get(each.part)
        session.add(
            VisitPart(
                region_id=visit.region_id, institution_id=visit.institution_id, visit_id=visit.id, number=each.part,
                planned_start_at=each.start, planned_end_at=each.end,
                after_min_minutes=bounds.after_min_minutes if bounds else None,
                after_max_minutes=bounds.after_max_minutes if bounds else None,
            )
        )  # fmt: skip
    await session.flush()


async def _send(session: AsyncSession, visit: Visit, crew: dict[UUID, str]) -> None:
    """Make the crew of a visit be `crew`."""
    for gone in await repository.crew(session, visit.region_id, visit.id):
        if crew.pop(gone.practitioner_id, None) is None:
            await session.delete(gone)
    for practitioner_id, name in crew.items():
        session.add(
            VisitStaff(
                region_id=visit.region_id, institution_id=visit.institution_id, visit_id=visit.id,
                practitioner_id=practitioner_id, practitioner_name=name,
            )
        )  # fmt: skip
    await session.flush()
