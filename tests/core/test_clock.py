"""The local day, and the demo's clock."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.clock import DemoClock, Knot, SystemClock, at_local, day_bounds, local_date, parse_aware

MORNING = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
KNOTS = [
    Knot(1000.0, MORNING),
    Knot(1100.0, MORNING + timedelta(hours=10)),
    Knot(1200.0, MORNING + timedelta(hours=11)),
]


class TestLocalDays:
    def test_the_local_day_begins_at_sixteen_hours_utc(self) -> None:
        assert local_date(datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)) == date(2026, 3, 1)
        assert local_date(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == date(2026, 3, 2)

    def test_the_offset_of_a_moment_does_not_matter(self) -> None:
        new_york = datetime(2026, 3, 1, 20, 0, tzinfo=timezone(timedelta(hours=-5)))
        assert local_date(new_york) == date(2026, 3, 2)

    @given(st.dates(min_value=date(1992, 1, 1), max_value=date(2100, 1, 1)))
    def test_a_day_is_the_moments_that_bear_its_date(self, day: date) -> None:
        start, end = day_bounds(day)
        assert end - start == timedelta(hours=24)
        assert (local_date(start), local_date(end)) == (day, day + timedelta(days=1))
        assert local_date(end - timedelta(microseconds=1)) == day

    def test_a_local_time_is_eight_hours_ahead(self) -> None:
        assert at_local(date(2026, 3, 2), time(9, 30)) == datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


class TestParseAware:
    def test_reads_any_offset(self) -> None:
        assert parse_aware("2026-03-02T09:00:00+08:00") == parse_aware("2026-03-02T01:00:00Z")

    @pytest.mark.parametrize("text", ["2026-03-02T09:00:00", "2026-03-02", "noon", ""])
    def test_refuses_a_moment_without_one(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            parse_aware(text)


class TestDemoClock:
    def test_it_runs_straight_between_knots(self) -> None:
        clock = DemoClock(KNOTS)
        assert clock.at(1000) == MORNING
        assert clock.at(1050) == MORNING + timedelta(hours=5)
        assert clock.at(1100) == MORNING + timedelta(hours=10)
        assert clock.at(1150) == MORNING + timedelta(hours=10, minutes=30)

    def test_it_stands_before_the_first_knot_and_runs_at_real_speed_after_the_last(self) -> None:
        clock = DemoClock(KNOTS)
        assert clock.at(0) == MORNING
        assert clock.at(1260) == MORNING + timedelta(hours=11, seconds=60)

    @given(st.floats(min_value=900, max_value=1300), st.floats(min_value=0, max_value=100))
    def test_it_never_runs_backwards(self, at: float, later: float) -> None:
        clock = DemoClock(KNOTS)
        assert clock.at(at) <= clock.at(at + later)

    def test_it_is_read_from_json_and_shows_utc(self) -> None:
        clock = DemoClock.from_json('[[1000, "2026-03-02T08:00:00+08:00"], [1100, "2026-03-02T18:00:00+08:00"]]')
        assert clock.at(1050) == MORNING + timedelta(hours=5)
        assert clock.at(1050).tzinfo is UTC

    @pytest.mark.parametrize(
        "text",
        [
            "", "5", "{}", "[]", "[[1]]", "[[1, 5]]", '[["x", "2026-03-02T08:00:00Z"]]', '[[1, "2026-03-02T08:00:00"]]',
            '[[null, "2026-03-02T08:00:00Z"]]', '[[NaN, "2026-03-02T08:00:00Z"]]',
            '[[2, "2026-03-02T08:00:00Z"], [1, "2026-03-02T09:00:00Z"]]',
        ],
    )  # fmt: skip
    def test_what_is_no_list_of_ascending_knots_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"."):
            DemoClock.from_json(text)


class TestSystemClock:
    def test_it_shows_the_real_time_in_utc(self) -> None:
        shown = SystemClock().now()
        assert shown.tzinfo is UTC
        assert abs(datetime.now(UTC) - shown) < timedelta(seconds=5)
