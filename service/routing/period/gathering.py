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
from service.orders.rounds.rules import HalfDay, RoundPlanFacts, hours_of, is_far_enough, is_open
from service.orders.rules import OrderFacts, OrderKind, OrderState
from service.patients import usecases as patients
from service.patients.rules import HomeFacts
from service.practitioners import usecases as practitioners
from service.routing import gathering as day_gathering
from service.routing import repository_appointments
from service.routing.period import presence
from service.routing.period.parties import Asked, Terms, parties_of
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
    terms = {day: await _terms(session, ask, day) for day in ask.days}
    seen = await rounds.days_seen(session, region_id=ask.region_id, plans=plans, first=ask.first, last=ask.last)
    drawn = [
        await _round(session, ask, each, items=items, terms=terms, seen=seen[each.id], home=homes[each.person_id])
        for each in plans
    ]
    there = [each for day in ask.days for each in await _there(session, ask, day, terms[day], items)]
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


async def _terms(session: AsyncSession, ask: Ask, on: date) -> Terms:
    """Return what holds on a day at each institution and between them."""
    known = {
        each: await institutions.settings_on(session, region_id=ask.region_id, institution_id=each, on=on)
        for each in ask.institution_ids
    }
    day = day_gathering.Ask(ask.region_id, ask.institution_ids, on, ask.now, None)
    return Terms(
        least={each: values.of(settings.STAFF_MINIMUM) for each, values in known.items()},
        hours={each: hours_of(values) for each, values in known.items()},
        agreements=await day_gathering.agreements(session, day),
    )


async def _round(
    session: AsyncSession,
    ask: Ask,
    plan: RoundPlanFacts,
    *,
    items: Mapping[str, ItemFacts],
    terms: Mapping[date, Terms],
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
        parties=parties_of(Asked(plan.institution_id, plan.kind, plan.items), items, terms),
        place=_place(home) if home else "",
    )


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
    session: AsyncSession, ask: Ask, on: date, terms: Terms, items: Mapping[str, ItemFacts]
) -> list[Presence]:
    staff = await practitioners.day_staff(session, region_id=ask.region_id, institution_ids=ask.institution_ids, on=on)
    start, end = day_bounds(on)
    ids = sorted({each.practitioner_id for each in staff})
    taken: defaultdict[UUID, list[presence.Span]] = defaultdict(list)
    for each in await repository_appointments.busy(session, ids, start, end, None):
        taken[each.practitioner_id].append((each.start, each.end))
    waiting, asked = await _waiting(session, ask, on, terms)
    return presence.presences(
        on,
        staff,
        taken,
        waiting,
        items={**items, **asked},
        hours=terms.hours,
        now=ask.now,
        travel_minutes=ask.travel_minutes,
    )


async def _waiting(
    session: AsyncSession, ask: Ask, on: date, terms: Terms
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
    return [_wait(each, items, {on: terms}) for each in found], items


def _wait(order: OrderFacts, items: Mapping[str, ItemFacts], terms: Mapping[date, Terms]) -> presence.Waiting:
    known = [each for each in order.items if each[0] in items]
    asked = Asked(order.institution_id, order.kind, order.items, order.staff_count)
    return presence.Waiting(
        windows=[(each.start, each.end) for each in order.windows],
        minutes=order_rules.work_minutes_of(known, items),
        crews=tuple(party.crew for party in parties_of(asked, items, terms)),
    )
