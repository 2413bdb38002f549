"""A day in which something has happened: what of its plan is frozen, what is left to be planned anew, and the two
together again; pure.

To the search a frozen visit is time that its crew is busy: it goes on from that door, at the moment from which things
may change. To the referee it is a visit like any other, which only that crew may give and only then.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from service.core.geo import Point
from service.practitioners.rules import StaffDay
from service.routing.building import day as days
from service.routing.building.day import Day
from service.routing.building.facts import Busy, DayFacts, seconds_of
from service.routing.building.recalling import AT_START, Told, row_of
from service.routing.problem import LUNCH, Job, Plan, Problem, Route, Rules, Service, Stop, Unassigned, Window
from service.routing.states import StopKind

CHANGED_SECONDS: Final = 1800
"""Sending somebody else than people were told costs as much as half an hour of travel."""
MOVED_SECONDS: Final = 300
"""Coming a quarter of an hour earlier or later than people were told costs as much as five minutes of travel."""
URGENT: Final = 20
"""Leaving an urgent order out costs as much as leaving out so many of its kind."""


@dataclass(frozen=True, slots=True)
class Disruption:
    """What happened: nothing that begins before `frozen_until` may change; who is away from when; orders not wanted
    any more, those to be put first, and by how many minutes visits take longer.
    """

    frozen_until: datetime
    absent: Mapping[UUID, datetime] = field(default_factory=dict)
    cancelled: frozenset[UUID] = frozenset()
    urgent: frozenset[UUID] = frozenset()
    longer: Mapping[UUID, int] = field(default_factory=dict)

    def end_of(self, stop: Told) -> datetime:
        """Return when a stop ends now."""
        more = self.longer.get(stop.order_id, 0) if stop.order_id else 0
        return stop.end + timedelta(minutes=more)


@dataclass(frozen=True, slots=True)
class Split:
    """The day in two: `rest` is what is planned anew; `frozen` are the stops that stay, in `whole` with the rest."""

    rest: DayFacts
    whole: DayFacts
    frozen: tuple[Told, ...]


def split(facts: DayFacts, told: Sequence[Told], happened: Disruption) -> Split:
    """Divide a day, gathered from its midnight on, at the moment from which things may change."""
    staff = tuple(
        replace(
            each,
            shift_end=_until(each, happened),
            away_after=each.away_after or _until(each, happened) < each.shift_end,
        )
        for each in facts.staff
        if each.licensed and _until(each, happened) > each.shift_start
    )
    frozen = _frozen(facts, told, happened, staff)
    visits = {each.order_id for each in frozen if each.order_id}
    eaten = [each for each in frozen if each.kind is StopKind.lunch]
    orders = tuple(each for each in facts.orders if each.id not in happened.cancelled)
    known = replace(facts, orders=orders, staff=staff, busy=_longer(facts.busy, told, happened))
    rest = replace(
        known,
        now=max(facts.now, happened.frozen_until),
        orders=tuple(each for each in orders if each.id not in visits),
        staff=tuple(_fed(each) if any(_is_in(each, stop) for stop in eaten) else each for each in staff),
        busy=(*known.busy, *(_busy(facts, frozen, each) for each in frozen)),
        engaged=_engaged(facts, frozen),
    )
    return Split(rest, known, frozen)


def _until(staff: StaffDay, happened: Disruption) -> datetime:
    return min(staff.shift_end, happened.absent.get(staff.practitioner_id, staff.shift_end))


def _is_in(staff: StaffDay, stop: Told) -> bool:
    """Tell whether somebody's stop begins in this shift of his."""
    return staff.practitioner_id == stop.practitioner_id and staff.shift_start <= stop.start < staff.shift_end


def _fed(staff: StaffDay) -> StaffDay:
    return replace(staff, lunch_from=None, lunch_to=None)


def _frozen(facts: DayFacts, told: Sequence[Told], happened: Disruption, staff: Sequence[StaffDay]) -> tuple[Told, ...]:
    """Return the stops that stay: begun before the moment, of orders that are still wanted, by crews still on duty;
    a specimen that was taken before it is handed in as planned.
    """
    wanted = {each.id for each in facts.orders if each.home_id in facts.homes} - happened.cancelled
    taken = _deliveries(facts, told, happened.frozen_until)
    found, gone = [], set()
    for each in told:
        if each not in taken if each.kind is StopKind.delivery else each.start >= happened.frozen_until:
            continue
        who, stop = _shift_of(staff, each), replace(each, end=happened.end_of(each))
        if who is None or each.end > who.shift_end:
            gone.add(each.order_id)
        elif each.order_id is None or each.order_id in wanted:
            found.append(stop)
    return tuple(each for each in found if each.order_id is None or each.order_id not in gone)


def _shift_of(staff: Iterable[StaffDay], stop: Told) -> StaffDay | None:
    return next((each for each in staff if _is_in(each, stop)), None)


def _deliveries(facts: DayFacts, told: Sequence[Told], until: datetime) -> set[Told]:
    """Return the deliveries of specimens that are taken before a moment: of several the first is handed in first."""
    alone = {each.id: each.items for each in facts.orders if each.staff_count == 1}
    carried: defaultdict[UUID, list[bool]] = defaultdict(list)
    found = set()
    for each in sorted(told, key=_start):
        own = carried[each.practitioner_id]
        codes = [code for code, _ in alone.get(each.order_id, ())] if each.order_id else []
        if any(facts.items[code].specimen_minutes is not None for code in codes):
            own.append(each.start < until)
        elif each.kind is StopKind.delivery and own and own.pop(0):
            found.add(each)
    return found


def _longer(busy: Iterable[Busy], told: Sequence[Told], happened: Disruption) -> tuple[Busy, ...]:
    """Return what staff are busy with; a begun visit that takes longer keeps them for as long."""
    ends = {(each.practitioner_id, each.start): happened.end_of(each) for each in told if each.order_id}
    return tuple(
        replace(each, end=max(each.end, ends.get((each.practitioner_id, each.start), each.end))) for each in busy
    )


def _busy(facts: DayFacts, frozen: Sequence[Told], stop: Told) -> Busy:
    return Busy(stop.practitioner_id, stop.start, stop.end, _place(facts, frozen, stop))


def _place(facts: DayFacts, frozen: Sequence[Told], stop: Told) -> Point:
    """Return where a frozen stop is; a lunch at the door of the visit before it, or at the station; a delivery at the
    laboratory of the institution.
    """
    if stop.kind is StopKind.delivery:
        station = next(each for each in facts.staff if each.practitioner_id == stop.practitioner_id)
        return facts.laboratories[station.institution_id]
    homes = {each.id: facts.homes[each.home_id] for each in facts.orders if each.home_id in facts.homes}
    station = next(each for each in facts.staff if each.practitioner_id == stop.practitioner_id)
    shift = _shift_of(facts.staff, stop) or station
    own = sorted((each for each in frozen if _is_in(shift, each)), key=_start)
    for each in reversed([each for each in own if each.start <= stop.start]):
        if each.order_id is not None:
            return Point(homes[each.order_id].lon, homes[each.order_id].lat)
    return Point(station.lon, station.lat)


def _start(stop: Told) -> datetime:
    return stop.start


def _engaged(facts: DayFacts, frozen: Sequence[Told]) -> dict[UUID, list[tuple[datetime, datetime]]]:
    persons = {each.id: each.person_id for each in facts.orders}
    found = defaultdict(list, {person: list(spans) for person, spans in facts.engaged.items()})
    for each in frozen:
        if each.order_id is not None:
            found[persons[each.order_id]].append((each.start, each.end))
    return dict(found)


def promised(day: Day, problem: Problem, told: Iterable[Told], happened: Disruption) -> Problem:
    """Return the problem of the rest, in which keeping what people were told is worth something."""
    starts: dict[UUID, datetime] = {}
    crews: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for each in told:
        if each.order_id is not None:
            starts[each.order_id] = min(each.start, starts.get(each.order_id, each.start))
            crews[each.order_id].add(each.practitioner_id)
    jobs = []
    for order, job in zip(day.orders, problem.jobs, strict=False):  # deliveries come behind
        more = happened.longer.get(order.id, 0) * 60
        services = tuple(replace(each, duration=each.duration + more) for each in job.services)
        drop = job.drop_penalty
        changed = replace(
            job,
            services=services,
            drop_penalty=drop * URGENT if order.id in happened.urgent and drop is not None else drop,
        )
        if order.id in starts:
            crew = frozenset(
                at for at, each in enumerate(day.segments) if each.staff.practitioner_id in crews[order.id]
            )
            changed = replace(changed, promised=seconds_of(day.on, starts[order.id]), promised_staff=crew)
        jobs.append(changed)
    rules = replace(problem.rules, changed=CHANGED_SECONDS, moved=MOVED_SECONDS)
    return replace(problem, jobs=(*jobs, *problem.jobs[len(jobs) :]), rules=rules)


@dataclass(frozen=True, slots=True)
class Rejoined:
    """The whole day: frozen visits first, then those of the rest, of which `offset` is the first; then the frozen
    deliveries, and those of the rest. `visits` are the visits of the rest, `deliveries` the frozen deliveries.
    """

    day: Day
    rules: Rules
    offset: int
    visits: int
    deliveries: int

    def job_of(self, job: int) -> int:
        """Return a job of the rest as that of the whole day."""
        return job + self.offset + (self.deliveries if job >= self.visits else 0)


def rejoin(parts: Split, rest: Day, problem: Problem) -> Rejoined:
    """Return the whole day of a rest that has been drawn; `problem` is that of the rest."""
    whole = days.draw(replace(parts.whole, orders=()))
    by_order: defaultdict[UUID, list[Told]] = defaultdict(list)
    for each in parts.frozen:
        if each.order_id is not None:
            by_order[each.order_id].append(each)
    frozen = [each for each in parts.whole.orders if each.id in by_order]
    orders = (*frozen, *rest.orders)
    handed_in = sorted((each for each in parts.frozen if each.kind is StopKind.delivery), key=_start)
    doors = [Point(parts.whole.homes[each.home_id].lon, parts.whole.homes[each.home_id].lat) for each in frozen]
    doors += [_place(parts.whole, parts.frozen, each) for each in handed_in]
    index = {point: at for at, point in enumerate(dict.fromkeys([*whole.points, *doors, *rest.points]))}
    pinned = [_pinned(whole, by_order[each.id], each.order_no) for each in frozen]
    pinned += [_pinned(whole, [each], "送标本") for each in handed_in]
    pinned = [replace(job, point=index[door]) for job, door in zip(pinned, doors, strict=True)]
    others = [replace(_moved(rest, whole, job), point=index[rest.points[job.point]]) for job in problem.jobs]
    joined = Rejoined(whole, problem.rules, len(frozen), len(rest.orders), len(handed_in))
    jobs = (*pinned[: len(frozen)], *others[: joined.visits], *pinned[len(frozen) :], *others[joined.visits :])
    links = tuple(
        replace(each, first=joined.job_of(each.first), second=joined.job_of(each.second)) for each in problem.links
    )
    day = replace(whole, points=tuple(index), orders=orders, jobs=jobs, links=links, left_out=rest.left_out)
    return replace(joined, day=day)


def _pinned(whole: Day, crew: Sequence[Told], order_no: str) -> Job:
    rows = [row_of(whole, each) for each in sorted(crew, key=_in_turn)]
    start = seconds_of(whole.on, crew[0].start)
    length = seconds_of(whole.on, crew[0].end) - start
    return Job(
        id=order_no,
        point=0,
        windows=(Window(start, start),),
        services=tuple(Service(_usual(whole, each, length), frozenset()) for each in rows),
        allowed_staff=frozenset(each for each in rows if each is not None),
    )


def _usual(whole: Day, row: int | None, length: int) -> int:
    """Return what a service takes at the usual pace that takes somebody so long."""
    return length * 1000 // (whole.staff[row].pace if row is not None else 1000)


def _in_turn(stop: Told) -> tuple[datetime, str]:
    return stop.start, str(stop.practitioner_id)


def _moved(rest: Day, whole: Day, job: Job) -> Job:
    return replace(
        job,
        allowed_staff=_rows(rest, whole, job.allowed_staff),
        forbidden_staff=_rows(rest, whole, job.forbidden_staff) or frozenset(),
        preferred_staff=_rows(rest, whole, job.preferred_staff),
        promised_staff=_rows(rest, whole, job.promised_staff),
    )


def _rows(rest: Day, whole: Day, staff: frozenset[int] | None) -> frozenset[int] | None:
    if staff is None:
        return None
    people = {rest.segments[at].staff.practitioner_id for at in staff}
    return frozenset(at for at, each in enumerate(whole.segments) if each.staff.practitioner_id in people)


def merge(parts: Split, rest: Day, plan: Plan, joined: Rejoined, problem: Problem) -> tuple[Problem, Plan]:
    """Return the whole day's problem and plan: the rest as planned anew, the frozen stops where they were.

    Whether somebody is due a lunch was judged with the rest; here he is due the one that he has.
    """
    whole, rows = joined.day, defaultdict[int, list[Stop]](list)
    given: defaultdict[int, int] = defaultdict(int)
    jobs = {order.id: at for at, order in enumerate(whole.orders)}
    handed_in = sorted((each for each in parts.frozen if each.kind is StopKind.delivery), key=_start)
    for each in sorted(parts.frozen, key=_in_turn):
        row, span = row_of(whole, each), (seconds_of(whole.on, each.start), seconds_of(whole.on, each.end))
        if row is None:
            continue
        if each.kind is StopKind.lunch:
            rows[row].append(Stop(_lunch_door(whole, row, rows[row]), LUNCH, *span))
            continue
        job = jobs[each.order_id] if each.order_id else len(whole.orders) + handed_in.index(each)
        rows[row].append(Stop(job, given[job], *span))
        given[job] += 1
    for route in plan.routes:
        for stop in route.stops:
            row = _row_at(rest, whole, route.staff, stop)
            job = joined.job_of(stop.job) if stop.job >= 0 else _lunch_door(whole, row, rows[row])
            rows[row].append(replace(stop, job=job))
    left = tuple(_left(rest, joined, each) for each in plan.unassigned)
    routes = tuple(Route(row, tuple(rows[row])) for row in range(len(whole.staff)))
    staff = tuple(
        replace(each, lunch=each.lunch if any(stop.service == LUNCH for stop in rows[row]) else None)
        for row, each in enumerate(problem.staff)
    )
    return replace(problem, staff=staff, rules=joined.rules), Plan(routes, left)


def _row_at(rest: Day, whole: Day, row: int, stop: Stop) -> int:
    person = rest.segments[row].staff.practitioner_id
    return next(
        at
        for at, each in enumerate(whole.segments)
        if each.staff.practitioner_id == person and each.shift.start <= stop.start and stop.end <= each.shift.end
    )


def _lunch_door(whole: Day, row: int, before: Sequence[Stop]) -> int:
    """Return at whose door somebody has lunch who has had these stops: the last one's, unless he has a place for it."""
    lunch = whole.staff[row].lunch
    return before[-1].job if before and (lunch is None or lunch.point is None) else AT_START


def _left(rest: Day, joined: Rejoined, left: Unassigned) -> Unassigned:
    """Return a job left out in the numbers of the whole day; its facts name staff by their rows."""
    facts = dict(left.facts)
    named = facts.get("staff")
    if named is not None:
        rows = frozenset(int(str(each)) for each in (named if isinstance(named, list) else [named]))
        facts["staff"] = [str(each) for each in sorted(_rows(rest, joined.day, rows) or ())]
    return Unassigned(joined.job_of(left.job), left.reason, facts)


def is_kept(parts: Split, whole: Day, plan: Plan, until: datetime) -> bool:
    """Tell whether every frozen stop has its people and its time, and nothing else begins before the moment."""
    found = {
        (whole.segments[route.staff].staff.practitioner_id, _order_id(whole, stop), stop.start)
        for route in plan.routes
        for stop in route.stops
    }
    told = {(each.practitioner_id, each.order_id, seconds_of(whole.on, each.start)) for each in parts.frozen}
    return told <= found and {each for each in found if each[2] < seconds_of(whole.on, until)} <= told


def _order_id(whole: Day, stop: Stop) -> UUID | None:
    return None if stop.service == LUNCH or stop.job >= len(whole.orders) else whole.orders[stop.job].id
