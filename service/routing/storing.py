"""Writes a solved plan that the referee has let pass: routes, stops, the orders left out, and the sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.gateways.maps import TravelMatrix
from service.routing import building, travel
from service.routing.building import Day, DayFacts, PersonDay, VehicleDay, begun
from service.routing.building.facts import BegunStop
from service.routing.building.retelling import Stop
from service.routing.models import Plan as PlanRow
from service.routing.models import PlanRoute, PlanStop, PlanUnassigned
from service.routing.problem import Plan, Problem
from service.routing.referee import Verdict
from service.routing.states import PlanState, StopKind
from service.routing.vehicle_models import PlanTour

PASSED: Final = "passed"
"""The referee's word on every plan that is stored."""


@dataclass(frozen=True, slots=True)
class Solved:
    """A plan with everything needed to retell it; `seconds` is how long it took, `begun` what stands beside it."""

    day: Day
    problem: Problem
    plan: Plan
    travel: Sequence[TravelMatrix]
    verdict: Verdict
    seconds: float
    facts: DayFacts
    begun: Sequence[BegunStop] = ()


async def store(session: AsyncSession, row: PlanRow, solved: Solved, now: datetime) -> None:
    """Store a solved plan in its row, which the caller holds."""
    planned = building.retell_people(solved.day, solved.problem, solved.plan, solved.travel)
    people = begun.join(planned, solved.facts, solved.begun)
    left_out = building.retell_left_out(solved.day, solved.plan)
    session.add_all(
        _tour(row, each) for each in building.retell_tours(solved.day, solved.problem, solved.plan, solved.travel)
    )
    for person in people:
        session.add(_route(row, solved.day, person))
        session.add_all(_stops(row, solved.day, person))
    session.add_all(
        PlanUnassigned(
            region_id=row.region_id, plan_id=row.id, order_id=each.order.id, reason=each.reason, facts=dict(each.facts)
        )
        for each in left_out
    )
    session.add_all(
        PlanUnassigned(region_id=row.region_id, plan_id=row.id, order_id=each, reason=building.STRANDED, facts={})
        for each in solved.day.stranded
    )
    session.add_all(
        PlanUnassigned(region_id=row.region_id, plan_id=row.id, order_id=each, reason=building.PART_UNKEPT, facts={})
        for each in solved.day.unfinished
        if each not in solved.day.stranded
    )
    row.state, row.solved_at = PlanState.solved, now
    row.summary = _summary(solved, people, len(left_out))
    row.travel_source = travel.label(solved.travel)
    await session.flush()


def _summary(solved: Solved, people: Sequence[PersonDay], left_out: int) -> dict[str, Any]:
    orders = len(solved.day.orders) + len(solved.day.left_out)
    pairs, by_line = travel.estimated_pairs(solved.travel)
    # who sits in a vehicle is on the way, too; the vehicle's own way counts once
    tours = building.retell_tours(solved.day, solved.problem, solved.plan, solved.travel)
    ridden = [ride for each in people for ride in (*(stop.ride for stop in each.stops), each.home_ride) if ride]
    return {
        "orders": orders,
        "planned": orders - left_out,
        "unassigned": left_out,
        "standing": len({each.order_id for each in solved.begun if each.kind is StopKind.visit}),
        "staff": len({each.staff.practitioner_id for each in solved.day.segments}),
        "staff_used": sum(any(stop.order for stop in each.stops) for each in people),
        "travel_metres": sum(each.travel_metres for each in people)
        + sum(each.travel_metres for each in tours)
        - sum(each.metres for each in ridden),
        "travel_seconds": sum(each.travel_seconds for each in people)
        + sum(each.travel_seconds for each in tours)
        - sum(each.off - each.on for each in ridden),
        "travel_pairs": pairs,
        "travel_pairs_estimated": by_line,
        "service_seconds": sum(each.service_seconds for each in people),
        "cost": solved.verdict.total,
        "seconds": round(solved.seconds, 1),
        "referee": PASSED,
    }


def _route(row: PlanRow, day: Day, person: PersonDay) -> PlanRoute:
    return PlanRoute(
        region_id=row.region_id,
        plan_id=row.id,
        practitioner_id=person.staff.practitioner_id,
        practitioner_name=person.staff.name,
        geojson=person.geojson(),
        travel_metres=person.travel_metres,
        travel_seconds=person.travel_seconds,
        service_seconds=person.service_seconds,
        home_seconds=person.home_seconds,
        home_ride=person.home_ride.told(day) if person.home_ride else None,
    )


def _tour(row: PlanRow, tour: VehicleDay) -> PlanTour:
    return PlanTour(
        region_id=row.region_id,
        plan_id=row.id,
        vehicle_id=tour.vehicle.id,
        plate_no=tour.vehicle.plate_no,
        seats=tour.vehicle.seats,
        start_at=tour.halts[0].depart_at,
        end_at=tour.halts[-1].arrive_at,
        travel_seconds=tour.travel_seconds,
        travel_metres=tour.travel_metres,
        stops=[each.told() for each in tour.halts],
        geojson=tour.geojson(),
    )


def _stops(row: PlanRow, day: Day, person: PersonDay) -> list[PlanStop]:
    return [
        PlanStop(
            region_id=row.region_id,
            plan_id=row.id,
            practitioner_id=person.staff.practitioner_id,
            seq=seq,
            kind=each.kind,
            order_id=each.order.id if each.order else None,
            specimen_of=each.specimen_of.id if each.specimen_of else None,
            institution_id=each.order.institution_id if each.order else None,
            start_at=each.start_at,
            end_at=each.end_at,
            travel_seconds=each.travel_seconds,
            travel_metres=each.travel_metres,
            overflow_agreement_id=_agreement_id(day, person, each),
            part=each.part,
            parts=each.parts,
            ride=each.begun.ride if each.begun else each.ride.told(day) if each.ride else None,
            stands=each.begun is not None,
        )
        for seq, each in enumerate(person.stops, start=1)
    ]


def _agreement_id(day: Day, person: PersonDay, stop: Stop) -> UUID | None:
    if stop.begun is not None:
        return stop.begun.overflow_agreement_id
    if stop.order is None or person.staff.institution_id is None:
        return None
    agreed = building.between(day.agreements, stop.order, person.staff.institution_id)
    return agreed.id if agreed else None
