"""The compiled search by strings: its bookkeeping against a full count, its answer against the referee."""

from dataclasses import replace
from itertools import combinations, pairwise, permutations

import numpy as np
import pytest

from service.routing import referee
from service.routing.problem import Limits, Lunch, Plan, Problem, Rules, Service, Unassigned, Window
from service.routing.solver import Phase, Progress, mandatory, solve, solve_plain, strings
from service.routing.solver.clock import Budget
from service.routing.solver.strings import facts as laying
from service.routing.solver.strings import pool as pools
from service.routing.solver.strings.day import (
    ABSENT,
    ACTIVE,
    ASSIGNED,
    CARRIED,
    COST,
    COUNT,
    FREE,
    LEG,
    LIMIT,
    STAFF,
    STOPS,
    VERSION,
)
from service.routing.solver.strings.facts import CAPACITY, Facts
from service.routing.solver.strings.placing import COSTS, PLACES, STAMP, UNHEARD_OF
from service.routing.solver.strings.run import Run
from tests.routing.solver import days, scattered


def one_window(problem: Problem) -> Problem:
    jobs = (replace(job, windows=job.windows[:1]) for job in problem.jobs)
    return replace(problem, jobs=tuple(jobs))


def counted(problem: Problem, run: Run) -> int:
    """Count a run's present day anew, from its stops alone; the price. Every figure the run keeps must agree."""
    known, day = run.facts, run.day
    served: dict[int, tuple[int, int]] = {}
    cost = 0
    for who in range(len(problem.staff)):
        jobs = [int(job) for job in day.routes[who, 1 : day.sizes[who, COUNT] + 1, STOPS]]
        served |= {job: (who, at) for at, job in enumerate(jobs, start=1)}
        assert day.sizes[who, CARRIED] == sum(problem.jobs[job].load for job in jobs) <= known.staff[who, CAPACITY]
        assert day.costs[who] == walked(problem, known, run, who, jobs)
        cost += int(day.costs[who])
    absent = set(range(len(problem.jobs))) - served.keys()
    assert set(day.absent[: day.totals[ABSENT]].tolist()) == absent
    assert {job: tuple(row) for job, row in enumerate(day.where.tolist()) if row[0] >= 0} == served
    busy = {who for who, _ in served.values()}
    assert set(day.active[: day.totals[ACTIVE]].tolist()) == busy
    assert int(day.resting.sum()) == len(problem.staff) - len(busy)
    assert day.totals[ASSIGNED] == len(served)
    return cost + sum(int(known.drops[job]) for job in absent)


def walked(problem: Problem, known: Facts, run: Run, who: int, jobs: list[int]) -> int:
    """Walk a route in plain Python: its price; the run's times and limits must be the same."""
    person, route = problem.staff[who], run.day.routes[who]
    points = [person.start_point, *(problem.jobs[job].point for job in jobs), person.end_point]
    legs = [int(problem.matrices[person.matrix][a, b]) for a, b in pairwise(points)]
    if not jobs:
        return 0
    assert route[: len(legs), LEG].tolist() == legs
    free, frees = person.shift.start if person.shift else 0, []
    for job, leg in zip(jobs, legs, strict=False):
        free = starts(known, job, free + leg) + problem.jobs[job].services[0].duration
        frees.append(free)
    assert route[1 : len(jobs) + 1, FREE].tolist() == frees
    limit = person.shift.end if person.shift else laying.FAR * 3
    assert frees[-1] + legs[-1] <= limit
    for at in range(len(jobs), 0, -1):
        limit = last_arrival(known, jobs[at - 1], limit - legs[at] - problem.jobs[jobs[at - 1]].services[0].duration)
        assert route[at, LIMIT] == limit
    prices = [int(known.prices[job, known.staff[who, laying.KIND]]) for job in jobs]
    assert min(prices) >= 0
    return problem.rules.travel * sum(legs) + sum(prices)


def starts(known: Facts, job: int, arrival: int) -> int:
    windows = zip(known.opens[job].tolist(), known.closes[job].tolist(), strict=True)
    return min(
        max(arrival, opening)
        for opening, closing in list(windows)[: known.jobs[job, laying.WINDOWS]]
        if arrival <= closing
    )


def last_arrival(known: Facts, job: int, start: int) -> int:
    windows = list(zip(known.opens[job].tolist(), known.closes[job].tolist(), strict=True))
    return max(
        min(start, closing) for opening, closing in windows[: known.jobs[job, laying.WINDOWS]] if opening <= start
    )


def least(run: Run, job: int, who: int) -> int:
    """What a job costs at its cheapest place of a route, each place tried; UNHEARD_OF where it has none."""
    known, route, found = run.facts, run.day.routes[who], UNHEARD_OF
    legs, takes = known.legs[known.staff[who, laying.MODE]], int(known.jobs[job, laying.DURATION])
    for at in range(1, run.day.sizes[who, COUNT] + 2):
        before, after = route[at - 1, STOPS], route[at, STOPS]
        arrival = int(route[at - 1, FREE] + legs[before, job])
        if (
            arrival > known.jobs[job, laying.CLOSES]
            or starts(known, job, arrival) + takes + legs[job, after] > route[at, LIMIT]
        ):
            continue
        more = int(known.fare * (legs[before, job] + legs[job, after] - route[at - 1, LEG]))
        found = min(found, more + int(known.prices[job, known.staff[who, laying.KIND]]))
    return found


def checked(problem: Problem, limits: Limits, seed: int = 1) -> tuple[strings.Found, Plan]:
    """Search, and see that the referee lets the answer pass at the price that the search says."""
    found = strings.search(problem, Budget(limits), seed)
    left_out = found.left_out(len(problem.jobs))
    plan = Plan(strings.routes(problem, found), tuple(Unassigned(job, "no_capacity") for job in left_out))
    verdict = referee.check_plan(problem, plan)
    must = [job for job in left_out if problem.jobs[job].drop_penalty is None]
    assert {each.code for each in verdict.violations} <= ({referee.Rule.mandatory_left_out} if must else set())
    assert verdict.total + mandatory.MUST * len(must) == found.cost
    return found, plan


class TestBookkeeping:
    @pytest.mark.parametrize("seed", range(6))
    def test_agrees_with_a_full_count_after_every_trial(self, seed: int) -> None:
        problem = scattered.day(seed) if seed % 3 else one_window(scattered.day(seed, 40, 8))
        run = Run(laying.lay_out(problem), (seed,))
        run.start()
        assert counted(problem, run) == run.cost
        kept = 0
        for _ in range(400):
            kept += run.go_on(1, 20.0, 20.0)
            cost = counted(problem, run)
            assert cost == run.day.totals[COST]
            assert run.cost <= cost
        assert 20 < kept < 400

    @pytest.mark.parametrize("seed", [1, 3])
    def test_what_is_remembered_of_a_route_is_what_a_search_of_it_finds(self, seed: int) -> None:
        run = Run(laying.lay_out(scattered.day(seed, 60, 12)), (seed,))
        run.start()
        remembered = 0
        for _ in range(40):
            run.go_on(5, 20.0, 20.0)
            known = run.day.places
            versions = run.day.sizes[:, VERSION]
            for job, who in np.argwhere(known[:, :, STAMP] >> PLACES == versions):
                if run.day.where[job, STAFF] != who:
                    remembered += 1
                    assert known[job, who, COSTS] == least(run, int(job), int(who))
        assert remembered > 1000

    def test_agrees_after_going_on_from_another_day(self) -> None:
        problem = scattered.day(1)
        run, other = (Run(laying.lay_out(problem), (seed,)) for seed in (1, 2))
        for each in (run, other):
            each.start()
            each.go_on(50, 50.0, 50.0)
        best = other.answer()
        assert run.adopt(best.routes)
        assert counted(problem, run) == run.day.totals[COST] == best.cost
        run.go_on(50, 10.0, 10.0)
        assert counted(problem, run) == run.day.totals[COST]

    def test_refuses_to_go_on_from_a_day_that_breaks_a_rule(self) -> None:
        problem = days.day([days.person()], [days.job("a", 5, (0, 50)), days.job("b", 1, (0, 20))], days.HARD)
        assert Run(laying.lay_out(problem), (1,)).adopt([(1, 0)]) is False

    def test_a_full_pool_forgets_all_but_the_present_day(self) -> None:
        run = Run(laying.lay_out(scattered.day(4, 60, 10)), (1,))
        run.start()
        run.go_on(200, 30.0, 30.0)
        run.pool.totals[pools.USED] = pools.ROOM
        while not run.go_on(1, 30.0, 30.0):
            pass
        present = {
            frozenset(run.day.routes[who, 1 : run.day.sizes[who, COUNT] + 1, STOPS].tolist())
            for who in run.day.active[: run.day.totals[ACTIVE]]
        }
        spots = np.flatnonzero(run.pool.keys != pools.EMPTY)
        begins, ends = run.pool.starts[spots], run.pool.starts[spots] + run.pool.lengths[spots]
        assert {frozenset(run.pool.stops[a:b].tolist()) for a, b in zip(begins, ends, strict=True)} == present

    def test_the_pool_holds_each_set_of_jobs_once_at_its_cheapest(self) -> None:
        problem = scattered.day(4, 60, 10)
        run = Run(laying.lay_out(problem), (1,))
        run.start()
        run.go_on(2000, 30.0, 1.0)
        pool = run.pool
        seen: dict[tuple[int, frozenset[int]], int] = {}
        for spot in np.flatnonzero(pool.keys != pools.EMPTY):
            first = pool.starts[spot]
            jobs = frozenset(pool.stops[first : first + pool.lengths[spot]].tolist())
            assert len(jobs) == pool.lengths[spot]
            assert (int(pool.kinds[spot]), jobs) not in seen
            seen[int(pool.kinds[spot]), jobs] = int(pool.costs[spot])
        assert len(seen) == pool.totals[pools.USED] > 50


class TestSearch:
    @pytest.mark.parametrize("seed", range(4))
    def test_answers_what_the_referee_lets_pass_at_the_price_it_says(self, seed: int) -> None:
        checked(scattered.day(seed), Limits(60.0, rounds=3000), seed)

    def test_the_same_seed_and_rounds_give_the_same_day(self) -> None:
        problem, limits = scattered.day(3, 80, 12), Limits(60.0, rounds=200)
        first, again, other = (strings.search(problem, Budget(limits), seed) for seed in (5, 5, 6))
        assert first == again
        assert first.routes != other.routes

    def test_finds_the_cheapest_of_all_orders(self) -> None:
        jobs = [days.job(str(point), point, (0, 1000), duration=1) for point in (3, 1, 5, 2, 4)]
        found, _ = checked(days.day([days.person(shift=(0, 1000))], jobs, days.HARD), Limits(60.0, rounds=500))
        assert found.cost == 100

    def test_tells_of_the_first_day_even_when_none_is_better(self) -> None:
        told = list[Progress]()
        problem = days.day([days.person()], [days.job("only", 1, (0, 100))], days.HARD)
        solve(problem, Limits(60.0, rounds=100), 1, told.append)
        assert [(each.cost, each.unassigned, each.phase) for each in told] == [(20, 0, Phase.construct)]

    def test_gives_each_the_jobs_near_home(self) -> None:
        west, east = days.person("w"), replace(days.person("e"), start_point=5, end_point=5)
        jobs = [days.job("a", 1, (0, 300)), days.job("b", 4, (0, 300)), days.job("c", 2, (0, 300))]
        found, _ = checked(days.day([west, east], jobs, days.HARD), Limits(60.0, rounds=500))
        assert [set(route) for route in found.routes] == [{0, 2}, {1}]

    def test_sends_another_where_one_cannot_carry_all(self) -> None:
        staff = [replace(days.person(name), capacity=3) for name in "ab"]
        jobs = [days.job(name, 2, (0, 300), load=2) for name in "ab"]
        found, _ = checked(days.day(staff, jobs, days.HARD), Limits(60.0, rounds=200))
        assert sorted(map(len, found.routes)) == [1, 1]

    def test_leaves_out_what_costs_more_than_leaving_it_out(self) -> None:
        jobs = [days.job("far", 5, (0, 200), drop_penalty=79), days.job("near", 1, (0, 200), drop_penalty=79)]
        found, _ = checked(days.day([days.person()], jobs, days.HARD), Limits(60.0, rounds=200))
        assert found.left_out(2) == [0]
        assert found.cost == 79 + 20

    def test_two_workers_answer_a_day_that_breaks_no_rule(self) -> None:
        checked(scattered.day(7, 60, 12), Limits(1.0, workers=2))

    def test_ends_in_time(self) -> None:
        budget = Budget(Limits(0.6, cpu=True))
        strings.search(scattered.day(8, 200, 30), budget, 1)
        assert 0.55 < budget.elapsed() < 1.1


def cheapest(problem: Problem) -> int:
    """What the best of all days costs: every order of every set of jobs for everybody, then every way to share them."""
    known = laying.lay_out(problem)
    everything = range(len(problem.jobs))
    best = {frozenset[int](): 0}
    for who in range(len(problem.staff)):
        routes = {
            frozenset(jobs): min(priced(problem, known, who, order) for order in permutations(jobs))
            for size in range(len(everything) + 1)
            for jobs in combinations(everything, size)
        }
        best = shared(best, {jobs: price for jobs, price in routes.items() if price < mandatory.MUST})
    return min(
        price + sum(int(known.drops[job]) for job in everything if job not in jobs) for jobs, price in best.items()
    )


def shared(best: dict[frozenset[int], int], routes: dict[frozenset[int], int]) -> dict[frozenset[int], int]:
    found: dict[frozenset[int], int] = {}
    for jobs, price in best.items():
        for more, dearer in routes.items():
            if not jobs & more:
                found[jobs | more] = min(found.get(jobs | more, mandatory.MUST), price + dearer)
    return found


def priced(problem: Problem, known: Facts, who: int, jobs: tuple[int, ...]) -> int:
    """What a route costs, MUST when it breaks a rule."""
    person = problem.staff[who]
    here, free, total = person.start_point, max(0, person.shift.start) if person.shift else 0, 0
    for job in jobs:
        leg = int(problem.matrices[person.matrix][here, problem.jobs[job].point])
        price = int(known.prices[job, known.staff[who, laying.KIND]])
        if price < 0 or free + leg > max(known.closes[job, : known.jobs[job, laying.WINDOWS]], default=-1):
            return mandatory.MUST
        free = starts(known, job, free + leg) + problem.jobs[job].services[0].duration
        here, total = problem.jobs[job].point, total + problem.rules.travel * leg + price
    home = int(problem.matrices[person.matrix][here, person.end_point]) if jobs else 0
    late = bool(jobs) and person.shift is not None and free + home > person.shift.end
    heavy = sum(problem.jobs[job].load for job in jobs) > known.staff[who, CAPACITY]
    return mandatory.MUST if late or heavy else total + problem.rules.travel * home


class TestSmallDays:
    @pytest.mark.parametrize("seed", range(15))
    def test_cost_what_the_best_of_all_days_costs(self, seed: int) -> None:
        problem = scattered.day(seed, 6, 3)
        found, _ = checked(problem, Limits(60.0, rounds=3000), seed)
        assert found.cost == cheapest(problem)

    @pytest.mark.parametrize("seed", range(15))
    def test_cost_no_more_than_without_compiled_code(self, seed: int) -> None:
        problem = droppable(scattered.day(seed, 12, 3))
        ours = referee.check_plan(problem, solve(problem, Limits(60.0, rounds=3000), seed))
        plain = referee.check_plan(problem, solve_plain(problem, Limits(0.4, rounds=100), seed))
        assert ours.violations == plain.violations == ()
        assert ours.total <= plain.total


def droppable(problem: Problem) -> Problem:
    jobs = (replace(job, drop_penalty=job.drop_penalty or 900) for job in problem.jobs)
    return replace(problem, jobs=tuple(jobs))


class TestSuits:
    def test_hard_days_of_one_person_per_job(self) -> None:
        assert strings.suits(scattered.day(1))

    @pytest.mark.parametrize(
        "rules",
        [
            Rules(waiting=1),
            Rules(max_idle=1),
            Rules(balance=1),
            Rules(overtime=1),
            Rules(tardiness=1, max_tardiness=0),
        ],
        ids=str,
    )
    def test_not_what_it_would_not_price(self, rules: Rules) -> None:
        assert not strings.suits(replace(scattered.day(1), rules=rules))

    def test_neither_lunches_nor_several_services_nor_nobody(self) -> None:
        problem = scattered.day(1)
        eats = tuple(replace(person, lunch=Lunch(1, 9, 2)) for person in problem.staff)
        pair = tuple(replace(job, services=job.services * 2) for job in problem.jobs)
        assert not strings.suits(replace(problem, staff=eats))
        assert not strings.suits(replace(problem, jobs=pair))
        assert not strings.suits(replace(problem, staff=()))
        assert not strings.suits(replace(problem, jobs=()))

    def test_nor_numbers_too_large_to_add_up(self) -> None:
        problem = scattered.day(1)
        late = replace(problem.jobs[0], windows=(Window(0, 1 << 30),))
        long = replace(problem.jobs[0], services=(Service(1 << 30, frozenset()),))
        for job in (late, long):
            assert not strings.suits(replace(problem, jobs=(job, *problem.jobs[1:])))
        assert not strings.suits(replace(problem, matrices=tuple(matrix << 30 for matrix in problem.matrices)))
