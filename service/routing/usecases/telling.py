"""Reading a plan otherwise: in figures, beside another plan, as a picture and as a workbook."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.clock import LOCAL
from service.core.principal import Principal
from service.core.tabular import writing
from service.routing import changes, errors, repository_appointments, schemas, states
from service.routing.building.facts import seconds_of
from service.routing.changing import figures
from service.routing.states import StopKind
from service.routing.usecases import planning, standing
from service.routing.writers import timeline
from service.routing.writers.timeline import Halt, Kind

HEADINGS: Final = ("人员", "顺序", "开始", "结束", "订单号", "路程分钟", "路程公里", "未排原因")
_KINDS: Final = {StopKind.visit: Kind.visit, StopKind.lunch: Kind.lunch, StopKind.delivery: Kind.delivery}


async def read_kpis(session: AsyncSession, *, principal: Principal, plan_id: UUID) -> changes.KpisRead:
    """Return a plan in figures.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
    """
    row = await standing.get_plan(session, principal, plan_id)
    facts = await planning.orders_of_day(session, row)
    plan = await planning.tell_plan(session, row, facts)
    last = await repository_appointments.last_carers(
        session, region_id=row.region_id, person_ids={each.person_id for each in facts}, before=row.service_on
    )
    known = figures.Known(
        windows={each.id: [(own.start, own.end) for own in each.windows] for each in facts},
        wishes={each.id: each.preferred_practitioner_id for each in facts if each.preferred_practitioner_id},
        last={each.id: last[each.person_id] for each in facts if each.person_id in last},
    )
    people = [
        figures.Worked(each.practitioner_id, each.travel_metres, each.travel_seconds, each.service_seconds)
        for each in plan.routes
    ]
    found = figures.figures(_visits(plan), people, known, [each.reason for each in plan.unassigned])
    return changes.KpisRead(
        plan_id=plan.id,
        travel_metres=found.travel_metres,
        travel_seconds=found.travel_seconds,
        service_seconds=found.service_seconds,
        on_time=_share(found.on_time),
        wished_staff=_share(found.wished),
        same_staff=_share(found.familiar),
        work=changes.SpreadRead(least=found.work.least, greatest=found.work.greatest, mean=found.work.mean),
        travel=changes.SpreadRead(least=found.travel.least, greatest=found.travel.greatest, mean=found.travel.mean),
        unassigned=dict(found.unassigned),
    )


async def compare_plans(
    session: AsyncSession, *, principal: Principal, plan_id: UUID, other_id: UUID
) -> changes.ComparisonRead:
    """Return what another plan of the same day does otherwise.

    Raises:
        problems.NotFound: one of them is not there, or not all of its institutions are the principal's.
        errors.PlansOfDifferentDays: they are of different days or areas.
    """
    row, other_row = [await standing.get_plan(session, principal, each) for each in (plan_id, other_id)]
    if (row.area_id, row.service_on) != (other_row.area_id, other_row.service_on):
        raise errors.PlansOfDifferentDays
    facts = await planning.orders_of_day(session, row)
    plan, other = [await planning.tell_plan(session, each, facts) for each in (row, other_row)]
    numbers = {each.id: each.order_no for each in facts}
    names = {each.practitioner_id: each.practitioner_name for each in (*plan.routes, *other.routes)}
    found = figures.compare(_visits(plan), _visits(other))
    sums = [_sums(each) for each in (plan, other)]
    costs = [each.summary.cost if each.summary else None for each in (plan, other)]
    return changes.ComparisonRead(
        plan_id=plan.id,
        other_plan_id=other.id,
        changed_staff=sum(each.before != each.after and bool(each.before and each.after) for each in found),
        moved=sum(bool(each.minutes) for each in found),
        travel_metres=sums[1][0] - sums[0][0],
        travel_seconds=sums[1][1] - sums[0][1],
        service_seconds=sums[1][2] - sums[0][2],
        cost=costs[1] - costs[0] if costs[0] is not None and costs[1] is not None else None,
        differences=[
            changes.DifferenceRead(
                order_id=each.order_id,
                order_no=numbers.get(each.order_id, ""),
                staff=sorted(names[who] for who in each.before),
                other_staff=sorted(names[who] for who in each.after),
                start_at=each.start_before,
                other_start_at=each.start_after,
                minutes=each.minutes,
            )
            for each in found
        ],
    )


async def draw_timeline(session: AsyncSession, *, principal: Principal, plan_id: UUID) -> str:
    """Return a plan as an SVG picture, one row per person.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
    """
    plan = await planning.read_plan(session, principal=principal, plan_id=plan_id)
    lanes = []
    for route in plan.routes:
        halts = [
            Halt(
                label=_label(each),
                start=seconds_of(plan.service_on, each.start_at),
                end=seconds_of(plan.service_on, each.end_at),
                travel=each.travel_seconds,
                kind=_KINDS[each.kind],
                arrival=seconds_of(plan.service_on, each.ride.off_at) if each.ride else None,
                by=f"乘{each.ride.plate_no}" if each.ride else "",
            )
            for each in route.stops
        ]
        home = route.home_ride
        back = (seconds_of(plan.service_on, home.off_at), f"乘{home.plate_no}") if home else (None, "")
        lanes.append(timeline.lane(route.practitioner_name, halts, route.home_seconds, *back))
    lanes += [timeline.Lane(each.plate_no, tuple(_spans(plan, each))) for each in plan.tours]
    return await asyncio.to_thread(timeline.timeline, f"{plan.area_name} {plan.service_on} 上门安排", lanes)


async def write_workbook(session: AsyncSession, *, principal: Principal, plan_id: UUID) -> bytes:
    """Return a plan as an XLSX table, a line per stop, those left out at the end.

    Raises:
        problems.NotFound: there is no such plan, or not all of its institutions are the principal's.
    """
    plan = await planning.read_plan(session, principal=principal, plan_id=plan_id)
    rows: list[Sequence[writing.Value]] = [
        [
            route.practitioner_name,
            stop.seq,
            _clock(stop.start_at),
            _clock(stop.end_at),
            _label(stop),
            -(-stop.travel_seconds // 60),
            (Decimal(stop.travel_metres) / 1000).quantize(Decimal("0.1")),
            "",
            *([_ridden(stop.ride)] if plan.tours else []),
        ]
        for route in plan.routes
        for stop in route.stops
    ]
    rows += [_tour_row(tour, seq, stop) for tour in plan.tours for seq, stop in enumerate(tour.stops, start=1)]
    # a column of its own, so that the table of a plan without vehicles is as it was
    headings = (*HEADINGS, "乘车") if plan.tours else HEADINGS
    rows += [["未排", "", "", "", each.order_no, "", "", each.explanation] for each in plan.unassigned]
    return await asyncio.to_thread(writing.as_xlsx, f"{plan.service_on} 上门安排", headings, rows, decimals="0.0")


def _spans(plan: schemas.PlanRead, tour: schemas.PlanTourRead) -> Iterator[timeline.Span]:
    """Yield what a shared vehicle does: it stands, else it is on its way."""
    for before, stop in pairwise(tour.stops):
        left, there, away = (
            seconds_of(plan.service_on, each) for each in (before.depart_at, stop.arrive_at, stop.depart_at)
        )
        yield timeline.Span(Kind.travel, left, there, timeline.LABELS[Kind.travel])
        if there < away and stop is not tour.stops[-1]:
            yield timeline.Span(Kind.waiting, there, away, timeline.LABELS[Kind.waiting])


def _ridden(ride: schemas.RideRead | None) -> str:
    return f"{_clock(ride.on_at)}乘{ride.plate_no}，{_clock(ride.off_at)}下车" if ride else ""


def _tour_row(tour: schemas.PlanTourRead, seq: int, stop: schemas.TourStopRead) -> Sequence[writing.Value]:
    told = [
        f"{word}：{'、'.join(each.practitioner_name for each in who)}"
        for word, who in (("下车", stop.off), ("上车", stop.on))
        if who
    ]
    return [
        f"车辆{tour.plate_no}",
        seq,
        _clock(stop.arrive_at),
        _clock(stop.depart_at),
        "",
        "",
        "",
        "",
        "；".join(told),
    ]


def _label(stop: schemas.PlanStopRead) -> str:
    said = states.label(stop.order_no, stop.part, stop.parts) if stop.order_no else states.STOP_LABELS[stop.kind]
    return f"{said}{states.STANDS}" if stop.stands else said


def _clock(moment: datetime) -> str:
    return moment.astimezone(LOCAL).strftime("%H:%M")


def _visits(plan: schemas.PlanRead) -> list[figures.Visited]:
    return [
        figures.Visited(stop.order_id, route.practitioner_id, stop.start_at, stop.end_at)
        for route in plan.routes
        for stop in route.stops
        # of an order in parts the first is on time or not; the others follow it
        if stop.order_id is not None and stop.part == 1
    ]


def _sums(plan: schemas.PlanRead) -> tuple[int, int, int]:
    return (
        sum(each.travel_metres for each in plan.routes),
        sum(each.travel_seconds for each in plan.routes),
        sum(each.service_seconds for each in plan.routes),
    )


def _share(share: figures.Share) -> changes.ShareRead:
    return changes.ShareRead(kept=share.kept, of=share.of, share=round(share.kept / share.of, 4) if share.of else None)
