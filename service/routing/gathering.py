"""Gathers what a day's plan stands on from the rooms below, in the caller's transaction."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import usecases as catalog
from service.contracts import usecases as contracts
from service.core.clock import at_local, day_bounds
from service.core.geo import Point
from service.institutions import usecases as institutions
from service.institutions.rules import SettingsOn, settings
from service.orders import usecases as orders
from service.orders.rules import OrderFacts, OrderKind, OrderState
from service.patients import rules as patient_rules
from service.patients import usecases as patients
from service.practitioners import usecases as practitioners
from service.practitioners.rules import Team
from service.routing import (
    overflow_repository,
    repository,
    repository_appointments,
    rules,
    states,
    travel,
    vehicle_repository,
)
from service.routing.building import Busy, DayFacts, Policy, SharedVehicle, Weights, priority
from service.routing.building.facts import Agreement, BegunStop, Due, Seen, promises_of
from service.routing.repository_appointments import Promised

BEGUN: Final = frozenset({OrderState.in_progress, OrderState.done, OrderState.closed})
"""The states of orders whose visits are over or under way."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Which day of which institutions to gather; `replaced` is the published plan that a new one would supersede."""

    region_id: UUID
    institution_ids: Sequence[UUID]
    on: date
    now: datetime
    replaced: UUID | None


async def gather(session: AsyncSession, ask: Ask) -> DayFacts:
    """Return the facts of a day: accepted orders, and those that the replaced plan holds and nobody has begun."""
    booked = await _booked(session, ask)
    found, begun, elsewhere = await _orders(session, ask, booked)
    everybody = sorted({each.person_id for each in (*found, *begun)})
    known = {each: await _settings(session, ask, each) for each in ask.institution_ids}
    staff = await practitioners.day_staff(
        session, region_id=ask.region_id, institution_ids=ask.institution_ids, on=ask.on
    )
    # of what has begun as well: it has been loaded
    codes = {code for order in (*found, *begun) for code, _ in order.items}
    return DayFacts(
        on=ask.on,
        now=ask.now,
        orders=tuple(found),
        items=await catalog.items(session, region_id=ask.region_id, codes=codes),
        homes=await _homes(session, ask, (*found, *begun)),
        priorities=await _priorities(session, ask, found, known),
        stairs={each: values.of(settings.HOME_MINUTES_PER_FLOOR_WITHOUT_LIFT) for each, values in known.items()},
        paces={each: travel.paces(values) for each, values in known.items()},
        staff=tuple(staff),
        busy=await _busy(session, ask, [each.practitioner_id for each in staff]),
        engaged=await _engaged(session, ask, sorted({each.person_id for each in found})),
        outside=all(values.of(settings.TRAVEL_EXTERNAL) for values in known.values()),
        care=await patients.care_of(session, region_id=ask.region_id, person_ids=everybody),
        policies={each: _policy(values) for each, values in known.items()},
        laboratories=await _laboratories(session, ask),
        promised=promises_of((each.order_id, each.start, each.practitioner_id, each.part) for each in booked),
        begun=tuple(begun),
        teams=await _teams(session, ask, everybody),
        agreements=await agreements(session, ask),
        due=await _due(session, ask, begun),
        vehicles=await _vehicles(session, ask),
        begun_stops=await _begun_stops(session, ask, begun),
        last=await repository_appointments.last_carers(
            session, region_id=ask.region_id, person_ids={each.person_id for each in found}, before=ask.on
        ),
        seen=await _seen(session, ask, (*begun, *elsewhere)),
    )


async def _booked(session: AsyncSession, ask: Ask) -> Sequence[Promised]:
    if ask.replaced is None:
        return ()
    return await repository_appointments.list_promised(session, region_id=ask.region_id, plan_id=ask.replaced)


async def _orders(
    session: AsyncSession, ask: Ask, booked: Sequence[Promised]
) -> tuple[list[OrderFacts], list[OrderFacts], list[OrderFacts]]:
    """Return the orders that can be planned, those whose visits are over or under way, and those of other plans."""
    held = {each.order_id for each in booked}
    found = await orders.list_for_day(
        session,
        region_id=ask.region_id,
        institution_ids=ask.institution_ids,
        on=ask.on,
        states={OrderState.accepted, OrderState.scheduled, *BEGUN},
    )
    waiting = [each for each in found if each.state not in BEGUN]
    plannable = {each.id for each in waiting if each.state is OrderState.accepted or each.id in held}
    return (
        [each for each in waiting if each.id in plannable],
        [each for each in found if each.state in BEGUN],
        [each for each in waiting if each.id not in plannable],
    )


async def _homes(session: AsyncSession, ask: Ask, found: Sequence[OrderFacts]) -> dict[UUID, patient_rules.HomeFacts]:
    """Return where orders are; whoever lives in a care institution is at its door, so that its rounds are one arrival.

    Of each resident a place may be written down that is some metres off, or another house of the institution's.
    """
    homes = await patients.homes(session, region_id=ask.region_id, ids=sorted({each.home_id for each in found}))
    inside = {each.id: each.care_institution_id for each in homes.values() if each.care_institution_id is not None}
    care = await institutions.list_institutions_facts(
        session, region_id=ask.region_id, institution_ids=sorted(set(inside.values()))
    )
    doors = {each.id: each for each in care}
    for home_id, institution_id in inside.items():
        if institution_id in doors:
            door = doors[institution_id]
            homes[home_id] = replace(homes[home_id], lon=door.lon, lat=door.lat)
    return homes


async def _settings(session: AsyncSession, ask: Ask, institution_id: UUID) -> SettingsOn:
    return await institutions.settings_on(session, region_id=ask.region_id, institution_id=institution_id, on=ask.on)


async def _priorities(
    session: AsyncSession, ask: Ask, found: Sequence[OrderFacts], known: Mapping[UUID, SettingsOn]
) -> dict[UUID, int]:
    person_ids = sorted({each.person_id for each in found})
    born = await patients.births_of(session, region_id=ask.region_id, person_ids=person_ids)
    groups = await patients.groups_of(session, region_id=ask.region_id, person_ids=person_ids, on=ask.on)
    ages = {person_id: patient_rules.age_on(on, ask.on) for person_id, on in born.items()}
    weights = {each: _weights(values) for each, values in known.items()}
    return {
        each.id: priority(weights[each.institution_id], groups[each.person_id], ages.get(each.person_id, 0))
        for each in found
    }


def _weights(values: SettingsOn) -> Weights:
    return Weights(
        plain=values.of(settings.PLAN_PRIORITY_PLAIN),
        aged=values.of(settings.PLAN_PRIORITY_AGED),
        advanced_age=values.of(settings.PLAN_PRIORITY_ADVANCED_AGE),
        disabled=values.of(settings.PLAN_PRIORITY_DISABLED),
    )


def _policy(values: SettingsOn) -> Policy:
    return Policy(
        minimum_gap_minutes=values.of(settings.PLAN_MINIMUM_GAP_MINUTES),
        specimen_handover_minutes=values.of(settings.PLAN_SPECIMEN_HANDOVER_MINUTES),
        max_work_minutes=values.of(settings.PLAN_MAX_WORK_MINUTES),
        radius_km=values.of(settings.PLAN_RADIUS_KM),
        lateness_price=values.of(settings.PLAN_LATENESS_PRICE),
        overtime_price=values.of(settings.PLAN_OVERTIME_PRICE),
        waiting_price=values.of(settings.PLAN_WAITING_PRICE),
        idle_price=values.of(settings.PLAN_IDLE_PRICE),
        missed_lunch_minutes=values.of(settings.PLAN_MISSED_LUNCH_MINUTES),
        balance_price=values.of(settings.PLAN_BALANCE_PRICE),
        travel_balance_price=values.of(settings.PLAN_TRAVEL_BALANCE_PRICE),
        arrival_minutes=values.of(settings.PLAN_ARRIVAL_MINUTES),
        changed_price_minutes=values.of(settings.PLAN_CHANGED_PRICE_MINUTES),
        moved_price_minutes=values.of(settings.PLAN_MOVED_PRICE_MINUTES),
        wish_price_minutes=values.of(settings.PLAN_WISH_PRICE_MINUTES),
        staff_minimum=values.of(settings.STAFF_MINIMUM),
        traffic=values.of(settings.TRAVEL_TRAFFIC),
    )


async def _teams(session: AsyncSession, ask: Ask, person_ids: Collection[UUID]) -> dict[UUID, Team]:
    """Return the team of each person's family doctor, on duty or not."""
    doctors = await contracts.family_doctors(session, region_id=ask.region_id, person_ids=person_ids, on=ask.on)
    teams = await practitioners.teams_of(
        session, region_id=ask.region_id, practitioner_ids=sorted(set(doctors.values()))
    )
    return {person_id: teams[doctor] for person_id, doctor in doctors.items() if doctor in teams}


async def agreements(session: AsyncSession, ask: Ask) -> tuple[Agreement, ...]:
    """Return by which agreements the institutions that are planned together help each other out on the day."""
    found = await overflow_repository.agreements_on(
        session, region_id=ask.region_id, institution_ids=ask.institution_ids, on=ask.on
    )
    return tuple(
        Agreement(
            id=each.id,
            giving_id=each.giving_institution_id,
            helping_id=each.helping_institution_id,
            kinds=frozenset(OrderKind(kind) for kind in each.order_kinds or OrderKind),
            price_minutes=each.price_minutes,
        )
        for each in found
    )


async def _due(session: AsyncSession, ask: Ask, begun: Sequence[OrderFacts]) -> tuple[Due, ...]:
    """Return who is promised to come back for a further part of an order that has begun, by whichever plan; of a crew
    whose members come one after the other, who is to begin yet.
    """
    under_way = [each.id for each in begun if each.state is OrderState.in_progress]
    found = await repository_appointments.list_of_orders(session, region_id=ask.region_id, order_ids=under_way)
    spans = {each.id: repository_appointments.span_of(each) for each in found}
    first: dict[UUID, datetime] = {}
    for each in found:
        first[each.order_id] = min(spans[each.id][0], first.get(each.order_id, spans[each.id][0]))
    return tuple(
        Due(each.order_id, each.practitioner_id, spans[each.id][1])
        for each in found
        if each.part > 1 or spans[each.id][0] > first[each.order_id]
    )


async def _seen(session: AsyncSession, ask: Ask, others: Sequence[OrderFacts]) -> tuple[Seen, ...]:
    """Return who goes to orders of the day that are not planned, by whichever plan."""
    known = {each.id: each for each in others}
    found = await repository_appointments.list_of_orders(session, region_id=ask.region_id, order_ids=list(known))
    return tuple(Seen(known[each.order_id], each.practitioner_id) for each in found if each.part == 1)


async def _begun_stops(session: AsyncSession, ask: Ask, begun: Sequence[OrderFacts]) -> tuple[BegunStop, ...]:
    """Return where the area's plans have sent people to visits that have begun; before any is in force nobody."""
    if ask.replaced is None or not begun:
        return ()
    found = await repository.list_begun(
        session, region_id=ask.region_id, plan_id=ask.replaced, order_ids=[each.id for each in begun]
    )
    return tuple(
        BegunStop(
            practitioner_id=stop.practitioner_id,
            practitioner_name=name,
            kind=states.StopKind(stop.kind),
            order_id=order_id,
            start=stop.start_at,
            end=stop.end_at,
            travel_seconds=stop.travel_seconds,
            travel_metres=stop.travel_metres,
            part=stop.part,
            parts=stop.parts,
            ride=stop.ride,
            overflow_agreement_id=stop.overflow_agreement_id,
        )
        for stop, order_id, name in found
    )


async def _vehicles(session: AsyncSession, ask: Ask) -> tuple[SharedVehicle, ...]:
    """Return the vehicles in service on the day, each for the longest stretch that no other plan has of it."""
    found = await practitioners.vehicles_on(
        session, region_id=ask.region_id, institution_ids=ask.institution_ids, on=ask.on
    )
    start, end = day_bounds(ask.on)
    booked = await vehicle_repository.list_bookings(
        session,
        region_id=ask.region_id,
        vehicle_ids=[each.id for each in found],
        start=start,
        end=end,
        but=ask.replaced,
    )
    shared = []
    for each in found:
        away = max(ask.now, at_local(ask.on, each.away_from)), at_local(ask.on, each.away_to)
        spans = [vehicle_repository.span_of(one) for one in booked if one.vehicle_id == each.id]
        begins, ends = rules.longest_free(*away, spans)
        if begins < ends:
            place = Point(each.lon, each.lat)
            shared.append(SharedVehicle(each.id, each.institution_id, each.plate_no, each.seats, place, begins, ends))
    return tuple(shared)


async def _laboratories(session: AsyncSession, ask: Ask) -> dict[UUID, Point]:
    found = await institutions.list_institutions_facts(
        session, region_id=ask.region_id, institution_ids=ask.institution_ids
    )
    return {each.id: Point(each.lon, each.lat) for each in found}


async def _busy(session: AsyncSession, ask: Ask, practitioner_ids: Sequence[UUID]) -> tuple[Busy, ...]:
    start, end = day_bounds(ask.on)
    found = await repository_appointments.busy(session, practitioner_ids, start, end, ask.replaced)
    handed_in = await repository_appointments.handovers(session, practitioner_ids, start, end, ask.replaced)
    return (
        *(
            Busy(
                each.practitioner_id,
                each.start,
                each.end,
                Point(each.lon, each.lat),
                precaution=patient_rules.Precaution(each.precaution),
            )
            for each in found
        ),
        *(
            Busy(
                each.practitioner_id,
                each.start,
                each.end,
                Point(each.lon, each.lat),
                specimen_of=each.order_id,
                travel_seconds=each.travel_seconds,
                precaution=patient_rules.Precaution(each.precaution),
                is_handover=True,
            )
            for each in handed_in
        ),
    )


async def _engaged(
    session: AsyncSession, ask: Ask, person_ids: Sequence[UUID]
) -> dict[UUID, list[tuple[datetime, datetime]]]:
    start, end = day_bounds(ask.on)
    found: defaultdict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    for person_id, begins, ends in await repository_appointments.engaged(session, person_ids, start, end, ask.replaced):
        found[person_id].append((begins, ends))
    return dict(found)
