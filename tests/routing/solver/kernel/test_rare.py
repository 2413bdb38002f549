"""What only some days ask for, each by itself: small days against brute force, and days worked out by hand."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

from service.routing import rules as words
from service.routing.problem import (
    LUNCH,
    Band,
    Carer,
    Job,
    Limits,
    Link,
    Lunch,
    Plan,
    Problem,
    Route,
    Rules,
    Service,
    Staff,
    Stop,
    Unassigned,
    Window,
)
from service.routing.referee.check import check_plan
from service.routing.solver import solve, strings
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.kernel import Search, writing
from service.routing.solver_refusal import NumbersTooLarge
from tests.routing.solver import days

RULES = Rules(travel=2, tardiness=3, overtime=4, not_preferred=7)


def leg(problem: Problem, who: Staff, here: int, there: int, free: int) -> int:
    way = int(problem.matrices[who.matrix][here, there])
    factors = [band.factor for band in (problem.traffic[who.matrix] if problem.traffic else ()) if band.start <= free]
    return -(-way * (factors[-1] if factors else 1000) // 1000)


def walk(problem: Problem, order: tuple[int, ...], team: tuple[int | None, ...]) -> Plan:
    """Give the jobs in this order, each as soon as its window, its links and its person allow."""
    place = [who.start_point for who in problem.staff]
    free = [who.shift.start if who.shift else 0 for who in problem.staff]
    ends: dict[int, int] = {}
    stops: list[list[Stop]] = [[] for _ in problem.staff]
    for at in order:
        who = team[at]
        if who is None:
            continue
        job = problem.jobs[at]
        floors = [ends[other] + link.low for link, other in linked(problem, at) if other in ends]
        ready = free[who] + leg(problem, problem.staff[who], place[who], job.point, free[who])
        start = max([ready, job.windows[0].start, *floors])
        ends[at] = free[who] = start + words.lasts(problem, at, 0, who)
        place[who] = job.point
        stops[who].append(Stop(at, 0, start, ends[at]))
    left_out = tuple(Unassigned(at, "not_worth_it") for at, who in enumerate(team) if who is None)
    return Plan(tuple(Route(who, tuple(list_)) for who, list_ in enumerate(stops)), left_out)


def linked(problem: Problem, job: int) -> Iterator[tuple[Link, int]]:
    for link in problem.links:
        if job in {link.first, link.second}:
            yield link, link.first + link.second - job


def cheapest(problem: Problem) -> int:
    """Try every order and every choice of people."""
    number = len(problem.jobs)
    choices = [[*range(len(problem.staff)), *([None] if job.drop_penalty else [])] for job in problem.jobs]
    verdicts = (
        check_plan(problem, walk(problem, order, team))
        for team in product(*choices)
        for order in permutations(range(number))
    )
    return min(verdict.total for verdict in verdicts if verdict.feasible)


def small(seed: int) -> Problem:
    chance = np.random.default_rng(seed)
    jobs = []
    for at in range(4):
        opening = int(chance.integers(0, 110))
        window = (opening, opening + int(chance.integers(10, 60)))
        duration, point = int(chance.integers(8, 20)), int(chance.integers(1, 6))
        jobs.append(days.job(f"j{at}", point, window, duration=duration, drop_penalty=200 if at else None))
    people = [days.person("a", shift=(0, 200)), days.person("b", shift=(10, 90)), days.person("c", shift=(100, 200))]
    return days.day(people, jobs, RULES)


def each(problem: Problem, **columns: tuple[object, ...]) -> Problem:
    """Give the jobs other columns."""
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return replace(problem, jobs=tuple(replace(job, **row) for job, row in zip(problem.jobs, rows, strict=True)))


def people(problem: Problem, **columns: tuple[object, ...]) -> Problem:
    """Give the staff other columns."""
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return replace(problem, staff=tuple(replace(who, **row) for who, row in zip(problem.staff, rows, strict=True)))


def bent(problem: Problem, **rules: object) -> Problem:
    return replace(problem, rules=replace(problem.rules, **rules))


def either(problem: Problem) -> Problem:
    services = tuple((Service(12, frozenset(), frozenset(one)),) for one in ("ab", "a", "bc", "c"))
    return people(each(problem, services=services), skills=tuple(map(frozenset, ("a", "b", "c"))))


def in_shifts(problem: Problem) -> Problem:
    """Make one person's two shifts of the second and the third row."""
    return people(problem, person=(None, 1, 1), shift=(Window(0, 200), Window(10, 90), Window(100, 200)))


def backwards(problem: Problem) -> Problem:
    """Let a job have the higher a rank the earlier it opens, and only the second and the third row give any."""
    opening = sorted((job.windows[0].start for job in problem.jobs), reverse=True)
    ranks = tuple(opening.index(job.windows[0].start) for job in problem.jobs)
    return each(problem, rank=ranks, allowed_staff=(frozenset({1, 2}),) * len(problem.jobs))


ASKS = {
    "a price of lateness of each job's own": lambda day: each(day, tardiness=(9, None, 1, 0)),
    "a hard window among soft ones": lambda day: each(day, punctual=(False, True, True, False)),
    "a price of its own where windows are hard": lambda day: each(
        bent(day, tardiness=None), tardiness=(1, None, None, 2)
    ),
    "an end in the window": lambda day: each(day, ends_in_window=(True, True, False, False)),
    "a pace": lambda day: people(day, pace=(1500, 1000, 700)),
    "one skill of several": either,
    "people who were promised": lambda day: each(
        bent(day, changed=25), promised_staff=(frozenset({1}), None, frozenset({0, 2}), frozenset({2}))
    ),
    "ranks": lambda day: each(day, rank=(1, 0, -1, 0)),
    "ranks over two shifts": lambda day: in_shifts(backwards(day)),
    "a price of arrivals": lambda day: each(bent(day, arrival=30), point=(2, 3, 2, 3)),
    "travel in balance": lambda day: bent(day, travel_balance=3),
    "travel in balance over two shifts": lambda day: in_shifts(bent(day, travel_balance=3)),
    "work in balance over two shifts": lambda day: in_shifts(bent(day, balance=2)),
    "a limit of work for two shifts": lambda day: people(in_shifts(day), max_work=(130, 110, 110)),
    "traffic": lambda day: replace(day, traffic=((Band(0, 1500), Band(40, 900), Band(100, 2100)),)),
    "an order": lambda day: replace(day, links=(Link(0, 1), Link(2, 3))),
    "a gap": lambda day: replace(day, links=(Link(0, 1, low=15, high=60), Link(3, 2, low=5))),
    "a gap whichever comes first": lambda day: replace(day, links=(Link(0, 1, low=30, ordered=False),)),
    "the same person": lambda day: replace(day, links=(Link(0, 1, carer=Carer.same), Link(1, 2, carer=Carer.same))),
    "the same person in another shift": lambda day: replace(
        people(day, person=(None, 1, 1)), links=(Link(0, 1, low=40, carer=Carer.same, bound=True),)
    ),
    "another person": lambda day: replace(
        people(day, person=(None, 1, 1)), links=(Link(0, 1, ordered=False, high=200, carer=Carer.other),)
    ),
    "jobs that come and go together": lambda day: each(
        replace(day, links=(Link(1, 2, high=30, bound=True), Link(2, 3, bound=True))), drop_penalty=(None, 30, 40, 20)
    ),
}


@pytest.mark.parametrize("ask", ASKS)
@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.long)])
def test_finds_what_brute_force_finds(ask: str, seed: int) -> None:
    problem = ASKS[ask](small(seed))
    verdict = check_plan(problem, solve(problem, Limits(30.0, rounds=60), seed))
    assert verdict.violations == ()
    # a job that a later one is to follow soon may be begun later than brute force does
    assert verdict.total <= cheapest(problem)


@pytest.mark.parametrize("ask", ["ranks over two shifts", "work in balance over two shifts"])
@pytest.mark.parametrize("seed", range(4))
def test_the_search_by_itself_keeps_and_counts_one_persons_shifts_together(ask: str, seed: int) -> None:
    # days as small as these are planned exactly at last, and nobody would see what the search did before
    problem = ASKS[ask](small(seed))
    search = Search(tabling.build(problem), Budget(Limits(30.0, rounds=5)), seed)
    search.construct()
    search.improve(1.0, lambda: None)
    chain = search.settled()
    left_out = tuple(Unassigned(job, "no_place_found") for job in chain.absent())
    verdict = check_plan(problem, Plan(writing.routes(chain.day, chain.now), left_out))
    assert (verdict.violations, verdict.total) == ((), chain.cost)


@pytest.mark.parametrize("ask", ASKS)
def test_is_searched_by_strings_only_where_these_know_all_of_it(ask: str) -> None:
    problem = bent(small(1), tardiness=None, overtime=None)
    known = {"a hard window among soft ones", "an end in the window", "one skill of several"}
    assert strings.suits(ASKS[ask](problem)) == (ask in known)


def test_waits_at_the_door_for_the_start_that_was_promised() -> None:
    told = Job("a", 1, (Window(0, 200),), (Service(10, frozenset()),), promised=100)
    problem = days.day([days.person()], [told], Rules(moved=5, moved_step=30))
    plan = solve(problem, Limits(10.0, rounds=2), 1)
    assert [stop.start for stop in plan.routes[0].stops] == [71]
    assert check_plan(problem, plan).total == 20


def test_pays_for_each_whole_step_after_the_promise() -> None:
    told = Job("a", 5, (Window(0, 200),), (Service(10, frozenset()),), promised=0)
    problem = days.day([days.person()], [told], Rules(moved=5, moved_step=30))
    verdict = check_plan(problem, solve(problem, Limits(10.0, rounds=2), 1))
    assert verdict.total == 100 + 5


def test_goes_to_a_lunch_at_its_own_point_and_on_from_there() -> None:
    lunch = Lunch(60, 100, 20, point=4)
    jobs = [days.job("a", 1, (20, 30)), days.job("b", 2, (100, 180))]
    problem = days.day([days.person(lunch=lunch, shift=(0, 300))], jobs, days.HARD)
    plan = solve(problem, Limits(10.0, rounds=5), 1)
    assert plan.routes[0].stops == (Stop(0, 0, 20, 40), Stop(-1, LUNCH, 70, 90), Stop(1, 0, 110, 130))
    assert check_plan(problem, plan).feasible


def test_nobody_goes_to_a_lunch_of_his_own_on_a_day_without_work() -> None:
    lunch = Lunch(0, 10, 10, point=5)
    jobs = [days.job("a", 1, (50, 60))]
    people_ = [days.person("a", lunch=lunch), days.person("b")]
    plan = solve(days.day(people_, jobs, days.HARD), Limits(10.0, rounds=2), 1)
    assert [len(route.stops) for route in plan.routes] == [0, 1]


def test_refuses_a_day_of_rare_rules_whose_numbers_are_too_large() -> None:
    problem = replace(small(1), links=(Link(0, 1, low=1 << 50),))
    with pytest.raises(NumbersTooLarge) as refused:
        solve(problem, Limits(1.0), 1)
    assert refused.value.field == "links[0].low"


def test_or_tools_plans_alone_what_is_too_dear_for_the_compiled_sums() -> None:
    problem = replace(small(1), links=(Link(0, 1),))
    dear = tuple(replace(job, drop_penalty=1 << 45) for job in problem.jobs)
    plan = solve(replace(problem, jobs=dear), Limits(5.0), 1)
    assert check_plan(problem, plan).violations == ()
    assert len(plan.unassigned) < len(dear)
