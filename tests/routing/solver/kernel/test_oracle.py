"""The kernel against brute force and against the engine of OR-Tools, on days small enough for both."""

from collections.abc import Iterator
from itertools import permutations, product

import pytest

from service.routing.problem import Job, Limits, Plan, Problem, Route, Rules, Stop, Sync, Unassigned, Window
from service.routing.referee.check import check_plan
from service.routing.solver import solve, solve_plain
from tests.routing.solver import days

RULES = Rules(travel=2, tardiness=3, max_tardiness=1, overtime=4, not_preferred=7)
"""Nothing here makes it worth while to wait on purpose, so every best day is an order walked at the earliest times."""


def teams(problem: Problem, job: Job) -> list[tuple[int, ...]]:
    """Everybody who may give the job's services, and nobody where it may be left out."""
    able = [[at for at, who in enumerate(problem.staff) if service.skills <= who.skills] for service in job.services]
    found = [team for team in product(*able) if len(set(team)) == len(team)]
    return found if job.drop_penalty is None else [(), *found]


def walk(problem: Problem, order: tuple[int, ...], choice: tuple[tuple[int, ...], ...]) -> Plan:
    """Give all services in the order of the jobs, each as soon as everybody can."""
    place = [who.start_point for who in problem.staff]
    free = [who.shift.start if who.shift else 0 for who in problem.staff]
    stops: list[list[Stop]] = [[] for _ in problem.staff]
    for at in order:
        job, team = problem.jobs[at], choice[at]
        travel = problem.matrices[0]
        ready = [max(free[who] + int(travel[place[who], job.point]), job.windows[0].start) for who in team]
        if team and job.sync is Sync.simultaneous:
            ready = [max(ready)] * len(team)
        if len(team) > 1 and job.sync is Sync.sequential:
            ready[1] = max(ready[1], ready[0] + job.lag.start)
            ready[0] = max(ready[0], ready[1] - job.lag.end)
        for service, (who, start) in enumerate(zip(team, ready, strict=True)):
            end = start + job.services[service].duration
            stops[who].append(Stop(at, service, start, end))
            place[who], free[who] = job.point, end
    left_out = tuple(Unassigned(at, "not_worth_it") for at, team in enumerate(choice) if not team)
    return Plan(tuple(Route(who, tuple(list_)) for who, list_ in enumerate(stops)), left_out)


def every_plan(problem: Problem) -> Iterator[Plan]:
    orders = list(permutations(range(len(problem.jobs))))
    for choice in product(*(teams(problem, job) for job in problem.jobs)):
        for order in orders:
            yield walk(problem, order, choice)


def cheapest(problem: Problem) -> int:
    verdicts = (check_plan(problem, plan) for plan in every_plan(problem))
    return min(verdict.total for verdict in verdicts if verdict.feasible)


def small(seed: int) -> Problem:
    """Four jobs of all kinds, three people; narrow windows, so that order and people matter."""
    kinds = [Sync.simultaneous, Sync.sequential, Sync.simultaneous]
    jobs = [
        days.job(
            f"j{at}",
            1 + (at * 3 + seed) % 5,
            (20 + (at * 37 + seed * 13) % 90, 40 + (at * 37 + seed * 13) % 90),
            duration=15,
            skills=["n,d", "n", "n", "d,n"][(at + seed) % 4],
            sync=kinds[(at + seed) % 3],
            lag=Window(5, 15),
            drop_penalty=150 if at == 3 else None,
            preferred_staff=frozenset({seed % 3}),
        )
        for at in range(4)
    ]
    people = [days.person(f"s{at}", skills=skills, shift=(0, 160)) for at, skills in enumerate(["nd", "n", "d"])]
    return days.day(people, jobs, RULES)


@pytest.mark.parametrize("seed", range(15))
def test_finds_what_brute_force_finds(seed: int) -> None:
    problem = small(seed)
    verdict = check_plan(problem, solve(problem, Limits(30.0, rounds=40), seed))
    assert verdict.feasible
    assert verdict.total == cheapest(problem)


@pytest.mark.parametrize("seed", range(15))
def test_is_never_dearer_than_the_engine_without_compiled_code(seed: int) -> None:
    problem = small(seed)
    ours = check_plan(problem, solve(problem, Limits(30.0, rounds=40), seed))
    plain = check_plan(problem, solve_plain(problem, Limits(0.4, rounds=100), seed))
    assert ours.violations == plain.violations == ()
    assert ours.total <= plain.total


def test_the_same_seed_gives_the_same_plan_and_workers_change_nothing_in_that() -> None:
    problem = small(2)
    for limits in (Limits(60.0, rounds=20), Limits(60.0, rounds=20, workers=2)):
        assert solve(problem, limits, 5) == solve(problem, limits, 5)
