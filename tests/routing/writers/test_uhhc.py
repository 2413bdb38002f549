"""Written UHHC solutions and their price, against figures worked out by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.routing.problem import LUNCH, Limits, Plan, Route, Stop
from service.routing.readers import uhhc as reader
from service.routing.referee.check import check_plan
from service.routing.solver import solve
from service.routing.writers import uhhc, uhhc_cost

INSTANCE = Path(__file__).parent.parent / "instances" / "uhhc_two_carers.json"

PLAN = Plan(
    (
        Route(
            0,
            (
                Stop(0, 0, 60_000, 70_000),
                Stop(1, 0, 115_000, 135_000),
                Stop(1, LUNCH, 150_000, 180_000),
            ),
        ),
        Route(1, (Stop(1, 1, 125_000, 155_000),)),
    )
)


@pytest.fixture
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(INSTANCE.read_text(encoding="utf-8"))
    return found


def priced(document: dict[str, Any], plan: Plan) -> dict[str, float]:
    components = uhhc_cost.price(document, uhhc.solution(document, plan))
    return {component.name: component.value for component in components}


class TestSolution:
    def test_writes_all_carers_with_whole_numbers(self, document: dict[str, Any]) -> None:
        assert uhhc.solution(document, PLAN) == {
            "routes": [
                {
                    "caregiver_id": "wu",
                    "locations": [
                        {"patient": "north", "service": "injection", "arrival_time": 60, "departure_time": 70},
                        {"patient": "east", "service": "dressing", "arrival_time": 115, "departure_time": 135},
                        {"patient": "east", "service": "lunch_break", "arrival_time": 150, "departure_time": 180},
                    ],
                },
                {
                    "caregiver_id": "lin",
                    "locations": [{"patient": "east", "service": "lift", "arrival_time": 125, "departure_time": 155}],
                },
            ],
            "cost_components": {},
        }

    def test_writes_no_stops_for_the_idle_and_the_start_point_for_a_lunch_alone(self, document: dict[str, Any]) -> None:
        plan = Plan((Route(0, (Stop(-1, LUNCH, 150_500, 180_500),)), Route(1, ())))
        wu, lin = uhhc.solution(document, plan)["routes"]
        assert wu["locations"][0]["patient"] == "station"
        assert wu["locations"][0]["arrival_time"] == 150.5
        assert lin == {"caregiver_id": "lin"}


class TestPrice:
    def test_values_of_every_component(self, document: dict[str, Any]) -> None:
        assert priced(document, PLAN) == {
            "travel_time": (12 + 6 + 0 + 25) + (25 + 25),
            "total_tardiness": 5 + 15,
            "highest_tardiness": 15,
            "total_waiting_time": (115 - 70 - 6) + (150 - 135),
            "max_waiting_time": 39,
            "total_extra_time": 0,
            # wu: leaves at 48 for a shift from 30, waits 54, is back at 205 of 330; lin: 100 before, 120 after.
            "max_idle_time": max(18 + 54 + 125, 100 + 120),
            "caregiver_preferences": 1,
            "optional_patients": 1,
            "missed_lunch_break": 0,
            "qualification": 0,
            "incompabilities": 0,
            "working_time": (43 + 30) + (50 + 30),
            "workload_balance": 4 + 4,
        }

    def test_total_is_the_sum_of_weighted_values(self, document: dict[str, Any]) -> None:
        components = uhhc_cost.price(document, uhhc.solution(document, PLAN))
        assert uhhc_cost.total(components) == 3 * 93 + 2 * 20 + 5 * 15 + 54 + 220 + 4 + 90

    def test_lateness_is_measured_at_the_end_where_the_file_says_so(self, document: dict[str, Any]) -> None:
        document["metadata"]["time_window_met"] = "at_service_end"
        assert priced(document, PLAN)["total_tardiness"] == 25 + 45

    def test_overtime_and_a_missed_lunch(self, document: dict[str, Any]) -> None:
        late = Plan((Route(0, (Stop(2, 0, 320_000, 340_000),)), Route(1, ())))
        found = priced(document, late)
        assert (found["total_extra_time"], found["missed_lunch_break"]) == (340 + 9 - 330, 1)
        assert found["max_idle_time"] == 300

    def test_the_wait_after_an_opening_lunch_is_idle_but_not_priced(self, document: dict[str, Any]) -> None:
        plan = Plan((Route(0, (Stop(1, LUNCH, 150_000, 180_000), Stop(1, 0, 240_000, 260_000))), Route(1, ())))
        assert priced(document, plan)["total_waiting_time"] == 0

    def test_those_who_leave_at_the_start_of_the_shift_wait_at_the_first_patient(
        self, document: dict[str, Any]
    ) -> None:
        document["metadata"]["origin"] = "bazirha"
        assert priced(document, PLAN)["total_waiting_time"] == 54 + (60 - 30 - 12) + (125 - 0 - 25)

    def test_a_hard_component_counts_once(self, document: dict[str, Any]) -> None:
        document["metadata"]["cost_components"] = {"total_tardiness": "HARD"}
        assert uhhc_cost.total(uhhc_cost.price(document, uhhc.solution(document, PLAN))) == 20


class TestRoundTrip:
    def test_a_solved_instance_costs_in_the_file_what_the_referee_says_in_thousandths(
        self, document: dict[str, Any]
    ) -> None:
        problem = reader.read(document)
        plan = solve(problem, Limits(30, rounds=60), 1)
        verdict = check_plan(problem, plan)
        assert verdict.violations == ()
        components = uhhc_cost.price(document, uhhc.solution(document, plan))
        assert uhhc_cost.total(components) * 1000 == verdict.total
        assert uhhc_cost.total(components) < 762
