"""UHHC instances: what each field becomes, and refusals that name the path."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from service.routing.problem import Job, Lunch, Service, Sync, Window
from service.routing.readers import uhhc
from service.routing.readers.document import NotReadable

INSTANCE = Path(__file__).parent.parent / "instances" / "uhhc_two_carers.json"


@pytest.fixture
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(INSTANCE.read_text(encoding="utf-8"))
    return found


class TestRead:
    def test_reads_a_job_in_thousandths(self, document: dict[str, Any]) -> None:
        assert uhhc.read(document).jobs[1] == Job(
            id="east",
            point=2,
            windows=(Window(100_000, 110_000), Window(240_000, 260_000)),
            services=(Service(20_000, frozenset({"dressing"})), Service(30_000, frozenset({"lift"}))),
            sync=Sync.sequential,
            lag=Window(5_000, 15_000),
            preferred_staff=frozenset({1}),
        )

    def test_reads_who_is_unwelcome_and_what_may_be_left_out(self, document: dict[str, Any]) -> None:
        problem = uhhc.read(document)
        assert problem.jobs[0].forbidden_staff == frozenset({1})
        assert [job.drop_penalty for job in problem.jobs] == [None, None, 90_000]

    def test_reads_staff_with_shift_and_the_lunch_that_may_begin_until_the_window_ends(
        self, document: dict[str, Any]
    ) -> None:
        wu, lin = uhhc.read(document).staff
        assert (wu.shift, wu.lunch) == (Window(30_000, 330_000), Lunch(150_000, 240_000, 30_000))
        assert (lin.shift, lin.lunch, lin.end_point) == (Window(0, 300_000), None, 0)

    def test_a_lunch_must_end_inside_the_window_where_services_must(self, document: dict[str, Any]) -> None:
        document["metadata"]["time_window_met"] = "at_service_end"
        assert uhhc.read(document).staff[0].lunch == Lunch(150_000, 210_000, 30_000)

    def test_prices_time_per_thousandth_and_pieces_a_thousand_times_that(self, document: dict[str, Any]) -> None:
        rules = uhhc.read(document).rules
        assert (rules.travel, rules.tardiness, rules.max_tardiness, rules.overtime) == (3, 2, 5, 7)
        assert (rules.missed_lunch, rules.not_preferred) == (25_000, 4_000)

    def test_weights_that_are_absent_are_free_or_hard_as_the_format_says(self, document: dict[str, Any]) -> None:
        document["metadata"]["cost_components"] = {"travel_time": 1, "total_tardiness": "HARD"}
        rules = uhhc.read(document).rules
        assert (rules.tardiness, rules.overtime, rules.waiting) == (None, 0, 0)
        assert (rules.unqualified, rules.forbidden, rules.missed_lunch, rules.not_preferred) == (None,) * 4
        assert uhhc.read(document).jobs[2].drop_penalty is None

    def test_weights_with_fractions_keep_their_proportions(self, document: dict[str, Any]) -> None:
        document["metadata"]["cost_components"] = {"travel_time": 0.25, "total_tardiness": 1.5, "optional_patients": 2}
        problem = uhhc.read(document)
        assert (problem.rules.travel, problem.rules.tardiness) == (1, 6)
        assert problem.jobs[2].drop_penalty == 8_000

    def test_rounds_fractions_to_the_side_that_keeps_the_files_rules(self, document: dict[str, Any]) -> None:
        document["distances"][0][1] = 12.00049
        document["patients"][0]["time_windows"][0] = {"start": 60.00049, "end": 80.00051}
        problem = uhhc.read(document)
        assert problem.matrices[0][0, 1] == 12_001
        assert problem.jobs[0].windows == (Window(60_001, 80_000),)

    def test_frees_windows_from_rounding_noise(self, document: dict[str, Any]) -> None:
        document["patients"][0]["time_windows"][0] = {"start": 60.00000001, "end": 79.99999999}
        assert uhhc.read(document).jobs[0].windows == (Window(60_000, 80_000),)

    def test_published_families_that_leave_at_the_start_of_the_shift(self, document: dict[str, Any]) -> None:
        assert not uhhc.read(document).rules.leave_at_shift_start
        document["metadata"]["origin"] = "bazirha-caie"
        assert uhhc.read(document).rules.leave_at_shift_start


REFUSED: list[tuple[list[str | int], object, str]] = [
    (["distances", 2], [1, 2], "distances[2]"),
    (["distances", 2, 1], "far", "distances[2][1]"),
    (["distances", 2, 1], float("nan"), "distances[2][1]"),
    (["distances", 2, 1], -1, "distances"),
    (["patients", 0, "distance_matrix_index"], 4, "patients[0].distance_matrix_index"),
    (["patients", 1, "id"], "north", "patients[1].id"),
    (["patients", 0, "required_services"], [], "patients[0].required_services"),
    (["patients", 2, "required_services", 0, "service"], "cooking", "patients[2].required_services[0].service"),
    (["patients", 0, "required_services", 0, "duration"], None, "patients[0].required_services[0]"),
    (["patients", 0, "time_windows", 0, "end"], 59, "patients[0].time_windows[0]"),
    (["patients", 1, "synchronization"], None, "patients[1]"),
    (["patients", 1, "synchronization", "type"], "often", "patients[1].synchronization.type"),
    (["patients", 1, "synchronization", "distance"], None, "patients[1].synchronization"),
    (["patients", 1, "preferred_caregivers"], ["nobody"], "patients[1].preferred_caregivers[0]"),
    (["patients", 2, "optional"], "yes", "patients[2].optional"),
    (["caregivers", 0, "departing_point"], "moon", "caregivers[0].departing_point"),
    (["caregivers", 0, "abilities"], None, "caregivers[0]"),
    (["metadata", "cost_components"], None, "metadata"),
    (["metadata", "cost_components", "travel_time"], "HARD", "metadata.cost_components.travel_time"),
    (["metadata", "cost_components", "travel_time"], -1, "metadata.cost_components.travel_time"),
    (["metadata", "cost_components", "beauty"], 1, "metadata.cost_components.beauty"),
    (["metadata", "time_window_met"], "sometimes", "metadata.time_window_met"),
    (["public_distances"], [[0]], "public_distances"),
    (["patients"], None, "patients"),
]


class TestRefusals:
    @pytest.mark.parametrize(("where", "value", "path"), REFUSED, ids=[path for _, _, path in REFUSED])
    def test_name_the_path(self, document: dict[str, Any], where: list[str | int], value: object, path: str) -> None:
        place: Any = document
        for step in where[:-1]:
            place = place[step]
        place[where[-1]] = value
        with pytest.raises(NotReadable) as refused:
            uhhc.read(document)
        assert str(refused.value).startswith(f"{path}:")

    @pytest.mark.parametrize("document", [None, [], "text", 3])
    def test_a_file_that_is_no_object(self, document: object) -> None:
        with pytest.raises(NotReadable):
            uhhc.read(copy.deepcopy(document))
