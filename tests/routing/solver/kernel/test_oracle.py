"""The kernel against trying everything and against the engine of OR-Tools, on days small enough for both."""

import pytest

from service.routing.problem import Limits, Problem, Rules, Sync, Window
from service.routing.referee.check import check_plan
from service.routing.solver import solve, solve_plain
from tests.routing import exhaustive
from tests.routing.solver import days

RULES = Rules(travel=2, tardiness=3, max_tardiness=1, overtime=4, not_preferred=7)


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
def test_finds_what_trying_everything_finds(seed: int) -> None:
    problem = small(seed)
    verdict = check_plan(problem, solve(problem, Limits(30.0, rounds=40), seed))
    best = exhaustive.solve(problem)
    assert verdict.feasible
    assert best is not None
    assert verdict.total == best.cost


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
