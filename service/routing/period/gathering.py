"""Gathers what a period's distribution stands on from the rooms below, in the caller's transaction."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds import usecases as beds
from service.catalog import usecases as catalog
from service.catalog.rules import ItemFacts
from service.core import problems
from service.core.clock import day_bounds
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.orders import rules as order_rules
from service.orders import usecases as orders
from service.orders.rounds import usecases as rounds
from service.orders.rounds.rules import HalfDay, RoundPlanFacts, is_far_enough, is_open
from service.orders.rules import OrderFacts, OrderKind, OrderState
from service.patients import usecases as patients
from service.patients.rules import HomeFacts
from service.practitioners import usecases as practitioners
from service.routing import repository_appointments
from service.routing.building import staffing
from service.routing.period import presence
from service.routing.period.problem import HALVES, Period, Presence, Round

_CELLS_PER_DEGREE: Final = 100
"""Homes in the same hundredth of a degree, about a kilometre, are one place."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Which days (both included) of which institutions to gather."""

    region_id: UUID
    institution_ids: Sequence[UUID]
    first: date
    last: date
    travel_minutes: int
    now: datetime

    @property
    def days(self) -> list[date]:
        """The days, in order."""
        return [self.first + timedelta(days=each) for each in range((self.last - self.first).days + 1)]


@dataclass(frozen=True, slots=True)
class Gathered:
    """The period, the round plans that it is about, and those of them whose home nobody may see."""

    period: Period
    plans: Mapping[UUID, RoundPlanFacts]
    unseen: frozenset[UUID]


async def gather(session: AsyncSession, ask: Ask) -> Gathered:
    """Return what a period stands on: who is there, what is promised and ordered already, which rounds are in force.

    Somebody who has died is due no more.
    """
    found = await rounds.plans_in_force(
        session, region_id=ask.region_id, institution_ids=ask.institution_ids, first=ask.first, last=ask.last
    )
    homes: dict[UUID, HomeFacts | None] = {}
    plans = [each for each in found if await _lives(session, ask, each, homes)]
    asked = [code for each in plans for code, _ in each.items]
    items = await catalog.items(session, region_id=ask.region_id, codes=sorted(set(asked)))
    least = {each: await _least_staff(session, ask, each) for each in ask.institution_ids}
    seen = await rounds.days_seen(session, region_id=ask.region_id, plans=plans, first=ask.first, last=ask.last)
    drawn = [
        await _round(session, ask, each, items=items, least=least, seen=seen[each.id], home=homes[each.person_id])
        for each in plans
    ]
    there = [each for day in ask.days for each in await _there(session, ask, day, least, items)]
    return Gathered(
        period=Period(ask.first, ask.last, ask.travel_minutes, tuple(there), tuple(drawn)),
        plans={each.id: each for each in plans},
        unseen=frozenset(each.id for each in plans if homes[each.person_id] is None),
    )


async def _lives(session: AsyncSession, ask: Ask, plan: RoundPlanFacts, homes: dict[UUID, HomeFacts | None]) -> bool:
    """Return whether the person lives, and note his home: None where the fence hides it, or nobody knows it."""
    homes[plan.person_id] = None
    try:
        person = await patients.get_person(session, region_id=ask.region_id, person_id=plan.person_id)
    except problems.NotFound:  # the care relation has ended
        return True
    if person.home_id is not None:
        found = await patients.homes(session, region_id=ask.region_id, ids=[person.home_id])
        homes[plan.person_id] = found.get(person.home_id)
    return person.deceased_on is None


async def _least_staff(session: AsyncSession, ask: Ask, institution_id: UUID) -> int:
    return await institutions.setting(
        session,
        region_id=ask.region_id,
        institution_id=institution_id,
        key=settings.STAFF_MINIMUM,
        on=ask.first,
    )


async def _round(
    session: AsyncSession,
    ask: Ask,
    plan: RoundPlanFacts,
    *,
    items: Mapping[str, ItemFacts],
    least: Mapping[UUID, int],
    seen: Sequence[date],
    home: HomeFacts | None,
) -> Round:
    before = [each for each in seen if each <= ask.last]
    return Round(
        id=plan.id,
        last_on=max(before, default=None),
        due_from=plan.valid_from,
        due_until=plan.valid_to or ask.last,
        every_days=plan.every_days,
        minimum_days=plan.minimum_days,
        days=await _days(session, ask, plan, seen) if home else frozenset(),
        halves=frozenset(HALVES) if plan.half_day is HalfDay.any else frozenset({plan.half_day}),
        minutes=order_rules.work_minutes_of([each for each in plan.items if each[0] in items], items),
        crew=_crew(plan.institution_id, plan.items, items, least[plan.institution_id]),
        place=_place(home) if home else "",
    )


def _crew(
    institution_id: UUID, asked: Sequence[tuple[str, int]], items: Mapping[str, ItemFacts], minimum: int
) -> tuple[frozenset[str], ...]:
    """Return what each member of a crew must have: the first what the services ask for, all a licence there."""
    known = [items[code] for code, _ in asked if code in items]
    everyone = frozenset({staffing.LICENSED, staffing.employed_at(institution_id)})
    able = {staffing.able_to(code) for code, _ in asked if code in items and items[code].any_skills}
    first = everyone.union(able, *(each.skills for each in known))
    return (first, *(everyone for _ in range(order_rules.staff_needed(known, minimum) - 1)))


def _place(home: HomeFacts) -> str:
    if home.care_institution_id is not None:
        return f"care:{home.care_institution_id}"
    return f"{round(home.lon * _CELLS_PER_DEGREE)}:{round(home.lat * _CELLS_PER_DEGREE)}"


async def _days(session: AsyncSession, ask: Ask, plan: RoundPlanFacts, seen: Collection[date]) -> frozenset[date]:
    """Return the days open to a round: its weekdays, in force, its bed open, not too near to what is ordered."""
    days = [day for day in ask.days if is_open(plan, day) and is_far_enough(plan, day, seen)]
    if plan.kind is not OrderKind.home_bed_round:
        return frozenset(days)
    return frozenset([day for day in days if await _bed_is_open(session, ask, plan, day)])


async def _bed_is_open(session: AsyncSession, ask: Ask, plan: RoundPlanFacts, on: date) -> bool:
    bed = await beds.open_on(session, region_id=ask.region_id, person_id=plan.person_id, on=on)
    return bed is not None and bed.institution_id == plan.institution_id and bed.serves_at_home(on)


async def _there(
    session: AsyncSession, ask: Ask, on: date, least: Mapping[UUID, int], items: Mapping[str, ItemFacts]
) -> list[Presence]:
    staff = await practitioners.day_staff(session, region_id=ask.region_id, institution_ids=ask.institution_ids, on=on)
    start, end = day_bounds(on)
    ids = sorted({each.practitioner_id for each in staff})
    taken: defaultdict[UUID, list[presence.Span]] = defaultdict(list)
    for each in await repository_appointments.busy(session, ids, start, end, None):
        taken[each.practitioner_id].append((each.start, each.end))
    waiting, asked = await _waiting(session, ask, on, least)
    return presence.presences(
        on,
        staff,
        taken,
        waiting,
        items={**items, **asked},
        now=ask.now,
        travel_minutes=ask.travel_minutes,
    )


async def _waiting(
    session: AsyncSession, ask: Ask, on: date, least: Mapping[UUID, int]
) -> tuple[list[presence.Waiting], Mapping[str, ItemFacts]]:
    """Return the orders of a day that no plan has promised yet, and the services that they ask for."""
    found = await orders.list_for_day(
        session,
        region_id=ask.region_id,
        institution_ids=ask.institution_ids,
        on=on,
        states={OrderState.submitted, OrderState.accepted},
    )
    codes = sorted({code for each in found for code, _ in each.items})
    items = await catalog.items(session, region_id=ask.region_id, codes=codes) if codes else {}
    return [_wait(each, items, least[each.institution_id]) for each in found], items


def _wait(order: OrderFacts, items: Mapping[str, ItemFacts], minimum: int) -> presence.Waiting:
    known = [each for each in order.items if each[0] in items]
    return presence.Waiting(
        windows=[(each.start, each.end) for each in order.windows],
        minutes=order_rules.work_minutes_of(known, items),
        crew=_crew(order.institution_id, order.items, items, max(minimum, order.staff_count)),
    )
