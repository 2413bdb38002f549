"""The kernel's costs: the same step by step as for the whole day walked anew, and the same as the referee's."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.routing.problem import Limits, Lunch, Plan, Problem, Rules, Sync, Unassigned, Window
from service.routing.referee.check import check_plan
from service.routing.solver import tables as tabling
from service.routing.solver.clock import Budget
from service.routing.solver.kernel import Search, evaluate, layout, writing
from service.routing.solver.kernel.chain import Chain
from tests.routing.solver import days, featured

HARD = Rules(travel=2, missed_lunch=20, not_preferred=5, overtime=1)
BALANCED = Rules(travel=1, waiting=2, tardiness=3, overtime=1, missed_lunch=9, balance=4, leave_at_shift_start=True)
AT_END = Rules(
    waiting=3, max_idle=2, tardiness=2, max_tardiness=1, overtime=1, missed_lunch=20, window_end_at_service_end=True
)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def chain_of(problem: Problem, seed: int) -> Chain:
    search = Search(tabling.build(problem), Budget(Limits(60.0, rounds=1)), seed)
    search.construct()
    return search.chains[0]


def as_walked_anew(chain: Chain) -> layout.Now:
    """The same order and staff, decoded without anything that was known."""
    fresh = layout.nothing_planned(chain.day)
    fresh.keys[:], fresh.staff[:] = chain.now.keys, chain.now.staff
    assert evaluate.refresh(chain.day, fresh, chain.change, chain.trial)
    return fresh


def steps_agree(problem: Problem, seed: int, steps: int, warmth: float) -> int:
    """Make proposals one by one; after each accepted one everything known equals a full decode. Tells how many were."""
    chain = chain_of(problem, seed)
    accepted = 0
    for _ in range(steps):
        before = int(chain.now.total[0]), chain.now.keys.copy(), chain.now.staff.copy()
        chain.anneal(warmth, warmth, 1)
        same = (chain.now.staff == before[2]).all() and int(chain.now.total[0]) == before[0]
        accepted += not same
        fresh = as_walked_anew(chain)
        assert fresh.total.tolist() == chain.now.total.tolist()
        present = chain.now.staff >= 0
        assert (fresh.start[present] == chain.now.start[present]).all()
        assert (fresh.at[present] == chain.now.at[present]).all()
        assert (fresh.snap[present] == chain.now.snap[present]).all()
        assert (fresh.day == chain.now.day).all()
    return accepted


def big(jobs: int, staff: int, rules: Rules, seed: int) -> Problem:
    chance = np.random.default_rng(seed)
    lunch = Lunch(150, 260, 20)
    people = [
        days.person(f"s{at}", skills="nd" if at % 2 else "n", shift=(int(chance.integers(0, 50)), 500), lunch=lunch)
        for at in range(staff)
    ]
    visits = []
    for at in range(jobs):
        opening = int(chance.integers(0, 400))
        visits.append(
            days.job(
                f"j{at}",
                int(chance.integers(1, 20)),
                (opening, opening + int(chance.integers(10, 90))),
                duration=int(chance.integers(5, 30)),
                skills=str(chance.choice(["n", "n", "d", "n,d", "n,n"])),
                sync=list(Sync)[int(chance.integers(3))],
                lag=Window(0, 30),
                drop_penalty=int(chance.integers(100, 900)) if at % 2 else None,
                preferred_staff=frozenset({0, 1}) if at % 5 == 0 else None,
            )
        )
    return days.day(people, visits, rules, points=20)


class TestIncrementalCost:
    @pytest.mark.parametrize("rules", [days.SOFT, HARD, BALANCED, AT_END], ids=["soft", "hard", "balanced", "at end"])
    def test_equals_a_full_decode_after_every_accepted_move(self, rules: Rules) -> None:
        accepted = steps_agree(big(40, 8, rules, 4), 1, 3000, 60.0)
        assert accepted > 100

    @pytest.mark.parametrize("rules", [featured.RULES, featured.HARD], ids=["soft", "hard"])
    @pytest.mark.parametrize("traffic", [True, False])
    def test_equals_a_full_decode_with_everything_that_a_day_may_ask_for(self, rules: Rules, traffic: bool) -> None:
        accepted = steps_agree(featured.everything(40, 10, 1, rules, traffic=traffic), 1, 1500, 200.0)
        assert accepted > 25


class TestPrice:
    @quick
    @given(
        st.sampled_from([days.SOFT, HARD, BALANCED, AT_END]).flatmap(
            lambda rules: days.problems(rules, droppable=True)
        ),
        st.integers(0, 9),
    )
    def test_is_the_referees_on_any_small_day_and_no_hard_rule_is_broken(self, problem: Problem, seed: int) -> None:
        chain = chain_of(problem, seed)
        chain.anneal(50.0, 1.0, 2000)
        chain.back_to_best()
        left_out = tuple(Unassigned(job, "no_capacity") for job in chain.absent())
        verdict = check_plan(problem, Plan(writing.routes(chain.day, chain.now), left_out))
        assert verdict.violations == ()
        assert verdict.total == chain.cost

    @pytest.mark.parametrize("rules", [days.SOFT, HARD, BALANCED, AT_END], ids=["soft", "hard", "balanced", "at end"])
    def test_is_the_referees_on_a_large_day(self, rules: Rules) -> None:
        problem = big(60, 10, rules, 9)
        chain = chain_of(problem, 3)
        chain.anneal(60.0, 1.0, 40_000)
        chain.back_to_best()
        left_out = tuple(Unassigned(job, "no_capacity") for job in chain.absent())
        verdict = check_plan(problem, Plan(writing.routes(chain.day, chain.now), left_out))
        mandatory = [gone.job for gone in left_out if problem.jobs[gone.job].drop_penalty is None]
        assert {violation.code for violation in verdict.violations} <= {"mandatory_left_out"}
        assert verdict.total == chain.cost - 10**13 * len(mandatory)

    @pytest.mark.parametrize("rules", [featured.RULES, featured.HARD], ids=["soft", "hard"])
    @pytest.mark.parametrize("traffic", [True, False])
    @pytest.mark.parametrize("seed", range(3))
    def test_is_the_referees_with_everything_that_a_day_may_ask_for(
        self, rules: Rules, traffic: bool, seed: int
    ) -> None:
        problem = featured.everything(40, 10, seed, rules, traffic=traffic)
        chain = chain_of(problem, seed)
        chain.anneal(60.0, 1.0, 20_000)
        chain.rebuild(10.0, 50)
        chain.back_to_best()
        left_out = tuple(Unassigned(job, "no_capacity") for job in chain.absent())
        verdict = check_plan(problem, Plan(writing.routes(chain.day, chain.now), left_out))
        mandatory = [gone.job for gone in left_out if problem.jobs[gone.job].drop_penalty is None]
        assert {violation.code for violation in verdict.violations} <= {"mandatory_left_out"}
        assert len(left_out) < 24
        assert verdict.total == chain.cost - 10**13 * len(mandatory)
