"""Every contradiction is named by its field; what is merely impossible is none."""

import pickle
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from service.routing import validation
from service.routing.problem import (
    Band,
    Carer,
    Job,
    Link,
    Lunch,
    Problem,
    Rules,
    Service,
    Staff,
    Sync,
    Vehicle,
    Window,
)
from service.routing.readers import uhhc, vrptw
from service.routing.readers.document import NotReadable
from service.routing.validation import ProblemInvalid

LINE = np.array([[abs(a - b) * 10 for b in range(4)] for a in range(4)], dtype=np.int64)
NURSE = frozenset({"nurse"})
SERVICE = Service(20, NURSE)
STAFF = (
    Staff("a", NURSE, 0, 0, Window(0, 100), Lunch(40, 80, 10, point=2), capacity=3, max_work=90, person=5),
    Staff("a", NURSE, 0, 0, Window(200, 300), None, matrix=1, max_work=90, person=5),
    Staff("b", NURSE, 0, 3, None, None, pace=1250),
)
JOBS = (
    Job("0", 1, (Window(0, 50), Window(60, 60)), (SERVICE,), allowed_staff=frozenset({0, 2}), promised=10),
    Job(
        "1", 2, (), (SERVICE, SERVICE), Sync.sequential, Window(-5, 20), drop_penalty=0, forbidden_staff=frozenset({1})
    ),
    Job("2", 3, (), (SERVICE,), preferred_staff=frozenset({1}), promised_staff=frozenset({2}), rank=-1),
    Job("3", 3, (), (SERVICE,), load=2, tardiness=4, punctual=True),
)
LINKS = (Link(0, 1), Link(1, 2, low=5, high=5, carer=Carer.same), Link(3, 0), Link(2, 0, ordered=False, bound=True))
VEHICLE = Vehicle("V", 2, 0, 0, Window(0, 200), 1)
BANDS = (Band(-5, 1000), Band(10, 1500))
PROBLEM = Problem(4, (LINE, LINE * 2), STAFF, JOBS, Rules(), LINKS, (BANDS, ()))


def staff(at: int, **changes: Any) -> Problem:
    return replace(PROBLEM, staff=changed(STAFF, at, changes))


def job(at: int, **changes: Any) -> Problem:
    return replace(PROBLEM, jobs=changed(JOBS, at, changes))


def link(at: int, **changes: Any) -> Problem:
    return replace(PROBLEM, links=changed(LINKS, at, changes))


def vehicle(**changes: Any) -> Problem:
    return replace(PROBLEM, vehicles=(VEHICLE, replace(VEHICLE, **changes)))


def rules(**changes: Any) -> Problem:
    return replace(PROBLEM, rules=Rules(**changes))


def traffic(*bands: Band) -> Problem:
    return replace(PROBLEM, traffic=((), bands))


def leg(row: int, column: int, value: int) -> Problem:
    other = LINE.copy()
    other[row, column] = value
    return replace(PROBLEM, matrices=(LINE, other))


def changed(all_of: tuple[Any, ...], at: int, changes: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(replace(each, **changes) if position == at else each for position, each in enumerate(all_of))


HUGE = 2**60

CONTRADICTIONS: list[tuple[str, Problem]] = [
    ("matrices[0]", replace(PROBLEM, points=5)),
    ("matrices[1]", replace(PROBLEM, matrices=(LINE, LINE[:, :3]))),
    ("matrices[1]", replace(PROBLEM, matrices=(LINE, LINE[:3, :3]))),
    ("matrices[1]", replace(PROBLEM, matrices=(LINE, LINE.astype(np.float64)))),
    ("matrices[1]", leg(1, 2, -1)),
    ("matrices[1]", leg(3, 3, 1)),
    ("matrices[1]", leg(0, 3, HUGE)),
    ("staff[2].start_point", staff(2, start_point=4)),
    ("staff[2].start_point", staff(2, start_point=-1)),
    ("staff[2].end_point", staff(2, end_point=4)),
    ("staff[1].matrix", staff(1, matrix=2)),
    ("staff[1].matrix", staff(1, matrix=-1)),
    ("staff[1].shift", staff(1, shift=Window(300, 299))),
    ("staff[1].shift", staff(1, shift=Window(200, HUGE))),
    ("staff[0].lunch", staff(0, lunch=Lunch(80, 79, 0))),
    ("staff[0].lunch", staff(0, lunch=Lunch(80, HUGE, 0))),
    ("staff[0].lunch.duration", staff(0, lunch=Lunch(40, 80, -1))),
    ("staff[0].lunch.point", staff(0, lunch=Lunch(40, 80, 10, point=4))),
    ("staff[0].capacity", staff(0, capacity=-1)),
    ("staff[2].pace", staff(2, pace=0)),
    ("staff[2].pace", staff(2, pace=HUGE)),
    ("staff[2].max_work", staff(2, max_work=-1)),
    ("staff[1].max_work", staff(1, max_work=91)),
    ("staff[1].max_work", staff(1, max_work=None)),
    ("vehicles[1].seats", vehicle(seats=0)),
    ("vehicles[1].seats", vehicle(seats=HUGE)),
    ("vehicles[1].start_point", vehicle(start_point=4)),
    ("vehicles[1].start_point", vehicle(start_point=-1)),
    ("vehicles[1].end_point", vehicle(end_point=4)),
    ("vehicles[1].matrix", vehicle(matrix=2)),
    ("vehicles[1].matrix", vehicle(matrix=-1)),
    ("vehicles[1].shift", vehicle(shift=Window(200, 199))),
    ("vehicles[1].shift", vehicle(shift=Window(0, HUGE))),
    ("jobs[3].point", job(3, point=4)),
    ("jobs[3].point", job(3, point=-1)),
    ("jobs[0].windows[1]", job(0, windows=(Window(0, 50), Window(60, 59)))),
    ("jobs[0].windows[0]", job(0, windows=(Window(-HUGE, 50),))),
    ("jobs[1].services", job(1, services=())),
    ("jobs[1].services[1].duration", job(1, services=(SERVICE, Service(-1, NURSE)))),
    ("jobs[1].services[1].duration", job(1, services=(SERVICE, Service(HUGE, NURSE)))),
    ("jobs[1].lag", job(1, lag=Window(1, 0))),
    ("jobs[1].drop_penalty", job(1, drop_penalty=-1)),
    ("jobs[1].drop_penalty", job(1, drop_penalty=HUGE)),
    ("jobs[0].allowed_staff", job(0, allowed_staff=frozenset({3}))),
    ("jobs[0].forbidden_staff", job(0, forbidden_staff=frozenset({-1}))),
    ("jobs[0].preferred_staff", job(0, preferred_staff=frozenset({2, 3}))),
    ("jobs[0].promised_staff", job(0, promised_staff=frozenset({7}))),
    ("jobs[0].promised", job(0, promised=HUGE)),
    ("jobs[3].load", job(3, load=-1)),
    ("jobs[3].tardiness", job(3, tardiness=-1)),
    ("jobs[3].tardiness", job(3, tardiness=2**50)),
    ("rules.travel", rules(travel=-1)),
    ("rules.travel", rules(travel=HUGE)),
    ("rules.tardiness", rules(tardiness=2**50)),
    ("rules.balance", rules(balance=2**50)),
    ("rules.moved_step", rules(moved_step=0)),
    ("links[1].first", link(1, first=4)),
    ("links[1].second", link(1, second=-1)),
    ("links[1].second", link(1, second=1)),
    ("links[1].low", link(1, low=-1)),
    ("links[1].high", link(1, high=4)),
    ("links[1].carer", link(1, first=2, second=1)),
    ("links[1].carer", link(1, ordered=False)),
    ("links[0]", replace(PROBLEM, links=(Link(2, 0), *LINKS))),
    ("links[0]", replace(PROBLEM, links=(Link(3, 2), Link(2, 3)))),
    ("traffic", replace(PROBLEM, traffic=(BANDS,))),
    ("traffic[1][0].start", traffic(Band(1, 1000))),
    ("traffic[1][1].start", traffic(Band(0, 1000), Band(0, 1500))),
    ("traffic[1][1].factor", traffic(Band(0, 1000), Band(5, 0))),
    ("traffic[1][0].factor", traffic(Band(0, HUGE))),
    ("matrices", replace(traffic(Band(0, 2**50)), matrices=(LINE, LINE * 2**20))),
]

IMPOSSIBLE: dict[str, Problem] = {
    "a window before any shift": job(2, windows=(Window(-50, -1),)),
    "a skill that nobody has": job(2, services=(Service(20, frozenset({"surgeon"})),)),
    "one of skills that nobody has": job(2, services=(Service(20, NURSE, frozenset({"surgeon"})),)),
    "a pair for which there is nobody": job(1, allowed_staff=frozenset()),
    "a place that cannot be reached": leg(0, 3, 10**9),
    "a service longer than any shift": job(0, services=(Service(10_000, NURSE),)),
    "a lunch longer than its window": staff(0, lunch=Lunch(40, 50, 11)),
    "a load that nobody can carry": job(3, load=1000),
    "a link longer than the day": link(0, low=10**6),
    "a problem without anything": Problem(0, (np.zeros((0, 0), dtype=np.int64),), (), ()),
}


class TestCheck:
    def test_lets_a_sound_problem_pass(self) -> None:
        validation.check(PROBLEM)

    @pytest.mark.parametrize(
        ("field", "problem"), CONTRADICTIONS, ids=lambda case: case if isinstance(case, str) else ""
    )
    def test_names_the_field_that_contradicts(self, field: str, problem: Problem) -> None:
        with pytest.raises(ProblemInvalid) as refused:
            validation.check(problem)
        assert refused.value.field == field
        assert str(refused.value).startswith(f"{field}: ")

    @pytest.mark.parametrize("why", IMPOSSIBLE)
    def test_lets_pass_what_is_merely_impossible(self, why: str) -> None:
        validation.check(IMPOSSIBLE[why])

    def test_names_a_link_on_the_circle_and_none_behind_it(self) -> None:
        links = (Link(2, 3), Link(0, 1), Link(1, 0), Link(1, 2))
        with pytest.raises(ProblemInvalid) as refused:
            validation.check(replace(PROBLEM, links=links))
        assert refused.value.field == "links[1]"

    def test_all_penalties_together_must_fit(self) -> None:
        jobs = tuple(Job(f"{at}", 0, (), (SERVICE,), drop_penalty=2**50) for at in range(300))
        validation.check(Problem(4, (LINE,), STAFF[2:], jobs[:200]))
        with pytest.raises(ProblemInvalid, match=r"^jobs: drop_penalty"):
            validation.check(Problem(4, (LINE,), STAFF[2:], jobs))

    def test_the_refusal_survives_a_pipe_between_processes(self) -> None:
        refused = pickle.loads(pickle.dumps(ProblemInvalid("links[0]", "goes nowhere")))
        assert (refused.field, str(refused)) == ("links[0]", "links[0]: goes nowhere")

    def test_takes_milliseconds_for_two_thousand_points(self) -> None:
        points = 2000
        matrix = np.full((points, points), 600, dtype=np.int64)
        np.fill_diagonal(matrix, 0)
        everybody = frozenset(range(200))
        jobs = tuple(
            Job(f"{at}", at, (Window(0, 900),), (SERVICE,), allowed_staff=everybody, drop_penalty=1)
            for at in range(points)
        )
        links = tuple(Link(at, at + 1) for at in range(points - 1))
        people = tuple(Staff(f"{at}", NURSE, 0, 0, Window(0, 86_400), None) for at in range(200))
        problem = Problem(points, (matrix,), people, jobs, links=links)
        begun = time.process_time()
        validation.check(problem)
        assert time.process_time() - begun < 0.5


class TestReaders:
    def test_a_file_whose_journey_to_itself_takes_time_is_not_readable(self) -> None:
        document = {
            "metadata": {"cost_components": {"travel_time": 1}},
            "distances": [[0, 5], [5, 3]],
            "terminal_points": [{"id": "d", "distance_matrix_index": 0}],
            "services": [],
            "caregivers": [],
            "patients": [],
        }
        with pytest.raises(NotReadable, match=r"^matrices\[0\]: travel from 1 to itself is not 0$"):
            uhhc.read(document)

    def test_a_fleet_whose_loads_do_not_fit_is_not_readable(self) -> None:
        text = f"VEHICLE\nN C\n1 9\nCUSTOMER\nC\n0 0 0 0 0 99 0\n1 0 0 {2**51} 0 9 1\n"
        with pytest.raises(NotReadable, match=r"^jobs\[0\]\.load: "):
            vrptw.read(text)
