"""A shift is cut around what other plans have promised; the break stays where there is room for it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from service.core.geo import Point, TravelMode
from service.core.ids import new_id
from service.patients.rules import Sex
from service.practitioners.rules import PractitionerRole, StaffDay
from service.routing.building import Busy, DayFacts, Policy, staffing
from service.routing.problem import Lunch, Window

STATION, DOOR = Point(106.38, 39.02), Point(106.4, 39.02)
NOBODY = datetime(2026, 3, 3, tzinfo=UTC)
DAY = date(2026, 3, 3)
NURSE = StaffDay(
    practitioner_id=new_id(), institution_id=new_id(), name="医护", role=PractitionerRole.nurse, sex=Sex.female,
    skills=frozenset({"wound"}), licensed=True, lon=STATION.lon, lat=STATION.lat, travel_mode=TravelMode.ebike,
    shift_start=NOBODY, shift_end=NOBODY, lunch_from=None, lunch_to=None, lunch_minutes=0,
)  # fmt: skip


def cut(*busy: tuple[int, int], lunch: Lunch | None = None) -> list[tuple[Window, Lunch | None, Point, Point]]:
    found = staffing.stretches(NURSE, Window(100, 900), lunch, [(*each, DOOR) for each in busy])
    return [(each.shift, each.lunch, each.start, each.end) for each in found]


def test_an_undisturbed_shift_is_one_stretch_from_station_to_station() -> None:
    assert cut() == [(Window(100, 900), None, STATION, STATION)]


def test_a_promise_ends_one_stretch_at_its_door_and_begins_the_next_there() -> None:
    assert cut((300, 400)) == [
        (Window(100, 300), None, STATION, DOOR),
        (Window(400, 900), None, DOOR, STATION),
    ]


def test_promises_that_touch_or_leave_nothing_make_no_empty_stretch() -> None:
    assert cut((50, 200), (200, 300), (800, 950)) == [(Window(300, 800), None, DOOR, DOOR)]
    assert cut((0, 1000)) == []


def test_the_break_is_in_the_stretch_with_the_most_room() -> None:
    lunch = Lunch(350, 600, 100)
    assert [each[1] for each in cut((300, 400), lunch=lunch)] == [None, Lunch(400, 600, 100)]
    assert [each[1] for each in cut((400, 550), lunch=lunch)] == [None, None]
    assert [each[1] for each in cut(lunch=lunch)] == [lunch]


def test_only_the_last_stretch_of_a_day_may_run_into_overtime() -> None:
    found = staffing.stretches(NURSE, Window(100, 900), None, [(300, 400, DOOR)])
    assert [each.last for each in found] == [False, True]
    assert not any(each.last for each in staffing.stretches(NURSE, Window(100, 900), None, [(800, 950, DOOR)]))


def test_what_is_promised_in_one_shift_neither_begins_nor_ends_another() -> None:
    begin = datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    shifts = [
        replace(NURSE, shift_start=begin + timedelta(hours=first), shift_end=begin + timedelta(hours=last))
        for first, last in ((0, 3), (6, 9))
    ]
    promises = [
        Busy(NURSE.practitioner_id, begin + timedelta(hours=first), begin + timedelta(hours=last), DOOR)
        for first, last in ((1, 2), (7, 8))
    ]
    found = staffing.segments(replace(facts(busy=tuple(promises)), now=begin - timedelta(hours=1), staff=tuple(shifts)))
    assert [(each.start, each.end, each.last) for each in found] == [
        (STATION, DOOR, False),
        (DOOR, STATION, False),
        (STATION, DOOR, False),
        (DOOR, STATION, True),
    ]


def test_a_break_that_the_rest_of_the_day_has_no_room_for_is_none() -> None:
    late = staffing.stretches(NURSE, Window(550, 900), Lunch(350, 600, 100), [])
    assert [each.lunch for each in late] == [None]


def facts(**more: Any) -> DayFacts:
    return DayFacts(
        on=DAY, now=NOBODY, orders=(), items={}, homes={}, priorities={}, stairs={}, paces={}, staff=(NURSE,), **more
    )


def test_skills_of_our_own_are_not_spoken_of() -> None:
    speaker = replace(NURSE, languages=frozenset({"hui"}))
    skills = staffing.skills_of({}, speaker)
    assert staffing.spoken(skills | {staffing.able_to("LINE")}) == ["language:hui", "sex:female", "wound"]
    assert staffing.himself(NURSE.practitioner_id) in skills


def test_what_other_plans_have_promised_is_work_of_the_day() -> None:
    at = [NOBODY + timedelta(hours=hour) for hour in (1, 2)]
    busy = (Busy(NURSE.practitioner_id, at[0], at[1], DOOR), Busy(new_id(), at[0], at[1], DOOR))
    told: dict[str, Any] = {"policies": {NURSE.institution_id: Policy(max_work_minutes=90)}, "busy": busy}
    assert staffing.work_left(facts(**told), NURSE) == 1800
    assert staffing.work_left(facts(busy=busy), NURSE) is None
    full = told | {"policies": {NURSE.institution_id: Policy(max_work_minutes=30)}}
    assert staffing.work_left(facts(**full), NURSE) == 0


@pytest.mark.parametrize(
    ("crew", "enough"),
    [
        (["a"], True), (["ab"], True), (["abc"], False), (["ab", "a"], True), (["a", "ab"], True),
        (["ab", "ab"], False), (["a", "a"], True), (["a", "a", "a"], False), (["", "", ""], True),
    ],
)  # fmt: skip
def test_a_crew_needs_as_many_people_as_it_has_members(crew: list[str], enough: bool) -> None:
    staff = [frozenset(skills) for skills in ("ab", "a", "b")]
    assert staffing.suffice(staff, [frozenset(asked) for asked in crew]) is enough
