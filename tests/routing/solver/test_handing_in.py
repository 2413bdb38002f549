"""What one of a crew does alone, on small days of all kinds of crews: as cheap as trying everything finds."""

import random
from dataclasses import replace

import pytest

from service.routing.problem import Carer, Limits, Link, Plan, Problem, Rules, Sync, Unassigned, Window
from service.routing.referee.check import check_plan
from service.routing.solver import ortools_engine, solve
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.kernel import Search, writing
from tests.routing import exhaustive, reproving
from tests.routing.solver import days

RULES = Rules(travel=2, tardiness=3, overtime=4, not_preferred=7)
KINDS = [(sync, seed) for sync in Sync for seed in range(4)]
CREW, DELIVERY = 1, 2


def small(sync: Sync, seed: int, *, bound: bool = True) -> Problem:
    """A crew of two, what one of them hands in, and a visit besides; three people who cannot all do everything."""
    chance = random.Random(f"{sync} {seed}")
    opening = chance.randint(10, 80)
    jobs = [
        days.job("alone", chance.randint(1, 5), (opening, opening + 60), skills=chance.choice("nd"), drop_penalty=150),
        days.job(
            "crew", chance.randint(1, 5), (30, 30 + chance.randint(10, 70)), skills=chance.choice(["n,d", "n,n"]),
            sync=sync, lag=Window(5, 15), drop_penalty=400,
        ),
        days.job("delivery", chance.randint(0, 5), (0, 300), duration=5, skills="", drop_penalty=0 if bound else 90),
    ]  # fmt: skip
    people = [days.person(f"s{at}", skills=skills, shift=(0, 190)) for at, skills in enumerate(["nd", "n", "nd"])]
    link = Link(CREW, DELIVERY, high=chance.randint(15, 60), carer=Carer.same, bound=bound)
    return replace(days.day(people, jobs, RULES), links=(link,))


def best(problem: Problem) -> int:
    found = exhaustive.solve(problem)
    assert found is not None
    return found.cost


@pytest.mark.parametrize(("sync", "seed"), KINDS)
def test_finds_what_trying_everything_finds(sync: Sync, seed: int) -> None:
    problem = small(sync, seed)
    verdict = check_plan(problem, solve(problem, Limits(30.0, rounds=30), seed))
    assert verdict.violations == ()
    assert verdict.total == best(problem)


@pytest.mark.parametrize(("sync", "seed"), KINDS)
def test_the_exact_model_proves_the_same(sync: Sync, seed: int) -> None:
    problem = small(sync, seed)
    plan, proven = ortools_engine.prove(problem, Limits(30.0, rounds=20))
    verdict = check_plan(problem, plan)
    assert (proven, verdict.violations, verdict.total) == (True, (), best(problem))


@pytest.mark.parametrize("bound", [True, False])
@pytest.mark.parametrize(("sync", "seed"), KINDS)
def test_the_search_by_itself_finds_one_of_the_crew(sync: Sync, seed: int, bound: bool) -> None:
    # days as small as these are planned exactly at last, and nobody would see what the search did before
    problem = small(sync, seed, bound=bound)
    search = Search(tabling.build(problem), Budget(Limits(30.0, rounds=20)), seed)
    search.construct()
    search.improve(1.0, lambda: None)
    chain = search.settled()
    left_out = tuple(Unassigned(job, "no_place_found") for job in chain.absent())
    verdict = check_plan(problem, Plan(writing.routes(chain.day, chain.now), left_out))
    assert (verdict.violations, verdict.total) == ((), chain.cost)
    assert verdict.total == best(problem)


@pytest.mark.parametrize(("sync", "seed"), KINDS)
def test_why_a_crew_stays_out_that_cannot_hand_in_so_soon_is_not_refuted(sync: Sync, seed: int) -> None:
    drawn = small(sync, seed)
    jobs = tuple(replace(job, drop_penalty=job.drop_penalty and 60) for job in drawn.jobs)
    problem = replace(drawn, jobs=jobs, links=(replace(drawn.links[0], high=2),))
    plan = solve(problem, Limits(20.0, rounds=8), 1)
    assert check_plan(problem, plan).violations == ()
    assert CREW in {gone.job for gone in plan.unassigned}
    assert list(reproving.faults(problem, plan)) == []
