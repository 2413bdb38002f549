"""Where a job could go with all that is bound to it: compared with every two places tried by hand, and the referee."""

from dataclasses import replace
from itertools import combinations_with_replacement, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.routing import referee
from service.routing.changing import bound, opening, places
from service.routing.changing.places import Place, Refused
from service.routing.problem import LUNCH, Carer, Link, Plan, Problem, Route, Rules, Sync, Unassigned, Window
from service.routing.rules import UnassignedReason
from tests.routing.solver.days import POINTS, day, job, person

PRICED = Rules(travel=1)
ANY_TIME = (0, 400)
_NEVER = 10_000


def nothing(problem: Problem) -> Plan:
    """Return the plan in which nobody does anything."""
    left = tuple(Unassigned(at, UnassignedReason.no_capacity) for at in range(len(problem.jobs)))
    return Plan(tuple(Route(staff, ()) for staff in range(len(problem.staff))), left)


def filled(problem: Problem, jobs: range) -> Plan:
    """Return a plan with jobs put in one after the other at their best place, where they have one."""
    plan = nothing(problem)
    for at in jobs:
        answer = places.places(problem, plan, at, limit=1)
        plan = answer[0].plan if isinstance(answer, list) else plan
    return plan


@st.composite
def in_parts(draw: st.DrawFn, parts: int = 2) -> Problem:
    """Two people and some visits; the last one is in parts, each so long after the one before, by the same person."""
    staff = [person("a", shift=(0, draw(st.integers(120, 300)))), person("b", shift=(30, 260))]
    jobs = []
    for at in range(draw(st.integers(1, 5))):
        opens = draw(st.integers(0, 180))
        window = (opens, opens + draw(st.integers(0, 90)))
        jobs.append(
            job(f"j{at}", draw(st.integers(1, POINTS - 1)), window, duration=draw(st.integers(5, 30)), drop_penalty=500)
        )
    first, point = len(jobs), draw(st.integers(1, POINTS - 1))
    opens = draw(st.integers(0, 150))
    jobs.append(job("p1", point, (opens, opens + draw(st.integers(0, 120))), duration=15, drop_penalty=900))
    jobs += [job(f"p{part}", point, ANY_TIME, duration=10, drop_penalty=0) for part in range(2, parts + 1)]
    low = draw(st.integers(0, 60))
    high = low + draw(st.integers(0, 20))
    links = tuple(
        Link(at, at + 1, low=low, high=high, carer=Carer.same, bound=True) for at in range(first, first + parts - 1)
    )
    return replace(day(staff, jobs, PRICED), links=links)


def cheapest_by_hand(problem: Problem, plan: Plan, first: int) -> int | None:
    """Return the least that two parts cost, of all pairs of gaps of one row; times by the rules alone."""
    found = []
    for staff in range(len(problem.staff)):
        order = [stop.job for stop in plan.routes[staff].stops]
        for here, there in combinations_with_replacement(range(len(order) + 1), 2):
            row = [*order[:here], first, *order[here:there], first + 1, *order[there:]]
            if can_be(problem, staff, row):
                found.append(length(problem, staff, row) - length(problem, staff, order))
    return min(found, default=None)


def length(problem: Problem, staff: int, row: list[int]) -> int:
    who = problem.staff[staff]
    points = [who.start_point, *(problem.jobs[each].point for each in row), who.end_point]
    return sum(int(problem.matrices[0][here, there]) for here, there in pairwise(points)) if row else 0


def can_be(problem: Problem, staff: int, row: list[int]) -> bool:
    """Tell whether there are times for a row: the earliest by its order and links, raised until they fit or cannot."""
    who, travel = problem.staff[staff], problem.matrices[0]
    assert who.shift is not None
    first = [problem.jobs[each].windows[0].start for each in row]
    last = [problem.jobs[each].windows[0].end for each in row]
    takes = [problem.jobs[each].services[0].duration for each in row]
    points = [problem.jobs[each].point for each in row]
    starts = [
        max(begin, who.shift.start + int(travel[who.start_point, point]))
        for begin, point in zip(first, points, strict=True)
    ]
    for _ in range(_NEVER):
        before = list(starts)
        for at in range(1, len(row)):
            way = int(travel[points[at - 1], points[at]])
            starts[at] = max(starts[at], starts[at - 1] + takes[at - 1] + way)
        for link in problem.links:
            one, other = row.index(link.first), row.index(link.second)
            assert link.high is not None
            starts[other] = max(starts[other], starts[one] + takes[one] + link.low)
            starts[one] = max(starts[one], starts[other] - takes[one] - link.high)
        if any(start > end for start, end in zip(starts, last, strict=True)):
            return False
        if starts == before:
            home = int(travel[points[-1], who.end_point])
            return starts[-1] + takes[-1] + home <= who.shift.end
    return False


class TestParts:
    @settings(max_examples=150, deadline=None)
    @given(in_parts())
    def test_have_their_cheapest_place_wherever_trying_all_gaps_by_hand_finds_one(self, problem: Problem) -> None:
        first = len(problem.jobs) - 2
        plan = filled(problem, range(first))
        answer = bound.find_places(problem, plan, first)
        wanted = cheapest_by_hand(problem, plan, first)
        if isinstance(answer, Refused):
            assert wanted is None
            return
        assert answer[0].cost == wanted

    @settings(max_examples=60, deadline=None)
    @given(st.integers(2, 4).flatmap(in_parts))
    def test_are_placed_all_of_them_and_judged_and_whoever_is_moved_is_named(self, problem: Problem) -> None:
        first = next(at for at, each in enumerate(problem.jobs) if each.id == "p1")
        plan = filled(problem, range(first))
        before = referee.check_plan(problem, plan)
        answer = bound.find_places(problem, plan, first)
        found: list[Place] = answer if isinstance(answer, list) else []
        assert len(found) <= places.BEST
        assert [each.cost for each in found] == sorted(each.cost for each in found)
        for place in found:
            verdict = referee.check_plan(problem, place.plan)
            assert verdict.feasible, verdict.violations
            assert place.cost == verdict.total - before.total + 900
            assert [each.job for each in place.behind] == list(range(first + 1, len(problem.jobs)))
            assert {each.staff for each in place.behind} == set(place.staff)
            was = {(stop.job, route.staff): stop.start for route in plan.routes for stop in route.stops}
            now = {(stop.job, route.staff): stop.start for route in place.plan.routes for stop in route.stops}
            moved = {(each.job, each.staff): (each.before, each.after) for each in place.pushes}
            assert moved == {each: (was[each], now[each]) for each in was if was[each] != now[each]}
            assert all(now[each.job, each.staff] == each.start for each in place.behind)

    def test_nothing_before_now_moves_and_nobody_comes_before_then(self) -> None:
        problem = replace(
            day(
                [person("a")], [job("p1", 1, ANY_TIME, drop_penalty=1), job("p2", 1, ANY_TIME, drop_penalty=0)], PRICED
            ),
            links=(Link(0, 1, low=30, high=40, carer=Carer.same, bound=True),),
        )
        answer = bound.find_places(problem, nothing(problem), 0, frozen_until=100)
        assert isinstance(answer, list)
        assert answer[0].starts[0] >= 100
        assert 30 <= answer[0].behind[0].start - answer[0].starts[0] - 20 <= 40

    def test_without_time_for_the_second_have_no_place_and_links_are_the_reason(self) -> None:
        jobs = [job("p1", 1, ANY_TIME, drop_penalty=1), job("p2", 1, ANY_TIME, drop_penalty=0)]
        links = (Link(0, 1, low=300, high=310, carer=Carer.same, bound=True),)
        problem = replace(day([person("a", shift=(0, 200))], jobs, PRICED), links=links)
        assert bound.find_places(problem, nothing(problem), 0) == Refused(UnassignedReason.linked)

    def test_of_a_full_day_the_reason_is_its_fullness(self) -> None:
        jobs = [
            job("all day", 1, (10, 10), duration=170, drop_penalty=500),
            job("p1", 1, ANY_TIME, drop_penalty=1),
            job("p2", 1, ANY_TIME, drop_penalty=0),
        ]
        links = (Link(1, 2, low=30, high=40, carer=Carer.same, bound=True),)
        problem = replace(day([person("a", shift=(0, 200))], jobs, PRICED), links=links)
        assert bound.find_places(problem, filled(problem, range(1)), 1) == Refused(UnassignedReason.no_capacity)

    def test_of_somebody_with_two_rows_may_be_in_both(self) -> None:
        rows = [
            replace(person("a", shift=(0, 100)), person=0),
            replace(person("a", shift=(150, 300)), person=0),
            person("b", shift=(0, 60)),
        ]
        jobs = [job("p1", 1, (0, 50), drop_penalty=900), job("p2", 1, ANY_TIME, drop_penalty=0)]
        links = (Link(0, 1, low=120, high=200, carer=Carer.same, bound=True),)
        problem = replace(day(rows, jobs, PRICED), links=links)
        answer = bound.find_places(problem, nothing(problem), 0)
        assert isinstance(answer, list)
        assert {(each.staff[0], each.behind[0].staff) for each in answer} == {(0, 1)}


class TestBound:
    def test_follow_each_other_in_the_order_of_their_links(self) -> None:
        jobs = [job(f"j{at}", 1, ANY_TIME) for at in range(6)]
        links = (
            Link(4, 1, bound=True),
            Link(2, 4, bound=True),
            Link(2, 5, bound=True),
            Link(0, 2),
        )
        problem = replace(day([person("a")], jobs), links=links)
        assert bound.bound_to(problem, 2) == (2, 4, 1, 5)
        assert bound.bound_to(problem, 1) == (2, 4, 1, 5)
        assert bound.bound_to(problem, 0) == (0,)
        assert bound.bound_to(problem, 3) == (3,)


class TestOpenings:
    @settings(max_examples=60, deadline=None)
    @given(in_parts(), st.integers(0, 8))
    def test_are_the_spans_in_which_all_parts_have_a_place(self, problem: Problem, at: int) -> None:
        first = len(problem.jobs) - 2
        plan, span = filled(problem, range(first)), Window(at * 30, at * 30 + 29)
        found = opening.openings(problem, plan, first, [span])
        jobs = list(problem.jobs)
        jobs[first] = replace(jobs[first], windows=(span,))
        asked = replace(problem, jobs=tuple(jobs))
        assert bool(found) == (cheapest_by_hand(asked, plan, first) is not None)
        for each in found:
            assert span.start <= each.starts[0] <= span.end
            [behind] = each.behind
            [link] = problem.links
            gap = behind.start - each.starts[0] - 15
            assert link.low <= gap <= (link.high or 0)


@pytest.mark.parametrize("sync", Sync)
def test_a_specimen_of_a_crew_goes_with_whoever_of_it_can(sync: Sync) -> None:
    """The first of the crew is off duty before he could be at the station."""
    crew = job("crew", 4, (0, 150), skills="n,n", duration=10, sync=sync, lag=Window(0, 20), drop_penalty=500)
    jobs = [crew, job("delivery", 0, ANY_TIME, duration=5, drop_penalty=0)]
    links = (Link(0, 1, high=60, carer=Carer.same, bound=True),)
    goes = replace(person("goes", shift=(0, 90)), end_point=4)
    problem = replace(day([goes, person("stays")], jobs, PRICED), links=links)
    answer = bound.find_places(problem, nothing(problem), 0)
    assert isinstance(answer, list)
    for place in answer:
        assert referee.check_plan(problem, place.plan).feasible
        assert set(place.staff) == {0, 1}
        assert [each.staff for each in place.behind] == [1]


@pytest.mark.parametrize("rules", [Rules(travel=1, waiting=1), Rules(travel=1, balance=3)])
def test_a_specimen_goes_with_its_visit_and_lunches_stay_had(rules: Rules) -> None:
    """The delivery is at the station, soon after the visit, by the same person."""
    jobs = [
        job("v0", 3, ANY_TIME, drop_penalty=500),
        job("v1", 4, ANY_TIME, drop_penalty=500),
        job("delivery", 0, ANY_TIME, duration=5, drop_penalty=0),
    ]
    links = (Link(1, 2, high=60, carer=Carer.same, bound=True),)
    problem = replace(day([person("a"), person("b")], jobs, rules), links=links)
    plan = filled(problem, range(1))
    assert isinstance(places.places(problem, plan, 1), Refused), "alone it has no place"
    answer = bound.find_places(problem, plan, 1)
    assert isinstance(answer, list)
    for place in answer:
        assert referee.check_plan(problem, place.plan).feasible
        assert place.behind[0].staff == place.staff[0]
        assert all(stop.service != LUNCH for route in place.plan.routes for stop in route.stops)
