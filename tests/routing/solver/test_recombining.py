"""Recombining whole plans: the cheapest that their routes allow, by the referee's price, and never against a rule."""

from dataclasses import replace
from itertools import product

import pytest

from service.routing.problem import Limits, Plan, Problem, Route, Rules, Stop
from service.routing.referee.check import check_plan
from service.routing.solver import explain, going_on, judging, recombining, solve
from service.routing.solver.clock import Budget
from service.routing.solver.going_on import Cooling
from service.routing.solver.recombining import Pool
from tests.routing.solver import days, featured


def chosen(pool: Pool, plan: Plan, seconds: float = 60.0) -> Plan | None:
    return recombining.recombine(pool, plan, Budget(Limits(seconds, rounds=1)), 1.0)


def quarters() -> tuple[Problem, list[Plan]]:
    """Four people, a visit each; in either of two plans two of them have each other's."""
    people = [replace(days.person(f"s{at}"), start_point=at, end_point=at) for at in range(4)]
    problem = days.day(people, [days.job(f"j{at}", at, (50, 200), drop_penalty=900) for at in range(4)], days.HARD)
    orders = ((0, 1, 3, 2), (1, 0, 2, 3))
    return problem, [
        Plan(tuple(Route(at, (Stop(job, 0, 80, 100),)) for at, job in enumerate(order))) for order in orders
    ]


def meetings() -> tuple[Problem, list[Plan]]:
    """A pair of people who meet at 100 in one plan and at 120 in the other; each time the other one of them goes a
    detour.
    """
    jobs = [
        days.job("pair", 3, (80, 140), skills="n,n", drop_penalty=900),
        days.job("near", 3, (0, 300), drop_penalty=1),
        days.job("far", 5, (0, 300), drop_penalty=1),
    ]
    problem = days.day([days.person("a"), days.person("b")], jobs, days.HARD)
    early = Plan((Route(0, (Stop(0, 0, 100, 120),)), Route(1, (Stop(0, 1, 100, 120), Stop(2, 0, 140, 160)))))
    late = Plan((Route(0, (Stop(1, 0, 90, 110), Stop(0, 0, 120, 140))), Route(1, (Stop(0, 1, 120, 140),))))
    left = [tuple(explain.not_known(job) for job in out) for out in ((1,), (2,))]
    return problem, [Plan(plan.routes, gone) for plan, gone in zip((early, late), left, strict=True)]


def cheapest(pool: Pool) -> int | None:
    """The lowest price of all plans that the routes seen make, tried one by one; meetings as they were seen."""
    of = [[each for each in pool.columns() if each.person == person] for person in range(len(pool.people))]
    prices = []
    for columns in product(*of):
        moments = [pair for column in columns for pair in column.shared]
        if len(set(moments)) > len(dict(moments)):
            continue
        stops = {row: own for each in columns for row, own in zip(pool.people[each.person], each.stops, strict=True)}
        served = {stop.job for column in columns for stop in column.visits()}
        left = tuple(explain.not_known(job) for job in range(len(pool.problem.jobs)) if job not in served)
        prices.append(judging.cost(pool.problem, Plan(tuple(Route(row, stops[row]) for row in sorted(stops)), left)))
    return min((price for price in prices if price is not None), default=None)


class TestRecombine:
    def test_takes_the_better_half_of_either_plan(self) -> None:
        problem, plans = quarters()
        pool = Pool(problem)
        for plan in plans:
            pool.see(plan)
        found = chosen(pool, plans[0])
        assert found is not None
        assert [route.stops[0].job for route in found.routes] == [0, 1, 2, 3]
        assert check_plan(problem, found).violations == ()

    def test_says_nothing_where_nothing_is_cheaper(self) -> None:
        problem, plans = quarters()
        assert chosen(Pool(problem), plans[0]) is None

    def test_nobody_comes_to_a_meeting_at_another_moment(self) -> None:
        problem, plans = meetings()
        assert all(check_plan(problem, plan).violations == () for plan in plans)
        pool = Pool(problem)
        for plan in plans:
            pool.see(plan)
        found = chosen(pool, plans[0])
        assert found is None or check_plan(problem, found).violations == ()
        costs = [judging.cost(problem, plan) for plan in plans]
        assert cheapest(pool) == min(cost for cost in costs if cost is not None)

    def test_forgets_what_was_seen_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recombining.pool, "MOST", 4)
        problem, plans = quarters()
        pool = Pool(problem)
        for plan in plans:
            pool.see(plan)
        assert set(pool.columns()) == set(pool.columns_of(plans[1]))

    @pytest.mark.parametrize(
        "rules",
        [
            featured.HARD,
            replace(featured.RULES, balance=60),
            replace(featured.RULES, travel_balance=60),
            replace(featured.RULES, max_idle=300),
            replace(featured.RULES, max_tardiness=900),
            replace(featured.RULES, moved=200),
        ],
        ids=["hard", "balance", "travel_balance", "max_idle", "max_tardiness", "moved"],
    )
    def test_is_the_cheapest_that_the_routes_allow(self, rules: Rules) -> None:
        problem = featured.everything(22, 7, 0, rules)
        first = solve(problem, Limits(60.0, rounds=1), 0)
        pool = Pool(problem)
        for other in range(5):
            more = going_on.improve(problem, first, Limits(60.0, rounds=1), other, Cooling(0.3, 0.1, last=False))
            if more is not None and judging.cost(problem, more) is not None:
                pool.see(more)
        pool.see(first)
        found = chosen(pool, first)
        assert cheapest(pool) == judging.cost(problem, first if found is None else found)
