"""Prices worked out by hand, on the day of `test_referee` and on smaller ones."""

from dataclasses import replace

import numpy as np
import pytest

from service.routing import referee
from service.routing.problem import (
    LUNCH,
    Band,
    Job,
    Lunch,
    Plan,
    Problem,
    Route,
    Rules,
    Service,
    Staff,
    Stop,
    Sync,
    Unassigned,
    Window,
)
from tests.routing import test_referee as day

LINE = day.LINE
NONE: frozenset[str] = frozenset()


def amounts(problem: Problem, plan: Plan) -> dict[str, int]:
    return {component.name: component.amount for component in referee.check_plan(problem, plan).components}


class TestPrice:
    def test_the_valid_day_costs_what_a_hand_finds(self) -> None:
        verdict = referee.check_plan(day.PROBLEM, day.PLAN)
        # travel A 10+10+10+0+10+40, B 40+40+80; waits A 10+100+30+5, B 190; idle A 10+145+150, B 20+190+80;
        # workloads A 80+85, B 160+50, each 22.5 from the mean; six doors, two of them B's
        assert {component.name: (component.amount, component.cost) for component in verdict.components} == {
            "travel": (240, 240),
            "waiting": (335, 670),
            "max_idle": (305, 915),
            "tardiness": (0, 0),
            "max_tardiness": (0, 0),
            "overtime": (0, 0),
            "missed_lunch": (0, 0),
            "unqualified": (0, 0),
            "not_preferred": (0, 0),
            "forbidden": (0, 0),
            "balance": (46, 0),
            "travel_balance": (80, 0),
            "arrival": (6, 0),
            "changed": (0, 0),
            "moved": (0, 0),
            "left_out": (1, 55),
        }
        assert verdict.total == 1880

    def test_bent_rules_cost_their_price_each(self) -> None:
        rules = Rules(
            tardiness=2, max_tardiness=3, overtime=5, missed_lunch=70, unqualified=11, not_preferred=13, forbidden=17
        )
        problem = replace(
            day.PROBLEM,
            rules=rules,
            jobs=(
                replace(day.JOBS[0], windows=(Window(10, 13),), forbidden_staff=frozenset({day.A})),
                replace(day.JOBS[1], windows=(Window(50, 56),), preferred_staff=frozenset({day.B})),
                replace(day.JOBS[2], services=(Service(25, frozenset({"drip"})),)),
                *day.JOBS[3:],
            ),
            staff=(day.STAFF[0], replace(day.STAFF[1], shift=Window(0, 400))),
        )
        costs = {component.name: component.cost for component in referee.check_plan(problem, day.PLAN).components}
        assert costs == {
            "travel": 240,
            "waiting": 0,
            "max_idle": 0,
            "tardiness": 2 * (7 + 4 + 4),
            "max_tardiness": 3 * 7,
            "overtime": 5 * 20,
            "missed_lunch": 0,
            "unqualified": 11,
            "not_preferred": 13,
            "forbidden": 17,
            "balance": 0,
            "travel_balance": 0,
            "arrival": 0,
            "changed": 0,
            "moved": 0,
            "left_out": 55,
        }

    def test_a_start_in_the_gap_is_late_for_the_window_before(self) -> None:
        problem = replace(day.with_job(2, windows=(Window(200, 240), Window(261, 300))), rules=Rules(tardiness=1))
        assert amounts(problem, day.PLAN)["tardiness"] == 20

    def test_the_end_counts_where_the_window_binds_it(self) -> None:
        rules = Rules(tardiness=1, window_end_at_service_end=True)
        problem = replace(day.with_job(2, windows=(Window(200, 270), Window(261, 300))), rules=rules)
        assert amounts(problem, day.PLAN)["tardiness"] == 15

    def test_the_idle_stand_idle_all_shift_and_miss_their_lunch(self) -> None:
        staff = (replace(day.STAFF[0], shift=Window(30, 500)), day.STAFF[1])
        problem = Problem(6, (LINE, LINE), staff, (), Rules(missed_lunch=9, max_idle=1))
        found = amounts(problem, Plan((Route(0, ()), Route(1, ()))))
        assert found["max_idle"] == 500
        assert found["missed_lunch"] == 1
        assert found["travel"] == found["overtime"] == 0

    def test_who_leaves_with_the_shift_waits_at_the_first_door(self) -> None:
        problem = replace(day.PROBLEM, rules=Rules(waiting=1, leave_at_shift_start=True))
        found = amounts(problem, day.PLAN)
        assert found["waiting"] == 335 + 10 + 20
        assert found["max_idle"] == 305

    def test_the_wait_after_a_lunch_that_opens_the_day_is_idle_but_not_waiting(self) -> None:
        staff = (Staff("A", NONE, 0, 0, Window(0, 400), Lunch(100, 200, 30)),)
        jobs = (Job("0", 1, (Window(300, 310),), (Service(20, NONE),)), Job("1", 1, (), (Service(5, NONE),)))
        problem = Problem(6, (LINE,), staff, jobs, Rules(waiting=1, max_idle=1))
        plan = Plan((Route(0, (Stop(0, LUNCH, 110, 140), Stop(0, 0, 300, 320), Stop(1, 0, 330, 335))),))
        found = amounts(problem, plan)
        assert found["waiting"] == 10
        assert found["max_idle"] == 100 + 160 + 10 + (400 - 345)

    def test_uses_the_matrix_of_the_person_in_the_direction_of_travel(self) -> None:
        one_way = np.array([[0, 7], [3, 0]], dtype=np.int64)
        staff = (Staff("A", NONE, 0, 0, None, None), Staff("B", NONE, 0, 0, None, None, matrix=1))
        jobs = (Job("0", 1, (), (Service(1, NONE),) * 2, Sync.simultaneous),)
        plan = Plan((Route(0, (Stop(0, 0, 90, 91),)), Route(1, (Stop(0, 1, 90, 91),))))
        assert amounts(Problem(2, (one_way, one_way * 4), staff, jobs), plan)["travel"] == (7 + 3) * 5

    def test_balance_rounds_each_distance_from_the_mean_up(self) -> None:
        staff = tuple(replace(day.STAFF[1], id=name, matrix=0) for name in "ABC")
        jobs = (Job("0", 1, (), (Service(5, NONE),)), Job("1", 2, (), (Service(6, NONE),)))
        problem = Problem(6, (LINE,), staff, jobs, Rules(travel=0, balance=3))
        plan = Plan((Route(0, (Stop(0, 0, 50, 55),)), Route(1, (Stop(1, 0, 50, 56),)), Route(2, ())))
        # workloads 25, 46, 0; mean 23 2/3: 1 1/3 → 2, 22 1/3 → 23, 23 2/3 → 24
        verdict = referee.check_plan(problem, plan)
        assert (verdict.component("balance").amount, verdict.total) == (49, 147)

    def test_different_end_points_are_driven_to(self) -> None:
        staff = (Staff("A", NONE, 5, 2, None, None),)
        plan = Plan((Route(0, (Stop(0, 0, 90, 91),)),))
        assert amounts(Problem(6, (LINE,), staff, (Job("0", 1, (), (Service(1, NONE),)),)), plan)["travel"] == 40 + 10

    def test_a_job_left_out_costs_its_penalty_whether_listed_or_not(self) -> None:
        listed = Plan((Route(0, ()),), (Unassigned(0, "no_capacity"),))
        problem = Problem(6, (LINE,), day.STAFF[:1], (replace(day.JOBS[4], drop_penalty=55),))
        assert referee.check_plan(problem, listed).component("left_out").cost == 55
        assert referee.check_plan(problem, replace(listed, unassigned=())).component("left_out").cost == 55


class TestExtendedPrice:
    def test_a_job_may_have_its_own_price_of_lateness(self) -> None:
        jobs = (
            replace(day.JOBS[0], windows=(Window(10, 13),), tardiness=9),
            replace(day.JOBS[1], windows=(Window(50, 56),)),
            *day.JOBS[2:],
        )
        problem = replace(day.PROBLEM, rules=Rules(tardiness=2, max_tardiness=3), jobs=jobs)
        verdict = referee.check_plan(problem, day.PLAN)
        assert verdict.feasible
        assert verdict.component("tardiness").amount == 7 + 4 + 4
        assert verdict.costs["tardiness"] == 9 * 7 + 2 * (4 + 4)
        assert verdict.costs["max_tardiness"] == 3 * 7

    def test_a_leg_takes_what_the_traffic_makes_of_it(self) -> None:
        # A is free to leave at 0, 40, 90, 230, 285 and 310: the last two legs begin in other bands
        bands = (Band(0, 1000), Band(285, 1001), Band(310, 500))
        problem = replace(day.PROBLEM, traffic=(bands, ()))
        found = amounts(problem, day.PLAN)
        assert found["travel"] == 10 + 10 + 10 + 0 + 11 + 20 + 160

    def test_travel_alone_may_be_shared_evenly(self) -> None:
        verdict = referee.check_plan(replace(day.PROBLEM, rules=Rules(travel=0, travel_balance=3)), day.PLAN)
        assert verdict.costs["travel_balance"] == 3 * (40 + 40)

    @pytest.mark.parametrize(
        ("rules", "apart"), [(Rules(travel=0, balance=3), 9 + 8 + 17), (Rules(travel=0, travel_balance=3), 7 + 7 + 14)]
    )
    def test_the_shifts_of_one_person_are_shared_evenly_as_one_day(self, rules: Rules, apart: int) -> None:
        # in two shifts as much as the other in one: 20 + 5 and 20 + 6 of work there, 40 + 11 here
        rows = [Staff(name, NONE, 0, 0, None, None, person=who) for name, who in (("A", 0), ("B", 0), ("C", None))]
        jobs = tuple(Job(f"{at}", 1, (), (Service(5 + at, NONE),)) for at in range(2))
        jobs += (Job("2", 2, (), (Service(11, NONE),)),)
        starts = (50, 100, 100)
        plan = Plan(tuple(Route(at, (Stop(at, 0, start, start + (5, 6, 11)[at]),)) for at, start in enumerate(starts)))
        assert referee.check_plan(Problem(6, (LINE,), tuple(rows), jobs, rules), plan).total == 0
        strangers = tuple(replace(row, person=None) for row in rows)
        assert referee.check_plan(Problem(6, (LINE,), strangers, jobs, rules), plan).total == 3 * apart

    def test_one_home_is_one_arrival_with_and_without_a_lunch_there(self) -> None:
        staff = (Staff("A", NONE, 0, 0, None, Lunch(0, 900, 10)),)
        jobs = tuple(Job(f"{at}", point, (), (Service(10, NONE),)) for at, point in enumerate((1, 1, 1, 2)))
        problem = Problem(6, (LINE,), staff, jobs, Rules(arrival=7))
        stops = (Stop(0, 0, 10, 20), Stop(1, 0, 20, 30), Stop(1, LUNCH, 30, 40), Stop(2, 0, 40, 50), Stop(3, 0, 60, 70))
        assert referee.check_plan(problem, Plan((Route(0, stops),))).costs["arrival"] == 14

    def test_who_leaves_the_home_for_lunch_arrives_again(self) -> None:
        staff = (Staff("A", NONE, 0, 0, None, Lunch(0, 900, 10, point=3)),)
        jobs = tuple(Job(f"{at}", 1, (), (Service(10, NONE),)) for at in range(2))
        problem = Problem(6, (LINE,), staff, jobs, Rules(arrival=7))
        plan = Plan((Route(0, (Stop(0, 0, 10, 20), Stop(-1, LUNCH, 40, 50), Stop(1, 0, 70, 80))),))
        verdict = referee.check_plan(problem, plan)
        assert verdict.feasible
        assert (verdict.costs["arrival"], verdict.costs["travel"]) == (14, 10 + 20 + 20 + 10)

    def test_a_promise_broken_costs_by_person_and_by_whole_step(self) -> None:
        jobs = (
            replace(day.JOBS[0], promised=11, promised_staff=frozenset({day.A})),
            replace(day.JOBS[1], promised=89, promised_staff=frozenset({day.B})),
            replace(day.JOBS[2], promised=280, promised_staff=frozenset({day.B})),
            *day.JOBS[3:],
        )
        problem = replace(day.PROBLEM, jobs=jobs, rules=Rules(changed=100, moved=10, moved_step=10))
        costs = referee.check_plan(problem, day.PLAN).costs
        assert costs["changed"] == 2 * 100
        assert costs["moved"] == (0 + 2 + 2) * 10

    def test_another_shift_of_the_promised_person_is_no_change(self) -> None:
        staff = tuple(replace(one, person=7) for one in day.STAFF)
        jobs = (replace(day.JOBS[0], promised_staff=frozenset({day.B})), *day.JOBS[1:])
        problem = replace(day.PROBLEM, staff=staff, jobs=jobs, rules=Rules(changed=100))
        assert referee.check_plan(problem, day.PLAN).costs["changed"] == 0
