"""When things happen on the way: plausibly, and never before they can."""

import random
from datetime import UTC, datetime, timedelta

from service.core.geo import Datum, Point, geodesic_metres, to_wgs84
from service.demo import journey
from service.demo.journey import Where

DOOR = Where(106.38, 39.02)
NINE = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)


class TestLeg:
    def test_sets_out_so_as_to_be_in_time(self) -> None:
        there = DOOR.moved(2000, 0)
        way = journey.leg(random.Random(1), DOOR, there, "ebike", free=NINE - timedelta(hours=1), planned=NINE)
        assert NINE - timedelta(minutes=20) < way.departs < NINE
        assert abs(way.arrives - NINE) < timedelta(minutes=5)

    def test_does_not_set_out_before_one_is_free(self) -> None:
        way = journey.leg(random.Random(1), DOOR, DOOR.moved(2000, 0), "ebike", free=NINE, planned=NINE)
        assert way.departs == NINE
        assert way.arrives > NINE


class TestBegins:
    def test_waits_for_the_promised_time(self) -> None:
        assert journey.begins(NINE - timedelta(minutes=10), NINE) == NINE

    def test_follows_a_late_arrival(self) -> None:
        assert journey.begins(NINE + timedelta(minutes=10), NINE) > NINE + timedelta(minutes=10)


class TestPosition:
    def test_is_near_the_door_once_it_is_read_as_gcj02(self) -> None:
        draw = random.Random(7)
        for _ in range(50):
            seen = journey.position(draw, DOOR)
            place = to_wgs84(float(seen["lon"]), float(seen["lat"]), Datum(seen["datum"]))
            assert geodesic_metres(place, Point(DOOR.lon, DOOR.lat)) < 60

    def test_is_elsewhere_when_it_strays(self) -> None:
        seen = journey.position(random.Random(7), DOOR, stray=640)
        place = to_wgs84(float(seen["lon"]), float(seen["lat"]), Datum.gcj02)
        assert 600 < geodesic_metres(place, Point(DOOR.lon, DOOR.lat)) < 720
