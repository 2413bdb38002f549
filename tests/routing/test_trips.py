"""Visits are one trip when one crew stays at one home; anything between makes two of them."""

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
