"""What is left of a day's staff: shifts less breaks, promises and orders, by halves."""

from collections import defaultdict
from datetime import date, time
from typing import Any
from uuid import UUID

import pytest

from service.core.clock import at_local
from service.core.geo import TravelMode
from service.core.ids import new_id
from service.orders.rounds.rules import HalfDay, Hours
from service.patients.rules import Sex
from service.practitioners.rules import PractitionerRole, StaffDay
from service.routing.building import staffing
from service.routing.period import presence

DAY = date(2026, 3, 3)
WHO, WHERE = new_id(), new_id()
ANYBODY = frozenset({staffing.LICENSED, staffing.employed_at(WHERE)})


def clock(hour: int, minute: int = 0) -> Any:
    return at_local(DAY, time(hour, minute))


def staff(
    start: int, end: int, *, who: UUID = WHO, lunch: tuple[int, int, int] | None = None, **changes: Any
) -> StaffDay:
    return StaffDay(**{
        "practitioner_id": who, "institution_id": WHERE, "name": "医护", "role": PractitionerRole.nurse,
        "sex": Sex("female"), "skills": frozenset({"wound"}), "licensed": True, "lon": 106.4, "lat": 39.0,
        "travel_mode": TravelMode("ebike"), "shift_start": clock(start), "shift_end": clock(end),
        "lunch_from": clock(lunch[0]) if lunch else None, "lunch_to": clock(lunch[1]) if lunch else None,
        "lunch_minutes": lunch[2] if lunch else 0,
    } | changes)  # fmt: skip


def left(*there: StaffDay, taken: Any = None, waiting: Any = (), hour: int = 0, travel: int = 0) -> dict[HalfDay, int]:
    """Return the minutes that are left by half, of everybody together."""
    found = presence.presences(
        DAY, there, {WHO: taken or []}, waiting,
        items={}, hours=defaultdict(Hours), now=clock(hour), travel_minutes=travel,
    )  # fmt: skip
    sums = {HalfDay.morning: 0, HalfDay.afternoon: 0}
    for each in found:
        sums[each.half] += each.minutes
    return sums


class TestPresences:
    @pytest.mark.parametrize(
        ("start", "end", "morning", "afternoon"),
        [(8, 17, 240, 240), (7, 10, 120, 0), (12, 13, 0, 0), (14, 20, 0, 210), (18, 20, 0, 0)],
    )
    def test_are_what_a_shift_has_of_each_half(self, start: int, end: int, morning: int, afternoon: int) -> None:
        assert left(staff(start, end)) == {HalfDay.morning: morning, HalfDay.afternoon: afternoon}

    @pytest.mark.parametrize(
        ("lunch", "morning", "afternoon"),
        [((12, 13, 60), 240, 240), ((11, 12, 30), 210, 240), ((12, 15, 90), 240, 210), ((11, 13, 60), 240, 240)],
    )
    def test_a_break_costs_what_finds_no_room_between_the_halves(
        self, lunch: tuple[int, int, int], morning: int, afternoon: int
    ) -> None:
        assert left(staff(8, 17, lunch=lunch)) == {HalfDay.morning: morning, HalfDay.afternoon: afternoon}

    def test_the_unlicensed_and_the_past_do_not_count(self) -> None:
        assert sum(left(staff(8, 17, licensed=False)).values()) == 0
        assert left(staff(8, 17), hour=11) == {HalfDay.morning: 60, HalfDay.afternoon: 240}

    def test_a_promise_costs_its_time_and_the_way_in_its_half_only(self) -> None:
        assert left(staff(8, 17), taken=[(clock(9), clock(10))], travel=20)[HalfDay.morning] == 160
        assert left(staff(8, 17), taken=[(clock(9), clock(10))], travel=20)[HalfDay.afternoon] == 240
        assert left(staff(8, 9), taken=[(clock(8), clock(9))], travel=20)[HalfDay.morning] == 0

    def test_two_parts_of_a_shift_add_up(self) -> None:
        assert left(staff(8, 9), staff(11, 17))[HalfDay.morning] == 120


class TestWaitingOrders:
    def order(
        self, *crew: frozenset[str], hours: tuple[int, int] = (8, 12), also: tuple[int, int] | None = None
    ) -> presence.Waiting:
        windows = [(clock(start), clock(end)) for start, end in (hours, also or hours)]
        return presence.Waiting(windows, 60, (crew,))

    def test_take_the_time_of_whoever_may_give_it_and_has_most_left(self) -> None:
        other = staff(8, 10, who=new_id(), skills=frozenset())
        assert left(staff(8, 12), other, waiting=[self.order(ANYBODY)])[HalfDay.morning] == 300
        alone = left(staff(8, 9), other, waiting=[self.order(ANYBODY | {"wound"})])
        assert alone[HalfDay.morning] == 120

    def test_of_the_halves_of_all_its_windows_the_roomier_one_is_taken(self) -> None:
        morning, afternoon = left(staff(8, 16)).values()
        assert morning > afternoon
        there = left(staff(8, 16), waiting=[self.order(ANYBODY, hours=(14, 16), also=(8, 12))])
        assert there == {HalfDay.morning: morning - 60, HalfDay.afternoon: afternoon}

    def test_a_crew_is_of_different_people(self) -> None:
        both = left(staff(8, 12), staff(8, 9, who=new_id()), waiting=[self.order(ANYBODY, ANYBODY)])
        assert both[HalfDay.morning] == 180

    def test_nobody_s_time_is_taken_who_may_not_or_is_not_there_then(self) -> None:
        assert left(staff(8, 12), waiting=[self.order(ANYBODY | {"dental"})])[HalfDay.morning] == 240
        assert left(staff(8, 12), waiting=[self.order(ANYBODY, hours=(14, 16))])[HalfDay.morning] == 240
