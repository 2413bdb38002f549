"""Publishing a plan: its stops become appointments, all of them or, when one is double-booked, none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import dates, problems
from service.core.ids import new_id
from service.core.jobs import queue
from service.core.principal import Principal
from service.orders import usecases as orders
from service.orders.rules import OrderFacts, OrderState
from service.practitioners import usecases as practitioners
from service.routing import (
    errors,
    repository,
    repository_appointments,
    rules,
    schemas,
    states,
    trips,
    vehicle_repository,
)
from service.routing.models import Appointment, Plan, PlanStop
from service.routing.states import LeftOutOfPublication, PlanState
from service.routing.usecases import planning, welcoming
from service.routing.vehicle_models import VehicleBooking


@dataclass(slots=True)
class _Publication:
    """What one publication works on: the plan's stops, the plan it replaces, all orders of both, held."""

    principal: Principal
    plan: Plan
    now: datetime
    stops: Sequence[PlanStop]
    standing: Sequence[PlanStop]
    names: dict[UUID, str]
    replaced: Plan | None
    taken_back: Sequence[Appointment] = ()
    orders: dict[UUID, OrderFacts] = field(default_factory=dict)


async def publish_plan(
    session: AsyncSession, *, principal: Principal, plan_id: UUID, now: datetime
) -> schemas.PublicationRead:
    """Make a solved plan the one in force of its area and day; a published one is only told again.

    The plan before gives back what nobody has begun. Orders cancelled or scheduled elsewhere meanwhile are left out
    and named; orders that only the plan before had wait for a plan again.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
        errors.PlanNotReady: it is not solved, has failed, or was superseded.
        errors.DayNotPlannable: its day is over.
        errors.StaffDoubleBooked, errors.PersonDoubleBooked: another plan has promised somebody at that time.
        errors.RepairOutdated: it repairs a plan that is no longer the one in force.
        errors.StaffAbsent: an absence was entered since the plan was solved; names who.
        errors.StaffUnwelcome: the elder's side has said since that somebody is not to come any more; names who.
        errors.OverflowNotAgreed: an agreement by which a neighbour's staff were to come has been ended since.
        errors.AnotherPlanPublished: a plan that is not the principal's is in force.
        errors.VehicleDoubleBooked: another plan in force has one of its shared vehicles at that time.
        errors.VehicleOutOfService: one of them has been taken out of service since; names which.
    """
    plan = await repository.find_plan(
        session, region_id=principal.region_id, plan_id=plan_id, institution_ids=principal.institution_ids, lock=True
    )
    if plan is None:
        raise problems.NotFound(what="计划")
    if plan.state == PlanState.published:
        return schemas.PublicationRead.model_validate(plan.publication)
    if not states.may_move(PlanState(plan.state), PlanState.published):
        raise errors.PlanNotReady(state=plan.state, label=states.STATE_LABELS[PlanState(plan.state)])
    planning.refuse_day(plan.service_on, now)
    await repository.hold_publications(session, region_id=plan.region_id, on=plan.service_on)
    work = await _prepare(session, principal, plan, now)
    _refuse_outdated(work)
    await _take_back(session, work)
    scheduled, left_out = _choose(work)
    await _refuse_absent(session, work, scheduled)
    await welcoming.refuse_unwelcome(
        session,
        work.plan,
        [(each, work.orders[each.order_id].person_id) for each in work.stops if each.order_id in scheduled],
        work.names,
        work.taken_back,
    )
    booked = await _book(session, work, scheduled)
    await _book_vehicles(session, work)
    returned = await _move_orders(session, work, scheduled)
    published = schemas.PublicationRead(
        plan_id=plan.id,
        published_at=now,
        orders=len(scheduled),
        appointments=booked,
        left_out=left_out,
        returned_order_ids=returned,
        superseded_plan_id=work.replaced.id if work.replaced else None,
    )
    plan.publication = published.model_dump(mode="json")
    await session.flush()
    job = queue.Job.of(principal, plan.id, plan.institution_ids)
    await queue.enqueue(session, states.PLAN_PUBLISHED, job)
    await queue.enqueue(session, states.PLAN_ANNOUNCED, job)
    return published


async def _prepare(session: AsyncSession, principal: Principal, plan: Plan, now: datetime) -> _Publication:
    region_id = plan.region_id
    told = await repository.list_stops(session, region_id=region_id, plan_id=plan.id)
    # what stands is another plan's promise, and stays that
    stops = [each for each in told if not each.stands]
    routes = await repository.list_routes(session, region_id=region_id, plan_id=plan.id)
    replaced = await repository.find_published(session, region_id=region_id, area_id=plan.area_id, on=plan.service_on)
    work = _Publication(
        principal=principal,
        plan=plan,
        now=now,
        stops=stops,
        standing=[each for each in told if each.stands],
        names={each.practitioner_id: each.practitioner_name for each in routes},
        replaced=replaced,
    )
    promised: Sequence[Appointment] = ()
    if replaced is not None:
        promised = await repository_appointments.list_booked(session, region_id=region_id, plan_id=replaced.id)
    involved = {each.order_id for each in stops if each.order_id} | {each.order_id for each in promised}
    # in the order of their ids, and before any appointment: whoever cancels holds the order first as well
    for order_id in sorted(involved):
        work.orders[order_id] = await orders.hold_order(session, region_id=region_id, order_id=order_id)
    work.taken_back = [each for each in promised if work.orders[each.order_id].state is OrderState.scheduled]
    return work


def _refuse_outdated(work: _Publication) -> None:
    """Refuse a repair that would put back a day from before another plan: it stands on the one it repairs."""
    mended, in_force = work.plan.repairs_plan_id, work.replaced.id if work.replaced else None
    if mended is not None and in_force is not None and mended != in_force:
        raise errors.RepairOutdated()


async def _take_back(session: AsyncSession, work: _Publication) -> None:
    """Supersede the plan before, and release what it promised and nobody has begun."""
    for each in work.taken_back:
        each.state = "released"
    if work.replaced is not None:
        work.replaced.state = PlanState.superseded
        await vehicle_repository.release(session, region_id=work.plan.region_id, plan_id=work.replaced.id)
    # first the old ones out, then the new ones in: the constraints look at each statement
    await session.flush()
    work.plan.state = PlanState.published
    work.plan.published_at = work.now
    await session.flush()


def _choose(work: _Publication) -> tuple[set[UUID], list[schemas.LeftOutRead]]:
    """Return the orders that get appointments, and those that do not with the reason."""
    free_again = {each.order_id for each in work.taken_back}
    scheduled: set[UUID] = set()
    left_out: list[schemas.LeftOutRead] = []
    for order_id in sorted({each.order_id for each in work.stops if each.order_id}):
        state = work.orders[order_id].state
        if state is OrderState.accepted or (state is OrderState.scheduled and order_id in free_again):
            scheduled.add(order_id)
            continue
        elsewhere = state is OrderState.scheduled
        reason = LeftOutOfPublication.scheduled_elsewhere if elsewhere else LeftOutOfPublication.no_longer_open
        left_out.append(
            schemas.LeftOutRead(order_id=order_id, reason=reason, explanation=states.LEFT_OUT_TEXTS[reason])
        )
    return scheduled, left_out


async def _refuse_absent(session: AsyncSession, work: _Publication, scheduled: Collection[UUID]) -> None:
    stops = [each for each in work.stops if each.order_id in scheduled]
    if not stops:
        return
    ids = {each.practitioner_id for each in stops}
    # the table refuses it as well; held in one order here, so that two publications never wait for each other
    await practitioners.hold_absences(session, region_id=work.plan.region_id, practitioner_ids=ids)
    away = await practitioners.times_away(
        session,
        region_id=work.plan.region_id,
        practitioner_ids=ids,
        start=min(each.start_at for each in stops),
        end=max(each.end_at for each in stops),
    )
    absent = {
        each.practitioner_id
        for each in stops
        if rules.overlaps(each.start_at, each.end_at, away.get(each.practitioner_id, ()))
    }
    if absent:
        raise errors.StaffAbsent(names="、".join(sorted(work.names[each] for each in absent)))


async def _book(session: AsyncSession, work: _Publication, scheduled: Collection[UUID]) -> int:
    stops = [each for each in work.stops if each.order_id in scheduled]
    # a lunch break ends a stay: it has no home, but it must be among the calls
    calls = [
        trips.Call(
            each.practitioner_id,
            each.start_at,
            each.order_id,
            work.orders[each.order_id].home_id if each.order_id else None,
            work.orders[each.order_id].institution_id if each.order_id else None,
            each.part if each.order_id else 1,
        )
        for each in work.stops
        if each.order_id is None or each.order_id in scheduled
    ]
    # nor is one still where one was, when one has been to what stands
    calls += [trips.Call(each.practitioner_id, each.start_at, None, None) for each in work.standing]
    keys = trips.trip_keys(calls, new_id)
    rows = [
        Appointment(
            region_id=work.plan.region_id,
            institution_id=work.orders[each.order_id].institution_id,
            plan_id=work.plan.id,
            order_id=each.order_id,
            person_id=work.orders[each.order_id].person_id,
            practitioner_id=each.practitioner_id,
            practitioner_name=work.names[each.practitioner_id],
            service_on=work.plan.service_on,
            during=dates.moments(each.start_at, each.end_at),
            trip_key=keys[each.order_id],
            overflow_agreement_id=each.overflow_agreement_id,
            part=each.part,
            parts=each.parts,
            ride=each.ride,
        )
        for each in stops
        if each.order_id
    ]
    session.add_all(rows)
    await session.flush()
    return len(rows)


async def _book_vehicles(session: AsyncSession, work: _Publication) -> None:
    region_id = work.plan.region_id
    tours = await vehicle_repository.list_tours(session, region_id=region_id, plan_id=work.plan.id)
    if not tours:
        return
    serving = await practitioners.vehicles_on(
        session, region_id=region_id, institution_ids=work.plan.institution_ids, on=work.plan.service_on
    )
    whose = {each.id: each.institution_id for each in serving}
    out = sorted(each.plate_no for each in tours if each.vehicle_id not in whose)
    if out:
        raise errors.VehicleOutOfService(plate_nos="、".join(out))
    session.add_all(
        VehicleBooking(
            region_id=region_id,
            institution_id=whose[each.vehicle_id],
            plan_id=work.plan.id,
            vehicle_id=each.vehicle_id,
            during=dates.moments(each.start_at, each.end_at),
        )
        for each in sorted(tours, key=lambda tour: tour.vehicle_id)
    )
    await session.flush()


async def _move_orders(session: AsyncSession, work: _Publication, scheduled: Collection[UUID]) -> list[UUID]:
    """Move orders to where the publication leaves them; return those that wait for a plan again."""
    returned = sorted({each.order_id for each in work.taken_back} - set(scheduled))
    moves = [
        *((each, OrderState.scheduled, "排班发布") for each in sorted(scheduled)),
        *((each, OrderState.accepted, "重新排班后未排上") for each in returned),
    ]
    for order_id, to, because in moves:
        if work.orders[order_id].state is not to:
            await orders.move(
                session,
                region_id=work.plan.region_id,
                order_id=order_id,
                to=to,
                now=work.now,
                account_id=work.principal.account_id,
                because=because,
            )
    return returned
