"""Asking for plans, following and reading them; the worker solves them (`solving`)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, paging, problems
from service.core.clock import local_date
from service.core.jobs import queue
from service.core.principal import Principal
from service.orders import usecases as orders
from service.orders.rules import OrderFacts, OrderState
from service.routing import building, errors, repository, schemas, vehicle_repository
from service.routing.models import Plan
from service.routing.states import PLAN_REQUESTED, PlanState
from service.routing.usecases import pinning, standing

LISTING = "plans"
DAYS_AHEAD: Final = 366
"""How far ahead a day may be planned; bookings do not reach that far."""


async def request_plan(
    session: AsyncSession, *, principal: Principal, asked: schemas.PlanRequest, now: datetime
) -> schemas.PlanHead:
    """Ask the worker for a plan of an area's day; its institutions are those that the area lists now.

    Raises:
        problems.NotFound: there is no such area, or not all of its institutions are the principal's.
        errors.DayNotPlannable: the day is over, or too far ahead.
        errors.PinWithoutPromise: the plan in force does not promise what is pinned.
    """
    refuse_day(asked.service_on, now)
    area = await repository.find_area(session, region_id=principal.region_id, area_id=asked.area_id)
    if area is None:
        raise problems.NotFound(what="调度区域")
    for institution_id in area.institution_ids:
        access.require_institution(principal, institution_id)
    row = Plan(
        region_id=principal.region_id,
        area_id=area.id,
        service_on=asked.service_on,
        institution_ids=area.institution_ids,
        state=PlanState.queued,
        seconds_limit=asked.seconds_limit,
        seed=asked.seed,
        requested_by_account_id=principal.account_id,
        requested_at=now,
        pinned_order_ids=asked.pinned_order_ids,
    )
    await pinning.refuse_unpromised(session, row)
    session.add(row)
    await session.flush()
    await queue.enqueue(session, PLAN_REQUESTED, queue.Job.of(principal, row.id, area.institution_ids))
    return head(row)


def refuse_day(on: date, now: datetime) -> None:
    """Refuse a day that is over or lies too far ahead.

    Raises:
        errors.DayNotPlannable: names the days that can be planned.
    """
    first, last = local_date(now), local_date(now) + timedelta(days=DAYS_AHEAD)
    if not first <= on <= last:
        raise errors.DayNotPlannable(first_day=first, last_day=last)


async def list_plans(
    session: AsyncSession,
    *,
    principal: Principal,
    area_id: UUID | None,
    service_on: date | None,
    state: PlanState | None,
    page: paging.PageRequest,
    cursors: paging.Cursors,
) -> paging.Page[schemas.PlanHead]:
    """Return a page of the plans all of whose institutions are the principal's."""
    found = await repository.list_plans(
        session,
        region_id=principal.region_id,
        institution_ids=principal.institution_ids,
        area_id=area_id,
        service_on=service_on,
        state=state,
        page=page,
    )
    return paging.page_of(found, request=page, read=head, last=lambda row: row.id, cursors=cursors, listing=LISTING)


async def read_plan(session: AsyncSession, *, principal: Principal, plan_id: UUID) -> schemas.PlanRead:
    """Return a plan with its routes, stops and the orders it leaves out.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
    """
    row = await standing.get_plan(session, principal, plan_id)
    return await tell_plan(session, row, await orders_of_day(session, row))


async def tell_plan(session: AsyncSession, row: Plan, known: Iterable[OrderFacts]) -> schemas.PlanRead:
    """Return a plan with everything in it; `known` are the orders of its day."""
    numbers = {each.id: each.order_no for each in known}
    area = await repository.find_area(session, region_id=row.region_id, area_id=row.area_id)
    stops: defaultdict[UUID, list[schemas.PlanStopRead]] = defaultdict(list)
    for stop in await repository.list_stops(session, region_id=row.region_id, plan_id=row.id):
        stops[stop.practitioner_id].append(
            schemas.PlanStopRead(**stop.model_dump(), order_no=numbers.get(stop.order_id) if stop.order_id else None)
        )
    routes = await repository.list_routes(session, region_id=row.region_id, plan_id=row.id)
    unassigned = await repository.list_unassigned(session, region_id=row.region_id, plan_id=row.id)
    tours = await vehicle_repository.list_tours(session, region_id=row.region_id, plan_id=row.id)
    return schemas.PlanRead(
        **head(row).model_dump(),
        area_name=area.name if area else "",
        routes=[schemas.PlanRouteRead(**each.model_dump(), stops=stops[each.practitioner_id]) for each in routes],
        unassigned=[
            schemas.PlanUnassignedRead(
                order_id=each.order_id,
                order_no=numbers.get(each.order_id, ""),
                reason=each.reason,
                explanation=building.explain(each.reason),
                facts=each.facts,
            )
            for each in unassigned
        ],
        tours=[schemas.PlanTourRead(**each.model_dump()) for each in tours],
    )


async def read_routes(
    session: AsyncSession, *, principal: Principal, plan_id: UUID, practitioner_id: UUID | None
) -> schemas.GeoFeatures:
    """Return the routes of a plan for a map, or one person's.

    Raises:
        problems.NotFound: there is no such plan, or the person has no route in it.
    """
    row = await standing.get_plan(session, principal, plan_id)
    routes = await repository.list_routes(session, region_id=row.region_id, plan_id=row.id)
    shown = [each for each in routes if practitioner_id in {None, each.practitioner_id}]
    if practitioner_id is not None and not shown:
        raise problems.NotFound(what="该人员的路线")
    features = [feature for each in shown for feature in each.geojson["features"]]
    if practitioner_id is None:
        tours = await vehicle_repository.list_tours(session, region_id=row.region_id, plan_id=row.id)
        features += [feature for each in tours for feature in each.geojson]
    return schemas.GeoFeatures(features=features)


async def plan_event(session: AsyncSession, *, principal: Principal, plan_id: UUID) -> schemas.PlanEvent:
    """Return how far a plan is.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
    """
    row = await standing.get_plan(session, principal, plan_id)
    return schemas.PlanEvent(state=PlanState(row.state), progress=row.progress, failure=row.failure)


async def orders_of_day(session: AsyncSession, row: Plan) -> list[OrderFacts]:
    """Return all orders of a plan's day and institutions, whatever their state."""
    return await orders.list_for_day(
        session,
        region_id=row.region_id,
        institution_ids=row.institution_ids,
        on=row.service_on,
        states=frozenset(OrderState),
    )


def head(row: Plan) -> schemas.PlanHead:
    """Return a plan as lists show it."""
    return schemas.PlanHead.model_validate(row, from_attributes=True)
