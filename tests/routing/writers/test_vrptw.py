"""Routes as written, measured by the file's own numbers."""

from pathlib import Path

import pytest

from service.routing import referee
from service.routing.problem import Limits, Plan, Route, Stop
from service.routing.readers import vrptw as reader
from service.routing.solver import solve
from service.routing.writers import vrptw

TEXT = (Path(__file__).parent.parent / "instances" / "vrptw_six.txt").read_text()
GOOD = [[3, 1], [2], [5, 4]]


def faults(routes: list[list[int]]) -> tuple[str, ...]:
    return vrptw.measure(TEXT, {"routes": routes}).faults


class TestSolution:
    def test_names_customers_and_leaves_the_depot_and_the_idle_out(self) -> None:
        plan = Plan((Route(0, (Stop(2, 0, 14, 64), Stop(0, 0, 200, 300))), Route(1, ()), Route(2, (Stop(1, 0, 1, 2),))))
        assert vrptw.solution("SIX", plan) == {"instance": "SIX", "routes": [[3, 1], [2]]}

    def test_what_the_solver_says_is_what_the_file_says(self) -> None:
        problem = reader.read(TEXT)
        plan = solve(problem, Limits(30.0, rounds=400), 1)
        measured = vrptw.measure(TEXT, vrptw.solution("SIX", plan))
        verdict = referee.check_plan(problem, plan)
        assert measured.faults == ()
        assert verdict.feasible
        assert measured.tenths == verdict.total


class TestMeasure:
    def test_adds_up_legs_cut_off_after_one_decimal(self) -> None:
        found = vrptw.measure(TEXT, {"routes": [[3, 1, 2], [6, 5, 4]]})
        assert found.tenths == (14 + 36 + 50 + 100) + (98 + 94 + 20 + 100)
        assert found.distance == "51.2"
        assert found.vehicles == 2

    def test_finds_no_fault_in_routes_that_keep_the_rules(self) -> None:
        assert faults([[3, 1], [2, 6], [5, 4]]) == ()

    @pytest.mark.parametrize(
        ("routes", "said"),
        [
            ([[3, 1], [2], [5, 4]], "customer 6 is visited 0 times"),
            ([[3, 1], [2, 6], [5, 4, 3]], "customer 3 is visited 2 times"),
            ([[3, 1], [2, 6], [5, 4], [7]], "customer 7 is unknown"),
            ([[3, 1], [2], [6], [5, 4]], "4 routes, 3 vehicles"),
            ([[3, 1, 2], [6, 5, 4]], "route 1: load 11, capacity 10"),
            ([[2, 6, 3], [1], [5, 4]], ""),
            ([[2, 1], [3, 6], [5, 4]], ""),
            ([[6, 2], [3, 1], [5, 4]], "route 1: 2 reached at 120.8, due 100"),
        ],
    )
    def test_names_the_rule_that_is_broken(self, routes: list[list[int]], said: str) -> None:
        found = faults(routes)
        assert said in found if said else not found
