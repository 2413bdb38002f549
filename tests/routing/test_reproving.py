"""The questioner of reasons is questioned: planted false reasons are caught, true ones let pass."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from service.routing import referee
from service.routing.problem import Job, Link, Lunch, Plan, Problem, Route, Staff, Stop, Unassigned
from service.routing.rules import UnassignedReason
from tests.routing import reproving
from tests.routing.solver import days


@dataclass(frozen=True)
class Case:
    """A day on which the reason of the last job is true, one on which it is not, and what is said of that."""

    true: Problem
    false: Problem
    said: str
    stops: tuple[tuple[Stop, ...], ...] = ()


def visit(name: str, point: int, *windows: tuple[int, int], **more: Any) -> Job:
    return days.job(name, point, *(windows or ((0, 300),)), **({"drop_penalty": 500} | more))


def day(*jobs: Job, staff: tuple[Staff, ...] | None = None, **more: Any) -> Problem:
    return replace(days.day(list(staff or (days.person(),)), list(jobs), days.HARD), **more)


def only(**changes: Any) -> tuple[Staff, ...]:
    return (replace(days.person(), **changes),)


MEAL, LONGER_MEAL = Lunch(10, 40, 20), Lunch(10, 60, 20)
BUSY = visit("busy", 1, (10, 10), duration=100)
FULL = ((Stop(0, 0, 10, 110),), ())
BESIDE = visit("beside", 1, (50, 60))
TWO_STAFF = (days.person("a"), days.person("b"))
APART = (visit("early", 1, (0, 20)), visit("late", 1, (200, 220)))

CASES = {
    UnassignedReason.no_qualified_staff: Case(
        day(visit("it", 1, skills="d")), day(visit("it", 1, skills="n")), "there is a crew"
    ),
    UnassignedReason.excluded_staff: Case(
        day(visit("it", 1, forbidden_staff=frozenset({0}))), day(visit("it", 1)), "there is a crew"
    ),
    UnassignedReason.too_heavy: Case(
        day(visit("it", 1, load=5), staff=only(capacity=4)),
        day(visit("it", 1, load=5), staff=only(capacity=5)),
        "there is a crew",
    ),
    UnassignedReason.unreachable: Case(day(visit("it", 1, (0, 9))), day(visit("it", 1, (0, 10))), "alone"),
    UnassignedReason.outside_shifts: Case(day(visit("it", 1, (281, 400))), day(visit("it", 1, (280, 400))), "alone"),
    UnassignedReason.overworked: Case(
        day(visit("it", 1), staff=only(max_work=39)), day(visit("it", 1), staff=only(max_work=40)), "alone"
    ),
    UnassignedReason.no_lunch: Case(
        day(visit("it", 1, (10, 20), duration=25), staff=only(lunch=MEAL)),
        day(visit("it", 1, (10, 20), duration=25), staff=only(lunch=LONGER_MEAL)),
        "alone",
    ),
    UnassignedReason.linked: Case(
        day(*APART, links=(Link(0, 1, high=10, bound=True),)), day(*APART, links=(Link(0, 1, bound=True),)), "alone"
    ),
    UnassignedReason.no_capacity: Case(
        day(BUSY, BESIDE, staff=(days.person("a"), days.person("b", skills="d"))),
        day(BUSY, BESIDE, staff=TWO_STAFF),
        "there is a place for -480 more",
        FULL,
    ),
    UnassignedReason.not_worth_it: Case(
        day(visit("it", 5, drop_penalty=99)), day(visit("it", 5, drop_penalty=101)), "cheaper by 1"
    ),
}


def told(problem: Problem, reason: UnassignedReason, stops: tuple[tuple[Stop, ...], ...]) -> list[str]:
    """Give every job that has no stop the reason; return what is said of it."""
    given = {stop.job for route in stops for stop in route}
    rows = [stops[at] if at < len(stops) else () for at in range(len(problem.staff))]
    plan = Plan(
        tuple(Route(at, row) for at, row in enumerate(rows)),
        tuple(Unassigned(job, reason) for job in range(len(problem.jobs)) if job not in given),
    )
    assert referee.check_plan(problem, plan).violations == ()
    return list(reproving.faults(problem, plan))


def test_every_reason_that_is_questioned_is_planted() -> None:
    assert set(CASES) == set(reproving.STATIC) | reproving.ALONE | reproving.BESIDE


@pytest.mark.parametrize("reason", CASES)
class TestReasons:
    def test_a_true_one_is_let_pass(self, reason: UnassignedReason) -> None:
        case = CASES[reason]
        assert told(case.true, reason, case.stops) == []

    def test_a_false_one_is_caught(self, reason: UnassignedReason) -> None:
        case = CASES[reason]
        found = told(case.false, reason, case.stops)
        assert found
        assert all(case.said in each for each in found)


class TestBending:
    """Two visits of a person who is free from 110 to 280; the third one comes too late, or would with somebody else."""

    @pytest.mark.parametrize(
        ("facts", "enough"),
        [
            ({"rule": "time_window", "relaxation": {"window_late_seconds": 50}}, True),
            ({"rule": "time_window", "relaxation": {"window_late_seconds": 49}}, False),
            ({"rule": "shift_end", "relaxation": {"overtime_seconds": 500}}, False),
            ({"rule": "staff", "relaxation": {"staff_ignored": 1}, "staff": ["b"]}, True),
            ({"rule": "rank", "relaxation": {"rank_ignored": 1}}, False),
        ],
        ids=["late enough", "not late enough", "no overtime helps", "somebody without the skill", "nothing of ranks"],
    )
    def test_what_is_said_to_make_room_does(self, facts: dict[str, object], enough: bool) -> None:
        problem = CASES[UnassignedReason.no_capacity].true
        plan = Plan(
            (Route(0, FULL[0]), Route(1, ())),
            (Unassigned(1, UnassignedReason.no_capacity, {"staff": ["a"]} | facts),),
        )
        assert (list(reproving.faults(problem, plan)) == []) is enough

    def test_of_a_lunch_too(self) -> None:
        # there is no time for both, before the way back
        staff = only(lunch=Lunch(0, 300, 200))
        problem = day(visit("it", 1, duration=100), staff=staff)
        gone = Unassigned(
            0, UnassignedReason.no_capacity, {"rule": "lunch", "relaxation": {"missed_lunches": 1}, "staff": ["a"]}
        )
        assert list(reproving.faults(problem, Plan((Route(0, ()),), (gone,)))) == []
        longer = day(visit("it", 1, duration=290), staff=staff)
        assert list(reproving.faults(longer, Plan((Route(0, ()),), (gone,)))) != []


class TestBesideThePlan:
    def test_what_has_no_place_is_not_called_too_dear(self) -> None:
        problem = CASES[UnassignedReason.no_capacity].true
        assert "no place was found" in told(problem, UnassignedReason.not_worth_it, FULL)[0]

    def test_a_place_is_found_for_two_people_and_around_a_lunch_that_must_move(self) -> None:
        staff = tuple(replace(each, lunch=Lunch(100, 200, 20)) for each in TWO_STAFF)
        pair = visit("pair", 1, (100, 110), skills="n,n")
        problem = day(pair, staff=staff)
        [found] = told(problem, UnassignedReason.no_capacity, ())
        assert "there is a place" in found
        lonely = replace(problem, staff=staff[:1])
        assert told(lonely, UnassignedReason.no_capacity, ()) == []

    def test_the_others_stay_where_they_are(self) -> None:
        # the first visit could be given to nobody else, nor later: between them there is no time for another
        problem = day(visit("first", 1, (10, 10)), visit("last", 1, (40, 40)), visit("it", 1, (30, 45), duration=11))
        stops = ((Stop(0, 0, 10, 30), Stop(1, 0, 40, 60)),)
        assert told(problem, UnassignedReason.no_capacity, stops) == []
        shorter = replace(problem, jobs=(*problem.jobs[:2], visit("it", 1, (30, 45), duration=10)))
        assert told(shorter, UnassignedReason.no_capacity, stops) != []

    def test_what_must_be_done_together_is_tried_together(self) -> None:
        both = (visit("far", 5, drop_penalty=80), visit("near", 1, drop_penalty=80))
        assert told(day(*both), UnassignedReason.not_worth_it, ()) != []
        # alone the near one pays; with the far one they cost 100 and save 160
        bound = day(*both, links=(Link(0, 1, ordered=False, bound=True),))
        assert all("cheaper by 60" in each for each in told(bound, UnassignedReason.not_worth_it, ()))
        dear = day(*(replace(each, drop_penalty=49) for each in both), links=bound.links)
        assert told(dear, UnassignedReason.not_worth_it, ()) == []
