"""What compiled code does when it puts visits in: rules kept at every step, times as if set anew, the cheapest ways."""

import random
from dataclasses import replace

import numba
import numpy as np
import pytest

from service.cli.districts import ALL, SHARED, Feature, district_day
from service.routing import solver
from service.routing.problem import Limits, Window
from service.routing.referee import Rule
from service.routing.referee.check import check_plan
from service.routing.solver import judging
from service.routing.solver.rides import carrying, latest, laying, placing, pricing, ruin, scratch, writing
from service.routing.solver.rides.facts import Facts
from service.routing.solver.rides.state import State
from service.routing.solver.rides.tables import Longs, Tables
from tests.routing.solver.rides import days, everything

LATER = {Rule.mandatory_left_out, Rule.max_work}
"""What only whole days can keep: the search leaves it to the referee."""


def filled(state: State, chance: random.Random) -> State:
    jobs = [job for job in range(len(state.facts.problem.jobs)) if not state.has(job)]
    for job in chance.sample(jobs, len(jobs)):
        found = placing.put(state, job, chance) if not state.has(job) else None
        state = found.state if found is not None else state
    return state


def broken(state: State) -> set[str]:
    verdict = check_plan(state.facts.problem, writing.plan_of(state))
    return {each.code for each in verdict.violations} - LATER


def told(state: State, call: int) -> everything.Call:
    """What the other hand calls a call: the row, which of its ways, and whether it gets off."""
    node = call >> 1
    row = state.row(node)
    return row, [*state.route(row), state.end_of(row)].index(node), bool(call & 1)


class TestEveryStep:
    @pytest.mark.parametrize("seed", range(3))
    def test_keeps_every_rule_that_it_knows(self, seed: int) -> None:
        problem = district_day(24, 7, seed, ALL | {Feature.vehicles})
        chance, state = random.Random(seed), State(Facts(problem))
        for _ in range(5):
            state = ruin.mended(filled(state, chance), ())
            assert broken(state) == set()
            state = ruin.without_some(state, chance)
            assert broken(state) == set()
            state = ruin.with_other_ways(state, chance)
            assert broken(state) == set()

    @pytest.mark.parametrize("seed", range(8))
    def test_has_the_earliest_times_once_all_are_set_anew(self, seed: int) -> None:
        problem = days.tiny(seed, 5, 3)
        state = filled(State(Facts(problem)), random.Random(seed))
        anew = placing.timed(state)
        assert anew is not None
        for row in state.facts.rows:
            assert all(anew.start(node) <= state.start(node) for node in state.route(row))
        plan = writing.plan_of(anew)
        routes = tuple(tuple(state.facts.spots[node] for node in state.route(row)) for row in state.facts.rows)
        out = [each.job for each in plan.unassigned]
        slowly = everything.timed(problem, routes, out, [told(state, call) for call in state.calls(0)])
        assert slowly is not None
        assert slowly.routes == plan.routes

    def test_leaves_the_state_before_as_it_was(self) -> None:
        state = filled(State(Facts(days.tiny(1, 3))), random.Random(1))
        before = state.cells.copy()
        ruin.without_some(state, random.Random(2))
        ruin.with_other_ways(state, random.Random(3))
        placing.put(state, 0, None)
        assert np.array_equal(state.cells, before)


@numba.njit
def listed(t: Tables, s: Longs, z: scratch.Scratch, level: int, at: int, node: int, most: int) -> int:
    return carrying.ways(t, s, z, level, at, node, most)


class TestWays:
    @pytest.mark.parametrize("seed", range(3))
    def test_a_short_list_has_the_cheapest_of_a_long_one(self, seed: int) -> None:
        problem = district_day(20, 5, seed, SHARED)
        state = filled(State(Facts(problem)), random.Random(seed))
        tables = state.facts.tables
        node = next(node for row in state.facts.rows if problem.staff[row].rides for node in state.route(row))
        rooms = [scratch.room(state.facts.count, state.cells.shape[1], ways) for ways in (4, 4096)]
        counts = []
        for room in rooms:
            latest.find(tables, state.cells, room, 0)
            counts.append(listed(tables, state.cells, room, 0, 0, node, 50))
        short, long = (
            [(room.prices[0, 0, at], *room.ways[0, 0, at].tolist()) for at in range(count)]
            for room, count in zip(rooms, counts, strict=True)
        )
        assert len(long) > len(short) == 4
        assert short == long[:4]
        assert long == sorted(long)


class TestNumbers:
    def test_too_large_to_be_added_up_are_planned_on_foot(self) -> None:
        problem = days.tiny(4, 4)
        last = replace(problem.jobs[-1], windows=(Window(0, 1 << 41),))
        far = replace(problem, jobs=(*problem.jobs[:-1], last))
        assert (laying.fits(problem), laying.fits(far)) == (True, False)
        assert solver.solve(problem, Limits(600.0, rounds=1), 1).tours
        plan = solver.solve(far, Limits(2.0), 1)
        assert plan.tours == ()
        assert check_plan(far, plan).violations == ()
        assert len(plan.unassigned) < len(far.jobs)


class TestPrice:
    @pytest.mark.parametrize("features", [SHARED, ALL | {Feature.vehicles}])
    def test_is_never_above_the_referee_s(self, features: frozenset[Feature]) -> None:
        problem = district_day(24, 7, 1, features)
        chance, state, equal = random.Random(1), State(Facts(problem)), 0
        for _ in range(8):
            state = ruin.mended(filled(ruin.without_some(state, chance), chance), ())
            judged = judging.cost(problem, writing.plan_of(state))
            known = pricing.at_least(state.facts.tables, state.cells)
            assert judged is None or known <= judged
            equal += known == judged
        # shared days price nothing else
        assert equal == 8 or features != SHARED
