"""District days: drawn alike everywhere, each feature by itself, written and read without loss."""

import dataclasses
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from service.cli.districts import ALL, PLAIN, Feature, district, district_day, travelled
from service.routing.problem import LUNCH, Carer, Plan, Problem, Route, Stop, Sync, Unassigned
from service.routing.readers import day as reader
from service.routing.readers.document import NotReadable
from service.routing.writers import day as writer

SHOWS: dict[Feature, Any] = {
    Feature.modes: lambda day: len(day.matrices) == 3 and {who.matrix for who in day.staff} == {0, 1, 2},
    Feature.traffic: lambda day: any(band.factor > 1000 for bands in day.traffic for band in bands),
    Feature.lunches: lambda day: any(who.lunch for who in day.staff),
    Feature.canteen: lambda day: any(who.lunch and who.lunch.point is not None for who in day.staff),
    Feature.skills: lambda day: any(service.skills for job in day.jobs for service in job.services),
    Feature.any_skills: lambda day: any(service.any_skills for job in day.jobs for service in job.services),
    Feature.crews: lambda day: {job.sync for job in day.jobs if len(job.services) == 2} == set(Sync),
    Feature.soft: lambda day: day.rules.tardiness and any(job.punctual for job in day.jobs),
    Feature.several: lambda day: any(len(job.windows) == 2 for job in day.jobs),
    Feature.ending: lambda day: any(job.ends_in_window for job in day.jobs),
    Feature.fasting: lambda day: any(link.bound for link in day.links),
    Feature.same_nurse: lambda day: any(link.carer is Carer.same and not link.bound for link in day.links),
    Feature.second_opinion: lambda day: any(link.carer is Carer.other for link in day.links),
    Feature.gaps: lambda day: any(not link.ordered and link.carer is Carer.anybody for link in day.links),
    Feature.ranks: lambda day: {job.rank for job in day.jobs} == {0, 1, 2},
    Feature.institutions: lambda day: day.rules.arrival and len({job.point for job in day.jobs}) < len(day.jobs),
    Feature.priorities: lambda day: len({job.drop_penalty for job in day.jobs}) > 1,
    Feature.wishes: lambda day: all(
        any(wish(job) for job in day.jobs)
        for wish in (lambda job: job.preferred_staff, lambda job: job.forbidden_staff, lambda job: job.allowed_staff)
    ),
    Feature.pace: lambda day: len({who.pace for who in day.staff}) > 1,
    Feature.max_work: lambda day: any(who.max_work for who in day.staff),
    Feature.two_shifts: lambda day: len(day.staff) > 40,
    Feature.loads: lambda day: any(job.load for job in day.jobs) and any(who.capacity for who in day.staff),
    Feature.promises: lambda day: any(job.promised is not None and job.promised_staff for job in day.jobs),
    Feature.balance: lambda day: day.rules.travel_balance,
    Feature.vehicles: lambda day: len(day.vehicles) == 4 and any(who.rides for who in day.staff),
}
NEEDS = {Feature.canteen: Feature.lunches, Feature.any_skills: Feature.skills}


def same(one: Problem, other: Problem) -> bool:
    """Compare days; arrays do not compare as wholes."""
    alike = dataclasses.replace(one, matrices=()) == dataclasses.replace(other, matrices=())
    return alike and all(map(np.array_equal, one.matrices, other.matrices))


class TestDrawing:
    @pytest.mark.parametrize("feature", list(Feature))
    def test_a_feature_is_there_when_asked_for_and_not_otherwise(self, feature: Feature) -> None:
        need = frozenset({NEEDS[feature]} if feature in NEEDS else ())
        assert SHOWS[feature](district_day(300, 40, 1, need | {feature}))
        assert not SHOWS[feature](district_day(300, 40, 1, need))
        assert not SHOWS[feature](district_day(300, 40, 1, ALL - {feature}))

    @pytest.mark.parametrize(("visits", "staff"), [(1, 1), (10, 5), (50, 5), (333, 40), (2000, 200)])
    def test_has_as_many_visits_as_asked_for_and_nobody_has_to_be_left_out_for_nothing(
        self, visits: int, staff: int
    ) -> None:
        day = district_day(visits, staff, 3)
        assert len(day.jobs) == visits
        assert len({who.id.split("-")[0] for who in day.staff}) == staff
        assert len({job.id for job in day.jobs}) == visits
        assert all(job.drop_penalty for job in day.jobs)
        assert all(matrix.shape == (day.points, day.points) and not matrix.diagonal().any() for matrix in day.matrices)

    def test_ways_are_never_shorter_by_a_detour_and_modes_differ(self) -> None:
        walk, ebike, car = district_day(40, 5, 2).matrices
        for legs in (walk, ebike, car):
            assert (legs[:, :, None] <= legs[:, None, :] + legs.T[None, :, :]).all()
        assert (walk > car).any()
        assert (car > walk).any()
        assert (ebike != ebike.T).any()

    def test_a_seed_draws_the_same_day_in_another_process_and_another_seed_another(self) -> None:
        said = "import hashlib,json;from service.cli.districts import *;from service.routing.writers import day;"
        said += "print(hashlib.sha256(json.dumps(day.document(district_day(60, 8, 5))).encode()).hexdigest())"
        told = {
            subprocess.run(
                [sys.executable, "-c", said], env={"PYTHONHASHSEED": at}, capture_output=True, text=True, check=True
            ).stdout
            for at in ("1", "2")
        }
        assert len(told) == 1
        assert not same(district_day(60, 8, 5), district_day(60, 8, 6))


class TestWriting:
    @pytest.mark.parametrize("features", [ALL, PLAIN, frozenset[Feature]()], ids=["all", "plain", "none"])
    def test_reads_the_very_day_that_was_written(self, features: frozenset[Feature]) -> None:
        drawn = district(120, 15, 4, features)
        problem, metres = reader.read(json.loads(json.dumps(writer.document(drawn.problem, drawn.metres))))
        assert same(problem, drawn.problem)
        assert metres is not None
        assert drawn.metres is not None
        assert np.array_equal(metres, drawn.metres)

    def test_numbers_beyond_four_bytes_and_a_day_of_nothing_are_written_too(self) -> None:
        for problem in (district_day(3, 2, 1, PLAIN), Problem(0, (np.zeros((0, 0), dtype=np.int64),), (), ())):
            long = np.full((problem.points, problem.points), -(2**40))
            read, metres = reader.read(json.loads(json.dumps(writer.document(problem, long))))
            assert same(read, problem)
            assert metres is not None
            assert np.array_equal(metres, long)
            assert reader.read(writer.document(problem))[1] is None

    def test_reads_the_very_plan_that_was_written(self) -> None:
        stops = (Stop(0, 0, 5, 9), Stop(-1, LUNCH, 9, 12))
        plan = Plan((Route(0, stops), Route(1, ())), (Unassigned(1, "no_capacity", {"staff": ["a"], "cost": 3}),))
        assert reader.read_plan(json.loads(json.dumps(writer.solution(plan)))) == plan

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"format": "other"}, "format"),
            ({"version": 2}, "version"),
            ({"problem": 3}, "problem: expected an object"),
            ({"problem.points": True}, "problem.points: expected int"),
            ({"problem.points": 7}, "expected 7 rows of 7 numbers"),
            ({"problem.jobs": [{"id": "a"}]}, r"problem.jobs\[0\]: 'point' is missing"),
            ({"problem.more": 1}, "has no member 'more'"),
            ({"problem.links": [{"first": 0, "second": 99}]}, "links"),
            ({"problem.links": [{"first": 0, "second": 1, "carer": "x"}]}, "expected one of anybody, same, other"),
            ({"problem.matrices": [{"size": 9**9, "width": 4, "zlib": "AA=="}]}, "expected 0 to"),
            ({"problem.matrices": [{"size": 9, "width": 4, "zlib": "AAAA"}]}, "cannot be unpacked"),
            ({"problem.matrices": [{"size": 9, "width": 4, "zlib": "AA=="}]}, "another number of ways"),
            ({"problem.matrices": [{"size": 9, "width": 3, "zlib": "AA=="}]}, "4 or 8 bytes"),
            ({"problem.traffic": [[]]}, "traffic"),
        ],
    )
    def test_refuses_with_the_place_what_is_no_day(self, change: dict[str, Any], said: str) -> None:
        written = writer.document(district_day(6, 2, 1))
        for path, value in change.items():
            *ways, last = path.split(".")
            at = written
            for name in ways:
                at = at[name]
            at[last] = value
        with pytest.raises(NotReadable, match=said):
            reader.read(written)


def test_the_ways_of_a_plan_go_through_its_stops_and_back_to_the_station() -> None:
    drawn = district(6, 2, 1, PLAIN)
    assert drawn.metres is not None
    who, (here, there) = drawn.problem.staff[0], (drawn.problem.jobs[0].point, drawn.problem.jobs[1].point)
    plan = Plan(
        (Route(0, (Stop(-1, LUNCH, 0, 1), Stop(0, 0, 2, 3), Stop(0, LUNCH, 3, 4), Stop(1, 0, 5, 6))), Route(1, ()))
    )
    legs = ((who.start_point, here), (here, there), (there, who.end_point))
    assert travelled(drawn, plan) == sum(int(drawn.metres[leg]) for leg in legs)
    assert travelled(dataclasses.replace(drawn, metres=None), plan) is None
