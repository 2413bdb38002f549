"""Each reason why a job stays out, and nothing but that reason."""

from dataclasses import replace

from service.routing.problem import Job, Limits, Lunch, Problem, Staff, Unassigned
from service.routing.solver import construct, explain, tables
from service.routing.solver.clock import Budget
from tests.routing.solver import days


def told(*jobs: Job, staff: list[Staff] | None = None) -> Unassigned:
    """Explain the only job that the first plan leaves out."""
    problem: Problem = days.day(staff or [days.person()], list(jobs), days.HARD)
    budget = Budget(Limits(30))
    state = construct.build(tables.build(problem), budget)
    (job,) = state.absent()
    return explain.Explainer(state.tables, state, budget).tell(job)


class TestTell:
    def test_nobody_has_the_skills(self) -> None:
        found = told(days.job("a", 1, (0, 200), skills="d"))
        assert found == Unassigned(
            0, "no_qualified_staff", {"scope": "alone", "skills": ["d"], "qualified": 0, "needed": 1}
        )

    def test_two_services_and_one_qualified_person(self) -> None:
        staff = [days.person("a", skills="nd"), days.person("b", skills="d")]
        assert told(days.job("a", 1, (0, 200), skills="n,n"), staff=staff).reason == "no_qualified_staff"

    def test_wishes_leave_nobody(self) -> None:
        staff = [days.person("a"), days.person("b", skills="d")]
        for wish in ({"forbidden_staff": frozenset({0})}, {"allowed_staff": frozenset({1})}):
            assert told(days.job("a", 1, (0, 200), **wish), staff=staff).reason == "excluded_staff"

    def test_nobody_can_carry_what_it_needs(self) -> None:
        found = told(days.job("a", 1, (0, 200), load=4), staff=[replace(days.person(), capacity=3)])
        assert found == Unassigned(0, "too_heavy", {"scope": "alone", "load": 4, "able": 0})

    def test_no_shift_meets_a_window(self) -> None:
        found = told(days.job("a", 1, (400, 500)))
        assert (found.reason, found.facts["staff"]) == ("outside_shifts", ["a"])

    def test_shifts_of_two_that_never_meet(self) -> None:
        staff = [days.person("a", shift=(0, 100)), days.person("b", shift=(150, 300))]
        assert told(days.job("a", 1, (0, 300), skills="n,n"), staff=staff).reason == "outside_shifts"

    def test_the_way_is_too_long_even_on_an_empty_day(self) -> None:
        found = told(days.job("a", 5, (0, 40)))
        assert found == Unassigned(0, "unreachable", {"scope": "alone", "staff": "a", "travel_seconds": 100})

    def test_a_place_exists_but_costs_more_than_leaving_the_job_out(self) -> None:
        found = told(days.job("a", 5, (0, 200), drop_penalty=60))
        assert found.reason == "not_worth_it"
        assert found.facts == {"scope": "beside_plan", "staff": ["a"], "cost": 100, "drop_penalty": 60}

    def test_a_full_day_names_the_lateness_that_would_make_room(self) -> None:
        found = told(days.job("b", 1, (50, 55)), days.job("a", 1, (50, 60)))
        assert found.reason == "no_capacity"
        assert found.facts["staff"] == ["a"]
        assert found.facts["rule"] == "time_window"
        assert found.facts["relaxation"] == {"window_late_seconds": 10}

    def test_a_full_day_names_the_overtime_that_would_make_room(self) -> None:
        staff = [days.person(shift=(0, 100))]
        found = told(days.job("b", 1, (60, 70)), days.job("a", 1, (60, 200)), staff=staff)
        assert found.facts["rule"] == "shift_end"
        assert found.facts["relaxation"] == {"overtime_seconds": 10}

    def test_a_full_day_names_the_lunch_that_would_make_room(self) -> None:
        # Each visit alone leaves time for lunch, before or after it; both together do not, nor does any lateness.
        staff = [days.person(lunch=Lunch(40, 80, 20), shift=(0, 95))]
        found = told(days.job("b", 1, (65, 65)), days.job("a", 1, (30, 30)), staff=staff)
        assert found.facts["rule"] == "lunch"
        assert found.facts["relaxation"] == {"missed_lunches": 1}

    def test_windows_and_shift_together_when_one_alone_is_not_enough(self) -> None:
        staff = [days.person(shift=(0, 85))]
        found = told(days.job("b", 1, (50, 50)), days.job("a", 1, (50, 55)), staff=staff)
        assert found.facts["rule"] == "time_window+shift_end"
        assert found.facts["relaxation"] == {"window_late_seconds": 15, "overtime_seconds": 15}


class TestDistinct:
    def test_finds_a_person_for_each_even_when_the_first_choice_is_taken(self) -> None:
        assert explain.distinct([[0, 1], [0], [1, 2]])
        assert not explain.distinct([[0, 1], [0], [1]])
