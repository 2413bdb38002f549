"""What the crew reports from the door: steps and services."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import usecases as catalog
from service.core import geo
from service.core.clock import local_date
from service.core.jobs import queue
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.orders import usecases as orders
from service.orders.rules import OrderState
from service.patients import usecases as patients
from service.practitioners import usecases as practitioners
from service.visits import crew_rules, errors, part_rules, repository, rules, schemas
from service.visits.models import Trip, Visit, VisitEvent, VisitItem
from service.visits.part_rules import Step
from service.visits.usecases import proving, reading
from service.visits.usecases.preparing import prepare_order


async def report_event(
    session: AsyncSession, *, principal: Principal, asked: schemas.EventCreate, now: datetime
) -> schemas.VisitRead:
    """Record a step of the visit of an order; the same step of the same person again is answered and not stored.

    Raises:
        problems.NotFound: there is no such order, or it is not to be seen.
        errors.NotYourVisit: the account is not in the crew.
        errors.StepMissing, errors.VisitOver, errors.ClockAhead, errors.CrewNotThere, errors.CrewTooSoon,
            errors.NothingPerformed: why not.
        errors.NotInParts, errors.PartsNotDone, errors.BackTooSoon: of a visit in parts, why not.
    """
    visit, me = await own_visit(session, principal, asked.order_id)
    reports = await reading.reports_of(session, visit)
    mine = {Step(each.kind, each.part): each for each in reports if each.practitioner_id == me}
    step = Step(asked.kind, asked.part or 1)
    if step in mine:
        return await reading.describe(session, visit)
    parts = await reading.parts_of(session, visit)
    await _refuse_early(session, visit, asked, mine, parts=len(parts) + 1, now=now)
    if asked.kind is rules.EventKind.come_back:
        ways = part_rules.between(parts, mine.values())
        part_rules.refuse_too_soon(next(each for each in ways if each.planned.number == step.part), asked.happened_at)
    crew = {each.practitioner_id for each in await repository.crew(session, visit.region_id, visit.id)}
    if asked.kind is rules.EventKind.start:
        crew_rules.refuse_start(reading.crew_of(visit), crew, reports, me, asked.happened_at)
    if asked.kind is rules.EventKind.complete and not await repository.items(session, visit.region_id, visit.id):
        raise errors.NothingPerformed
    event = await _record(session, visit, me, asked, now)
    reports.append(reading.report_of(event))
    await _follow(session, visit, event, crew, now=now, account_id=principal.account_id)
    apart = reading.crew_of(visit).is_apart
    visit.state = rules.state_after(rules.VisitState(visit.state), asked.kind, crew, reports, apart=apart)
    if visit.state == rules.VisitState.completed and visit.ended_at is None:
        await proving.complete(session, visit, sorted(crew), reports, now)
    await session.flush()
    return await reading.describe(session, visit)


async def perform_item(
    session: AsyncSession, *, principal: Principal, visit_id: UUID, asked: schemas.ItemCreate, now: datetime
) -> schemas.VisitRead:
    """Record a service as performed: one that was ordered, up to the quantity ordered, or one added at the door.

    What was added is collected from the family only as far as it agreed to a new quote.

    Raises:
        errors.NotYourVisit: the account is not in the crew.
        errors.VisitOver: the service has not begun or is over.
        errors.ItemNotOrdered: it was not ordered, or not so much of it, and is not said to be added.
        errors.ItemNotAddable: it could not have been ordered, or has no price.
        errors.LotMissing, errors.LotOutOfPlace: a drug or consumable without its lot, a service with one.
        errors.ItemRecorded: it is recorded already.
    """
    visit = await reading.get(session, principal.region_id, visit_id, lock=True)
    visit, me = await own_visit(session, principal, visit.order_id)
    if visit.state != rules.VisitState.in_service:
        raise errors.VisitOver(state=visit.state)
    order = await orders.get_order(session, region_id=principal.region_id, order_id=visit.order_id)
    added = dict(order.items).get(asked.code, 0) < asked.quantity
    if added and not asked.added:
        raise errors.ItemNotOrdered(code=asked.code)
    priced = await catalog.price_rows(
        session, region_id=visit.region_id, institution_id=visit.institution_id, on=visit.service_on, codes=[asked.code]
    )
    if added:
        known = await catalog.items(session, region_id=visit.region_id, codes=[asked.code])
        crew = len(await repository.crew(session, visit.region_id, visit.id))
        rules.refuse_unaddable(asked.code, known.get(asked.code), visit.mode, crew=crew, priced=bool(priced))
    for price in priced:  # none: then the bill waits for a price
        rules.refuse_lot(price.name, price.category, asked.lot_no)
    session.add(
        VisitItem(
            region_id=visit.region_id, institution_id=visit.institution_id, visit_id=visit.id, code=asked.code,
            quantity=asked.quantity, lot_no=asked.lot_no, added=added, performed_by_id=me, performed_at=now,
        )
    )  # fmt: skip
    await session.flush()
    return await reading.describe(session, visit)


async def own_visit(session: AsyncSession, principal: Principal, order_id: UUID) -> tuple[Visit, UUID]:
    """Return the locked visit of an order and the practitioner that the account is in its crew.

    Raises:
        errors.NotYourVisit: no such visit, or somebody else's.
    """
    me = await practitioners.find_of_account(session, region_id=principal.region_id, account_id=principal.account_id)
    if me is None:
        raise errors.NotYourVisit
    visit = await repository.find_of_order(session, principal.region_id, order_id, lock=True)
    if visit is None:  # the job that prepares visits has not run yet
        visit = await prepare_order(session, region_id=principal.region_id, order_id=order_id)
    crew = await repository.crew(session, visit.region_id, visit.id)
    if me.id not in {each.practitioner_id for each in crew}:
        raise errors.NotYourVisit
    return visit, me.id


async def _refuse_early(
    session: AsyncSession,
    visit: Visit,
    asked: schemas.EventCreate,
    mine: dict[Step, rules.Report],
    *,
    parts: int,
    now: datetime,
) -> None:
    """Refuse a step that is out of order, after the end, or at an impossible moment."""
    over = visit.state in rules.FINAL or (visit.ended_at is not None and asked.kind is not rules.EventKind.leave)
    if over and not (visit.state == rules.VisitState.missed and asked.kind is rules.EventKind.leave):
        raise errors.VisitOver(state=visit.state)
    if visit.state != rules.VisitState.missed:
        part_rules.refuse_out_of_turn(mine, Step(asked.kind, asked.part or 1), parts)
    tolerance = await institutions.setting(
        session,
        region_id=visit.region_id,
        institution_id=visit.institution_id,
        key=settings.VISIT_UPLOAD_TOLERANCE_MINUTES,
        on=visit.service_on,
    )
    latest = max((each.happened_at for each in mine.values()), default=asked.happened_at)
    ahead = asked.happened_at > now + timedelta(minutes=tolerance)
    if ahead or asked.happened_at < latest or local_date(asked.happened_at) != visit.service_on:
        raise errors.ClockAhead(happened_at=asked.happened_at, now=now, service_on=visit.service_on)


async def _record(
    session: AsyncSession, visit: Visit, me: UUID, asked: schemas.EventCreate, now: datetime
) -> VisitEvent:
    point = None
    if asked.lon is not None and asked.lat is not None:
        point = geo.to_wgs84(asked.lon, asked.lat, asked.datum)
    home = await patients.get_home(session, region_id=visit.region_id, home_id=visit.home_id)
    event = VisitEvent(
        region_id=visit.region_id, institution_id=visit.institution_id, visit_id=visit.id, kind=asked.kind,
        practitioner_id=me, happened_at=asked.happened_at, received_at=now, part=asked.part or 1,
        lon=point.lon if point else None, lat=point.lat if point else None, accuracy_metres=asked.accuracy_metres,
        home_distance_metres=geo.geodesic_metres(point, geo.Point(home.lon, home.lat)) if point else None,
    )  # fmt: skip
    session.add(event)
    await session.flush()
    return event


async def _follow(
    session: AsyncSession, visit: Visit, event: VisitEvent, crew: set[UUID], *, now: datetime, account_id: UUID
) -> None:
    """Carry a step's consequences: a departure begins the order, an arrival the stay, a start the service.

    Whoever comes back for a further part has left where he was; the visit stays one of the trip that it began on.
    """
    kind = rules.EventKind(event.kind)
    if kind is rules.EventKind.depart:
        await _end_stay(session, visit, crew, event.happened_at)
        if visit.state == rules.VisitState.prepared:
            await orders.move(
                session, region_id=visit.region_id, order_id=visit.order_id, to=OrderState.in_progress, now=now,
                account_id=account_id, because="departed",
            )  # fmt: skip
            job = queue.Job(region_id=visit.region_id, institution_ids=(visit.institution_id,), subject_id=visit.id)
            await queue.enqueue(session, rules.VISIT_DEPARTED, job)
    elif kind is rules.EventKind.arrive and visit.trip_id is None:
        visit.trip_id = (await _stay(session, visit, crew, event.happened_at)).id
    elif kind is rules.EventKind.come_back:
        await _end_stay(session, visit, crew, event.happened_at)
    elif kind is rules.EventKind.start and visit.started_at is None:
        visit.started_at = event.happened_at


async def _end_stay(session: AsyncSession, visit: Visit, crew: set[UUID], at: datetime) -> None:
    """End the crew's stay when it departs for another place."""
    trip = await repository.open_trip(session, visit.region_id, rules.crew_key(crew))
    if trip is not None and trip.home_id != visit.home_id:
        trip.left_at = max(at, trip.arrived_at)
        await session.flush()


async def _stay(session: AsyncSession, visit: Visit, crew: set[UUID], at: datetime) -> Trip:
    """Return the crew's unbroken stay at the visit's home: the open one, or a new one.

    The published plan proposed which visits make a trip; the arrival fixes those that were really made in one stay.
    """
    key = rules.crew_key(crew)
    trip = await repository.open_trip(session, visit.region_id, key)
    if trip is not None and trip.home_id == visit.home_id and trip.arrived_at <= at:
        made = await repository.of_trip(session, visit.region_id, visit.trip_key, trip.id)
        if any(each.trip_id == trip.id and each.trip_key == visit.trip_key for each in made):
            return trip
    if trip is not None:
        trip.left_at = max(at, trip.arrived_at)
        await session.flush()
    trip = Trip(
        region_id=visit.region_id,
        institution_id=visit.institution_id,
        home_id=visit.home_id,
        crew_key=key,
        arrived_at=at,
    )
    session.add(trip)
    await session.flush()
    return trip
