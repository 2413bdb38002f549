"""A stored plan as it stands today: its day drawn anew from the facts, its stops in the solver's numbers."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.clock import day_bounds
from service.core.db.session import transaction
from service.core.geo import Point
from service.core.http import House
from service.core.principal import Principal
from service.gateways.maps import TravelMatrix
from service.orders.rules import OrderFacts
from service.routing import building, errors, gathering, repository, states, travel, vehicle_repository
from service.routing.building import Day, DayFacts, Told, ToldHalt, ToldTour, pins_of, recall
from service.routing.models import Plan as PlanRow
from service.routing.problem import Plan, Problem
from service.routing.states import PlanState
from service.routing.vehicle_models import PlanTour

STANDS = frozenset({PlanState.solved, PlanState.published})
"""The states of plans that one may still change."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A plan and its day; `now` are the seconds of the day that have passed (negative before it)."""

    row: PlanRow
    day: Day
    problem: Problem
    plan: Plan
    travel: Sequence[TravelMatrix]
    now: int

    @property
    def jobs(self) -> dict[UUID, int]:
        """Return the job of each order."""
        return {order.id: at for at, order in enumerate(self.day.orders)}

    def is_visit(self, job: int) -> bool:
        """Tell whether a job is the visit of an order or a part of it, not the delivery of a specimen."""
        return self.day.part_of(job) is not None

    def order_of(self, job: int) -> OrderFacts:
        """Return the order of a job."""
        return self.day.order_of(job)


async def get_plan(session: AsyncSession, principal: Principal, plan_id: UUID) -> PlanRow:
    """Return a plan all of whose institutions are the principal's.

    Raises:
        problems.NotFound: there is none.
    """
    row = await repository.find_plan(
        session, region_id=principal.region_id, plan_id=plan_id, institution_ids=principal.institution_ids
    )
    if row is None:
        raise problems.NotFound(what="计划")
    return row


def refuse_unless_it_stands(row: PlanRow) -> None:
    """Refuse to change a plan that has no stops yet, or is not to be had any more.

    Raises:
        errors.PlanNotStanding: says in which state it is.
    """
    state = PlanState(row.state)
    if state not in STANDS:
        raise errors.PlanNotStanding(state=state, label=states.STATE_LABELS[state])


async def stand(house: House, principal: Principal, plan_id: UUID, now: datetime) -> Standing:
    """Return a plan as it stands; no transaction is open while the roads are asked.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
        errors.PlanNotStanding: it is not solved, has failed, or was superseded.
        errors.SharedVehiclesStand: one of its shared vehicles is not to be had any more.
    """
    async with transaction(house.sessions, principal.fence, now) as session:
        row = await get_plan(session, principal, plan_id)
        refuse_unless_it_stands(row)
        driven = await list_told_tours(session, row)
        facts = await gather(session, row, driven)
        told = await list_told(session, region_id=row.region_id, plan_id=row.id)
    # a pinned visit stays where this plan has it; one that could not be kept is free to be asked places for
    pins = pins_of(row.pinned_order_ids, told)
    facts = replace(facts, pins={order_id: promise for order_id, promise in pins.items() if promise})
    day = await asyncio.to_thread(building.draw, facts)
    ways = await travel.roads_of(house.settings).matrices(day.points, day.means, outside=facts.outside)
    problem = await asyncio.to_thread(building.problem_of, day, [each.seconds for each in ways])
    plan = await asyncio.to_thread(_recalled, day, problem, told, driven)
    return Standing(row, day, problem, plan, ways, facts.seconds(now))


def _recalled(day: Day, problem: Problem, told: Sequence[Told], driven: Sequence[ToldTour]) -> Plan:
    try:
        return building.redrive(day, problem, recall(day, problem, told), driven)
    except building.VehicleGone:
        raise errors.SharedVehiclesStand from None


async def list_told_tours(session: AsyncSession, row: PlanRow) -> list[ToldTour]:
    """Return the tours of shared vehicles as a plan told them."""
    found = await vehicle_repository.list_tours(session, region_id=row.region_id, plan_id=row.id)
    return [ToldTour(each.vehicle_id, _halts(each)) for each in found]


def _halts(tour: PlanTour) -> tuple[ToldHalt, ...]:
    return tuple(
        ToldHalt(
            Point(each["lon"], each["lat"]),
            datetime.fromisoformat(each["arrive_at"]),
            datetime.fromisoformat(each["depart_at"]),
            tuple(UUID(who["practitioner_id"]) for who in each["off"]),
            tuple(UUID(who["practitioner_id"]) for who in each["on"]),
        )
        for each in tour.stops
    )


async def gather(session: AsyncSession, row: PlanRow, driven: Sequence[ToldTour] = ()) -> DayFacts:
    """Return the facts of a plan's whole day, passed hours included: what the plan in force holds is free again.

    `driven` are its tours.
    """
    published = row
    if row.state != PlanState.published:
        found = await repository.find_published(
            session, region_id=row.region_id, area_id=row.area_id, on=row.service_on
        )
        published = found if found is not None else row
    replaced = published.id if published.state == PlanState.published else None
    begins, _ = day_bounds(row.service_on)
    ask = gathering.Ask(row.region_id, row.institution_ids, row.service_on, begins, replaced)
    facts = await gathering.gather(session, ask)
    # a plan without tours is changed as it was made: who would ride walks
    return facts if driven else replace(facts, vehicles=())


async def list_told(session: AsyncSession, *, region_id: UUID, plan_id: UUID) -> list[Told]:
    """Return a plan's stored stops as the plan told them."""
    return [
        Told(
            each.practitioner_id,
            each.order_id,
            each.start_at,
            each.end_at,
            each.travel_seconds,
            states.StopKind(each.kind),
            each.specimen_of,
            each.part,
        )
        for each in await repository.TOLD.ask(session, region_id=region_id, plan_id=plan_id)
    ]
