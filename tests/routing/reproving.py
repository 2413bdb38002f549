"""Why a job stays out, looked into by another hand than the solver's: plain trying, and the referee's word on it.

Whatever is found here is a plan that the referee lets pass, so that a reason refuted here is refuted for good. Times
are as early as the order of the stops allows.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Final

from service.routing.changing import bound
from service.routing.problem import LUNCH, Carer, Job, Limits, Link, Plan, Problem, Route, Stop, Sync, Unassigned
from service.routing.referee.check import check_plan
from service.routing.rules import UnassignedReason
from service.routing.solver import reasons
from service.routing.solver.clock import Budget
from tests.routing import reading, relaxing

HERE, THERE = -2, -3
"""A lunch where one is, or at the next address; written instead of its job."""

PRECIOUS = 1 << 32
"""Left out at such a price a job comes in wherever it can."""
PLACING_SECONDS = 60.0

LEAVES = 400
"""So many complete placings of a crew or of linked jobs are timed; of single visits all are."""

Item = tuple[int, int]
Able = Callable[[Problem, int, int, int], bool]
"""Whether a person may give a service: problem, job, service, row of the staff."""
Rows = dict[int, tuple[Item, ...]]


@dataclass(frozen=True)
class Placed:
    """A plan with the jobs in it, as the referee lets it pass, and its price."""

    plan: Plan
    cost: int


def faults(problem: Problem, plan: Plan) -> Iterator[str]:
    """Tell which reasons of a plan do not hold."""
    for gone in plan.unassigned:
        said = _fault(problem, plan, gone)
        if said is not None:
            yield f"{problem.jobs[gone.job].id} {gone.reason}: {said}"


def _fault(problem: Problem, plan: Plan, gone: Unassigned) -> str | None:
    reason, job = UnassignedReason(gone.reason), gone.job
    if reason is UnassignedReason.no_place_found:
        return None  # nothing is said that could be wrong
    if reason in STATIC:
        return "there is a crew for it" if _crew_exists(problem, job, STATIC[reason]) else None
    if reason in ALONE:
        if reason is UnassignedReason.linked:
            return _alone(problem, _bundle(problem, plan, job))
        free = replace(problem, links=())
        if reason is UnassignedReason.outside_shifts:
            free = replace(free, matrices=tuple(legs * 0 for legs in problem.matrices))
        return _alone(free, (job,))
    return _beside(problem, plan, gone, reason) if reason in BESIDE else None


def _beside(problem: Problem, plan: Plan, gone: Unassigned, reason: UnassignedReason) -> str | None:
    """What is wrong with the reason of a job that could be done on an empty day."""
    before, bundle = check_plan(problem, plan).total, _bundle(problem, plan, gone.job)
    some, told = False, gone.facts.get("staff", ())
    if reason is UnassignedReason.not_worth_it and isinstance(told, Sequence) and len(bundle) == 1:
        some = any(True for _ in placings(_told_only(problem, gone.job, told), plan, bundle))
    for placed in placings(problem, plan, bundle):
        some = True
        if reason is UnassignedReason.no_capacity:
            return f"there is a place for {placed.cost - before} more"
        if placed.cost < before:
            return f"with it the day is cheaper by {before - placed.cost}"
    if reason is UnassignedReason.not_worth_it:
        return None if some or _has_room(problem, plan, gone.job) else "no place was found for it"
    return _unbent(problem, plan, gone, bundle) if "relaxation" in gone.facts else None


def _unbent(problem: Problem, plan: Plan, gone: Unassigned, bundle: Sequence[int]) -> str | None:
    """What is wrong with the bending of a rule that is said to make room."""
    rule, by, told = gone.facts["rule"], gone.facts["relaxation"], gone.facts["staff"]
    assert isinstance(rule, str)
    assert isinstance(by, Mapping)
    assert isinstance(told, Sequence)
    [amount] = by.values()
    eased, standing = relaxing.relaxed(problem, plan, bundle, rule, amount, told)
    only = _told_only(eased, gone.job, told)
    tried = any(True for each in (only, eased) for _ in placings(each, standing, bundle))
    return None if tried or _has_room(eased, standing, gone.job) else f"{rule} bent by {amount} makes no room"


def _has_room(problem: Problem, plan: Plan, job: int) -> bool:
    """Whether a job has a place that what is tried here leaves out: crews are tried at some alone, and who is early for
    a promised start waits. Whoever puts one visit more into a plan, or the solver, says where, and the referee
    whether that is one: nobody has other visits then.
    """
    if isinstance(bound.find_places(problem, plan, job), list):
        return True
    jobs = (replace(each, drop_penalty=PRECIOUS) if at == job else each for at, each in enumerate(problem.jobs))
    wanted = replace(problem, jobs=tuple(jobs))
    found = reasons.of_plan(wanted, plan, Budget(Limits(PLACING_SECONDS)))
    came_in = {gone.job for gone in plan.unassigned} - {gone.job for gone in found.unassigned}
    stays = all(
        _without(route, came_in) == _without(old, came_in) for route, old in zip(found.routes, plan.routes, strict=True)
    )
    return job in came_in and stays and check_plan(wanted, found).feasible


def _without(route: Route, jobs: set[int]) -> set[Item]:
    return {(stop.job, stop.service) for stop in route.stops if stop.service != LUNCH and stop.job not in jobs}


def _told_only(problem: Problem, job: int, told: Sequence[str]) -> Problem:
    """Let only those give a job who are told of: of all places of a crew theirs may be beyond those that are timed."""
    rows = frozenset(at for at, who in enumerate(problem.staff) if who.id in told)
    jobs = (replace(each, allowed_staff=rows) if at == job else each for at, each in enumerate(problem.jobs))
    return replace(problem, jobs=tuple(jobs))


def _alone(problem: Problem, jobs: Sequence[int]) -> str | None:
    """Try jobs alone on an empty day, at every moment at which something changes."""
    only = replace(problem, jobs=tuple(replace(each, drop_penalty=each.drop_penalty or 0) for each in problem.jobs))
    empty = Plan(
        tuple(Route(at, ()) for at in range(len(problem.staff))),
        tuple(Unassigned(at, "no_capacity") for at in range(len(problem.jobs))),
    )
    for floor in _moments(problem, jobs[0]):
        found = next(placings(only, empty, jobs, {jobs[0]: floor}), None)
        if found is not None:
            return f"alone it can be done: {[stop for route in found.plan.routes for stop in route.stops]}"
    return None


def _moments(problem: Problem, job: int) -> list[int]:
    bands = {band.start for bands in problem.traffic for band in bands}
    lasts = {service.duration for service in problem.jobs[job].services}
    edges = {window.start for window in problem.jobs[job].windows} | bands
    meals = {who.lunch.end for who in problem.staff if who.lunch}
    return sorted({0} | edges | meals | {band - last for band in bands for last in lasts})


def _bundle(problem: Problem, plan: Plan, job: int) -> tuple[int, ...]:
    """The job and all that is not done without it."""
    absent, found = {gone.job for gone in plan.unassigned}, {job}
    while True:
        more = {
            other
            for link in problem.links
            if link.bound and not {link.first, link.second}.isdisjoint(found)
            for other in (link.first, link.second)
        }
        if more <= found:
            return tuple(sorted(found & absent))
        found |= more


def _has_skills(problem: Problem, job: int, at: int, who: int) -> bool:
    return reading.is_able(problem.staff[who], problem.jobs[job].services[at])


def _may(problem: Problem, job: int, at: int, who: int) -> bool:
    wanted, rules = problem.jobs[job], problem.rules
    if rules.unqualified is None and not _has_skills(problem, job, at, who):
        return False
    if wanted.allowed_staff is not None and who not in wanted.allowed_staff:
        return False
    if rules.forbidden is None and who in wanted.forbidden_staff:
        return False
    return rules.not_preferred is not None or wanted.preferred_staff is None or who in wanted.preferred_staff


def _carries(problem: Problem, job: int, at: int, who: int) -> bool:
    most = problem.staff[who].capacity
    return _may(problem, job, at, who) and (most is None or problem.jobs[job].load <= most)


def _crew_exists(problem: Problem, job: int, able: Able) -> bool:
    """Tell whether different human beings can give the services."""
    rows = range(len(problem.staff))
    lists = [[who for who in rows if able(problem, job, at, who)] for at in range(len(problem.jobs[job].services))]
    return any(len({_human(problem, who) for who in crew}) == len(crew) for crew in product(*lists))


def _human(problem: Problem, who: int) -> tuple[str, int]:
    person = problem.staff[who].person
    return ("row", who) if person is None else ("person", person)


STATIC: Final[Mapping[UnassignedReason, Able]] = {
    UnassignedReason.no_qualified_staff: _has_skills,
    UnassignedReason.excluded_staff: _may,
    UnassignedReason.too_heavy: _carries,
}
"""Reasons of which no time is part, and what each says of everybody."""

ALONE: Final = frozenset(
    {
        UnassignedReason.outside_shifts,
        UnassignedReason.unreachable,
        UnassignedReason.overworked,
        UnassignedReason.no_lunch,
        UnassignedReason.linked,
    }
)


BESIDE: Final = frozenset({UnassignedReason.no_capacity, UnassignedReason.not_worth_it})


def placings(
    problem: Problem, plan: Plan, jobs: Sequence[int], floors: Mapping[int, int] | None = None
) -> Iterator[Placed]:
    """Yield plans in which the jobs are done too: the others keep their people and order, every lunch may move."""
    rows = {route.staff: tuple(_items(problem, route)) for route in plan.routes}
    wanted = [(job, at) for job in jobs for at in range(len(problem.jobs[job].services))]
    early = {(job, at): (floors or {}).get(job, 0) for job, at in wanted}
    left = tuple(gone for gone in plan.unassigned if gone.job not in set(jobs))
    most = None if len(wanted) == 1 else LEAVES
    for number, found in enumerate(_fill(problem, rows, wanted, early)):
        if most is not None and number >= most:
            return
        for turn in _turns(problem, plan, jobs):
            timed = _settle(problem, found, early, turn)
            if timed is not None:
                tried = Plan(tuple(Route(who, tuple(stops)) for who, stops in sorted(timed.items())), left)
                verdict = check_plan(problem, tried)
                if not verdict.violations:
                    yield Placed(tried, verdict.total)


def _items(problem: Problem, route: Route) -> Iterator[Item]:
    """Read a route as an order; a lunch as one here or there."""
    for at, stop in enumerate(route.stops):
        before = route.stops[at - 1].job if at else -1
        yield ((HERE if stop.job == before else THERE) if stop.service == LUNCH else stop.job), stop.service


def _fill(problem: Problem, rows: Rows, wanted: Sequence[Item], floors: Mapping[Item, int]) -> Iterator[Rows]:
    """Yield every way to put the services into rows in which each row by itself is in time."""
    if not wanted:
        yield rows
        return
    job, at = wanted[0]
    for who in range(len(problem.staff)):
        if _may(problem, job, at, who) and _suits(problem, rows, job, who):
            for items in _with(problem, who, rows[who], (job, at)):
                if _walk(problem, who, items, floors) is not None:
                    yield from _fill(problem, rows | {who: items}, wanted[1:], floors)


def _suits(problem: Problem, rows: Rows, job: int, who: int) -> bool:
    """Look at the whole of rows that the person works: nobody twice at a job, nor together with whom a link forbids."""
    human = _human(problem, who)
    given = {each for row, items in rows.items() if _human(problem, row) == human for each, _ in items}
    if job in given:
        return False
    done = {each for items in rows.values() for each, _ in items}
    for link in problem.links:
        if job in {link.first, link.second}:
            other = link.second if job == link.first else link.first
            together = other in given
            # of a crew another one may be the same, which the referee sees
            carer = Carer.anybody if link.carer is Carer.same and len(problem.jobs[job].services) > 1 else link.carer
            if other in done and (carer, together) in {(Carer.same, False), (Carer.other, True)}:
                return False
    return True


def _with(problem: Problem, who: int, items: tuple[Item, ...], new: Item) -> Iterator[tuple[Item, ...]]:
    """Yield the row with the new service at each place, the lunch first as it was, then at each other."""
    own = problem.staff[who].lunch
    plain = tuple(item for item in items if item[1] != LUNCH)
    for at in range(len(plain) + 1):
        longer = (*plain[:at], new, *plain[at:])
        if not _ranked(problem, longer):
            continue
        if own is None:
            yield longer
            continue
        for meal in range(len(longer) + 1):
            for where in (HERE,) if own.point is not None or meal == len(longer) else (HERE, THERE):
                yield (*longer[:meal], (where, LUNCH), *longer[meal:])


def _ranked(problem: Problem, items: tuple[Item, ...]) -> bool:
    return all(problem.jobs[here].rank <= problem.jobs[after].rank for (here, _), (after, _) in pairwise(items))


def _walk(problem: Problem, row: int, items: tuple[Item, ...], floors: Mapping[Item, int]) -> list[Stop] | None:
    """Time a row by itself, each stop as early as it can be; None when something is too late."""
    who = problem.staff[row]
    place, free = who.start_point, max(0, who.shift.start) if who.shift else 0
    stops: list[Stop] = []
    for at, (name, service) in enumerate(items):
        if service == LUNCH:
            stop, there = _lunch(problem, row, items, at, place, free)
        else:
            there = problem.jobs[name].point
            lasts = reading.length(problem, row, (name, service))
            arrives = free + reading.leg(problem, row, place, there, free)
            start = _opening(problem, name, lasts, max(arrives, floors.get((name, service), 0)))
            stop = None if start is None else Stop(name, service, start, start + lasts)
        if stop is None:
            return None
        stops.append(stop)
        place, free = there, stop.end
    back = free + reading.leg(problem, row, place, who.end_point, free)
    late = who.shift is not None and problem.rules.overtime is None and bool(stops) and back > who.shift.end
    return None if late else stops


def _lunch(
    problem: Problem, row: int, items: tuple[Item, ...], at: int, place: int, free: int
) -> tuple[Stop | None, int]:
    """Have lunch at its own point, at the next address or where one is; the stop, and where that is."""
    due = problem.staff[row].lunch
    assert due is not None
    name, there = (items[at - 1][0] if at else -1), place
    if due.point is not None:
        name, there = -1, due.point
    elif items[at][0] == THERE:
        name = items[at + 1][0]
        there = problem.jobs[name].point
    start = max(free + reading.leg(problem, row, place, there, free), due.start)
    return (Stop(name, LUNCH, start, start + due.duration) if start + due.duration <= due.end else None), there


def _opening(problem: Problem, wanted: int, lasts: int, earliest: int) -> int | None:
    """The first start at or after `earliest` that the job's windows allow."""
    job = problem.jobs[wanted]
    if not job.windows:
        return earliest
    if reading.may_be_late(problem, wanted):
        return max(earliest, min(window.start for window in job.windows))
    over = lasts if job.ends_in_window or problem.rules.window_end_at_service_end else 0
    return min((max(earliest, w.start) for w in job.windows if max(earliest, w.start) <= w.end - over), default=None)


def _turns(problem: Problem, plan: Plan, jobs: Sequence[int]) -> Iterator[tuple[tuple[int, int, Link], ...]]:
    """Yield which job of each link comes first: as in the plan, and both ways round where one is new."""
    starts: dict[int, int] = {}
    for route in plan.routes:
        for stop in route.stops:
            if stop.service != LUNCH:
                starts[stop.job] = min(stop.start, starts.get(stop.job, stop.start))
    choices: list[tuple[tuple[int, int, Link], ...]] = []
    for link in problem.links:
        here, there = link.first, link.second
        new = {here, there} & set(jobs)
        if {here, there} <= starts.keys() | set(jobs):
            ways = ((here, there, link), (there, here, link))
            if link.ordered or not new:
                ways = ways[:1] if link.ordered or starts[here] <= starts[there] else ways[1:]
            choices.append(ways)
    yield from product(*choices)


def _settle(
    problem: Problem, rows: Rows, floors: Mapping[Item, int], turn: tuple[tuple[int, int, Link], ...]
) -> dict[int, list[Stop]] | None:
    """Time all rows, each start as early as those that it waits for allow; None when there are no such times."""
    lowest = dict(floors)
    timed: dict[int, list[Stop]] = {}
    changed = set(rows)
    for _ in range(60):
        for row in changed:
            stops = _walk(problem, row, rows[row], lowest)
            if stops is None:
                return None
            timed[row] = stops
        at = {(stop.job, stop.service): (row, stop) for row, stops in timed.items() for stop in stops}
        raised = {key: time for key, time in _pulled(problem, at, turn) if time > at[key][1].start}
        if not raised:
            return timed
        for key, time in _pulled(problem, at, turn):
            lowest[key] = max(lowest.get(key, 0), time)
        changed = {at[key][0] for key in raised}
    return None


def _pulled(
    problem: Problem, at: Mapping[Item, tuple[int, Stop]], turn: tuple[tuple[int, int, Link], ...]
) -> Iterator[tuple[Item, int]]:
    """Yield how early services may begin at the earliest, seen from those that they are tied to."""
    given: dict[int, list[Stop]] = {}
    for (_, service), (_, stop) in at.items():
        if service != LUNCH:
            given.setdefault(stop.job, []).append(stop)
    for job, stops in given.items():
        if len(stops) > 1:
            yield from _met(problem.jobs[job], sorted(stops, key=lambda stop: stop.service))
    for first, second, link in turn:
        if first in given and second in given:
            apart = link.carer is Carer.same and problem.jobs[first].sync is not Sync.simultaneous
            counted = [stop for stop in given[first] if stop.service == 0 or not apart]
            last = max(counted, key=lambda stop: stop.end)
            begin = min(stop.start for stop in given[second])
            yield from (((stop.job, stop.service), last.end + link.low) for stop in given[second])
            if link.high is not None:
                yield (last.job, last.service), begin - link.high - (last.end - last.start)


def _met(job: Job, stops: list[Stop]) -> Iterator[tuple[Item, int]]:
    if job.sync is Sync.simultaneous:
        together = max(stop.start for stop in stops)
        yield from (((stop.job, stop.service), together) for stop in stops)
    if job.sync is Sync.sequential:
        for here, after in pairwise(stops):
            yield (after.job, after.service), here.start + job.lag.start
            yield (here.job, here.service), after.start - job.lag.end
