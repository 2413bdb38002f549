"""Choosing whole routes, against all combinations of a few."""

from itertools import combinations

import numpy as np
import pytest

from service.routing.problem import Limits
from service.routing.solver.clock import Budget
from service.routing.solver.strings import partition
from service.routing.solver.strings.partition import Columns

FOREVER = 1 << 40


def columns(routes: list[tuple[set[int], int, int]], people: list[int], drops: list[int]) -> Columns:
    jobs = [sorted(each) for each, _, _ in routes]
    return Columns(
        jobs=np.array([job for each in jobs for job in each], dtype=np.int64),
        starts=np.cumsum([0, *map(len, jobs)]),
        costs=np.array([cost for _, cost, _ in routes], dtype=np.int64),
        kinds=np.array([kind for _, _, kind in routes], dtype=np.int64),
        people=np.array(people, dtype=np.int64),
        drops=np.array(drops, dtype=np.int64),
    )


def choose(found: Columns, incumbent: list[int], **limits: int) -> list[int] | None:
    return partition.choose(found, incumbent, 1.0, Budget(Limits(20.0, **limits)))


def price(routes: list[tuple[set[int], int, int]], drops: list[int], chosen: tuple[int, ...]) -> int:
    served = set().union(*(routes[route][0] for route in chosen))
    return sum(routes[route][1] for route in chosen) + sum(drops[job] for job in set(range(len(drops))) - served)


class TestChoose:
    def test_takes_the_cheaper_routes(self) -> None:
        routes = [({0, 1}, 10, 0), ({2}, 5, 0), ({0}, 3, 0), ({1, 2}, 6, 0)]
        assert choose(columns(routes, [3], [FOREVER] * 3), [0, 1]) == [2, 3]

    def test_answers_nothing_when_nothing_is_cheaper(self) -> None:
        routes = [({0, 1}, 8, 0), ({2}, 1, 0), ({0}, 3, 0), ({1, 2}, 6, 0)]
        assert choose(columns(routes, [3], [FOREVER] * 3), [0, 1]) is None

    def test_needs_a_person_for_each_route(self) -> None:
        routes = [({0, 1}, 10, 0), ({0}, 3, 0), ({1}, 3, 0), ({1}, 5, 1)]
        assert choose(columns(routes, [1, 1], [FOREVER] * 2), [0]) == [1, 3]

    def test_leaves_a_job_out_at_its_price(self) -> None:
        routes = [({0, 1}, 10, 0), ({0}, 3, 0)]
        assert choose(columns(routes, [2], [FOREVER, 4]), [0]) == [1]
        assert choose(columns(routes, [2], [FOREVER, 8]), [0]) is None

    @pytest.mark.parametrize("seed", range(8))
    def test_finds_the_cheapest_of_all_combinations(self, seed: int) -> None:
        chance = np.random.default_rng(seed)
        drops = [int(drop) for drop in chance.integers(20, 60, 6)]
        routes = [({job}, 15, 0) for job in range(6)]
        for _ in range(9):
            jobs = {int(job) for job in chance.choice(6, chance.integers(2, 5), replace=False)}
            routes.append((jobs, int(chance.integers(10, 40)), int(chance.integers(0, 2))))
        people = [4, 2]
        incumbent = [0, 1]
        chosen = choose(columns(routes, people, drops), incumbent, rounds=1)
        possible = [
            price(routes, drops, each)
            for size in range(7)
            for each in combinations(range(len(routes)), size)
            if sum(len(routes[route][0]) for route in each) == len(set().union(*(routes[route][0] for route in each)))
            and all(sum(routes[route][2] == kind for route in each) <= people[kind] for kind in (0, 1))
        ]
        assert chosen is not None
        assert price(routes, drops, tuple(chosen)) == min(possible)
