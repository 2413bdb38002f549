"""Visits are one trip when one crew stays at one home; anything between makes two of them."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from service.core.ids import new_id
from service.routing.trips import Call, trip_keys

ANNE, BERT = new_id(), new_id()
HOME, ELSEWHERE = new_id(), new_id()
FIRST, SECOND, THIRD = new_id(), new_id(), new_id()


def call(who: UUID, hour: int, order: UUID | None, home: UUID | None = HOME) -> Call:
    return Call(who, datetime(2026, 3, 3, hour, tzinfo=UTC), order, home)


def one_trip(calls: list[Call], one: UUID, other: UUID) -> bool:
    keys = trip_keys(calls, new_id)
    assert set(keys) == {each.order_id for each in calls if each.order_id}
    return keys[one] == keys[other]


def test_one_nurse_stays_at_one_home() -> None:
    assert one_trip([call(ANNE, 9, FIRST), call(ANNE, 10, SECOND)], FIRST, SECOND)
    assert one_trip([call(ANNE, 9, FIRST), call(ANNE, 10, SECOND), call(ANNE, 11, THIRD)], FIRST, THIRD)


def test_a_stop_elsewhere_or_a_break_between_ends_the_trip() -> None:
    assert not one_trip([call(ANNE, 9, FIRST), call(ANNE, 10, THIRD, ELSEWHERE), call(ANNE, 11, SECOND)], FIRST, SECOND)
    assert not one_trip([call(ANNE, 9, FIRST), call(ANNE, 10, None, None), call(ANNE, 11, SECOND)], FIRST, SECOND)


def test_another_crew_makes_another_trip() -> None:
    pair = [call(ANNE, 9, FIRST), call(BERT, 9, FIRST)]
    assert one_trip([*pair, call(ANNE, 10, SECOND), call(BERT, 10, SECOND)], FIRST, SECOND)
    assert not one_trip([*pair, call(ANNE, 10, SECOND)], FIRST, SECOND)
    assert not one_trip([call(ANNE, 9, FIRST), call(ANNE, 10, SECOND), call(BERT, 10, SECOND)], FIRST, SECOND)


def test_half_a_crew_that_was_elsewhere_meanwhile_makes_another_trip() -> None:
    calls = [call(ANNE, 9, FIRST), call(BERT, 9, FIRST), call(BERT, 10, THIRD, ELSEWHERE)]
    assert not one_trip([*calls, call(ANNE, 11, SECOND), call(BERT, 11, SECOND)], FIRST, SECOND)


def part(who: UUID, hour: int, order: UUID, home: UUID = HOME) -> Call:
    return replace(call(who, hour, order, home), part=2)


def test_coming_back_for_a_further_part_begins_no_trip() -> None:
    away = [call(ANNE, 9, FIRST), call(ANNE, 10, SECOND, ELSEWHERE), part(ANNE, 11, FIRST)]
    keys = trip_keys(away, new_id)
    assert set(keys) == {FIRST, SECOND}
    # whoever comes after it is on the second way there, which is not the first's
    assert not one_trip([*away, call(ANNE, 12, THIRD)], FIRST, THIRD)
    assert not one_trip([*away, call(ANNE, 12, THIRD, ELSEWHERE)], SECOND, THIRD)


def test_whoever_stayed_between_the_parts_is_on_the_same_trip_still() -> None:
    assert one_trip([call(ANNE, 9, FIRST), part(ANNE, 10, FIRST), call(ANNE, 11, THIRD)], FIRST, THIRD)
    stayed = [call(ANNE, 9, FIRST), call(ANNE, 10, SECOND), part(ANNE, 11, FIRST), call(ANNE, 12, THIRD)]
    assert one_trip(stayed, FIRST, SECOND)
    assert one_trip(stayed, FIRST, THIRD)


def test_a_visit_on_the_second_way_before_the_further_part_keeps_its_own_trip() -> None:
    calls = [
        call(ANNE, 9, FIRST), call(ANNE, 10, None, None), call(ANNE, 11, SECOND), part(ANNE, 12, FIRST),
        call(ANNE, 13, THIRD),
    ]  # fmt: skip
    assert not one_trip(calls, FIRST, SECOND)
    assert one_trip(calls, SECOND, THIRD)
