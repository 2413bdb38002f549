import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest

from service.core.geo import Point
from service.gateways.maps import CachedSource, GreatCircle, Osrm, Pace, TravelMode
from service.gateways.maps.cache import time_band
from tests.gateways.stand_in import ISLAND, RoadServer, serving

POINTS = [Point(106.38, 39.02), Point(106.40, 39.03), Point(106.37, 39.00), Point(106.43, 39.02)]
ESTIMATE = GreatCircle({mode: Pace(1.4, 24.0) for mode in TravelMode})


MORNING = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)  # half past eight in China, a Monday


class Clock:
    now = MORNING


@pytest.fixture(autouse=True)
def _morning() -> None:
    Clock.now = MORNING


class InTraffic(Osrm):
    def in_traffic(self, mode: TravelMode) -> bool:
        return mode is TravelMode.car


@pytest.fixture(scope="module")
def running() -> Iterator[RoadServer]:
    with serving(RoadServer()) as app:
        yield app


@pytest.fixture
def server(running: RoadServer) -> RoadServer:
    running.reset()
    return running


def cached(client: httpx.AsyncClient, server: RoadServer, pairs: int = 1000) -> tuple[CachedSource, Osrm]:
    inner = Osrm(client, server.base_url, ESTIMATE, profiles={TravelMode.car: "driving", TravelMode.walk: "foot"})
    return CachedSource(inner, pairs=pairs, keep=timedelta(hours=1), now=lambda: Clock.now), inner


class TestCachedSource:
    async def test_asks_once_and_answers_the_same_again(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            cache, inner = cached(client, server)
            plain = await inner.matrix(POINTS, TravelMode.car)
            server.asked.clear()
            for _ in range(2):
                again = await cache.matrix(POINTS, TravelMode.car)
                assert np.array_equal(again.seconds, plain.seconds)
                assert np.array_equal(again.metres, plain.metres)
                assert again.source == "osrm"
            assert len(server.asked) == 1

    async def test_asks_one_row_and_one_column_for_one_new_place(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            cache, inner = cached(client, server)
            await cache.matrix(POINTS[:3], TravelMode.car)
            server.asked.clear()
            grown = await cache.matrix(POINTS, TravelMode.car)
            assert [one["places"] for one in server.asked] == [1 + 4, 3 + 1]
            plain = await inner.matrix(POINTS, TravelMode.car)
            assert np.array_equal(grown.seconds, plain.seconds)

    async def test_keeps_modes_and_directions_apart(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            cache, _ = cached(client, server)
            await cache.table(POINTS[:1], POINTS[1:2], TravelMode.car)
            await cache.table(POINTS[:1], POINTS[1:2], TravelMode.walk)
            await cache.table(POINTS[1:2], POINTS[:1], TravelMode.car)
            assert len(server.asked) == len(cache) == 3

    async def test_places_a_step_apart_are_one(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            cache, _ = cached(client, server)
            await cache.matrix([POINTS[0], POINTS[1]], TravelMode.car)
            near = Point(POINTS[0].lon + 0.000_003, POINTS[0].lat)
            matrix = await cache.matrix([near, POINTS[0], POINTS[1]], TravelMode.car)
            assert len(server.asked) == 1
            assert matrix.seconds[0, 1] == matrix.seconds[0, 0] == 0

    async def test_does_not_remember_estimates(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            cache, _ = cached(client, server)
            server.status = 500
            first = await cache.matrix(POINTS, TravelMode.car)
            assert first.source == "great_circle (osrm error 500)"
            assert len(cache) == 0
            server.status = 200
            assert (await cache.matrix(POINTS, TravelMode.car)).source == "osrm"

    async def test_asks_again_for_a_pair_without_a_road_and_keeps_its_label(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            cache, _ = cached(client, server)
            island = [POINTS[0], Point(ISLAND, 39.0)]
            for _ in range(2):
                matrix = await cache.matrix(island, TravelMode.car)
                assert matrix.source == "great_circle (osrm no route)"
                assert matrix.estimated.tolist() == [[False, True], [True, False]]
            assert len(cache) == 0

    async def test_labels_the_rest_when_the_server_is_gone_meanwhile(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            cache, _ = cached(client, server)
            await cache.matrix(POINTS[:3], TravelMode.car)
            server.status = 500
            grown = await cache.matrix(POINTS, TravelMode.car)
            assert grown.source == "osrm + great_circle for 6 of 12 pairs (osrm error 500)"
            assert not grown.estimated[:3, :3].any()

    async def test_forgets_what_was_used_longest_ago(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            cache, _ = cached(client, server, pairs=2)
            a, b, c, d = ([point] for point in POINTS)
            await cache.table(a, b, TravelMode.car)
            await cache.table(a, c, TravelMode.car)
            await cache.table(a, b, TravelMode.car)
            await cache.table(a, d, TravelMode.car)
            assert len(cache) == 2
            server.asked.clear()
            await cache.table(a, b, TravelMode.car)
            assert server.asked == []
            await cache.table(a, c, TravelMode.car)
            assert len(server.asked) == 1

    async def test_forgets_after_its_time(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            cache, _ = cached(client, server)
            await cache.matrix(POINTS, TravelMode.car)
            Clock.now = MORNING + timedelta(minutes=59)
            await cache.matrix(POINTS, TravelMode.car)
            assert len(server.asked) == 1
            Clock.now = MORNING + timedelta(minutes=60)
            await cache.matrix(POINTS, TravelMode.car)
            assert len(server.asked) == 2

    async def test_asks_once_for_what_several_want_at_the_same_time(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            cache, _ = cached(client, server)
            server.sleep_seconds = 0.05
            found = await asyncio.gather(*(cache.matrix(POINTS, TravelMode.car) for _ in range(5)))
            assert len(server.asked) == 1
            assert {each.source for each in found} == {"osrm"}
            assert all(np.array_equal(each.seconds, found[0].seconds) for each in found)

    async def test_keeps_the_times_of_another_traffic_apart(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            profiles = {TravelMode.car: "driving", TravelMode.walk: "foot"}
            road = InTraffic(client, server.base_url, ESTIMATE, profiles=profiles)
            cache = CachedSource(road, pairs=1000, keep=timedelta(days=7), now=lambda: Clock.now)
            for mode in (TravelMode.car, TravelMode.walk):
                await cache.matrix(POINTS, mode)
            Clock.now = MORNING + timedelta(hours=2)
            for mode in (TravelMode.car, TravelMode.walk):
                await cache.matrix(POINTS, mode)
            assert [one["profile"] for one in server.asked] == ["driving", "foot", "driving"]
            Clock.now = MORNING + timedelta(days=1, minutes=20)  # Tuesday, the same peak
            await cache.matrix(POINTS, TravelMode.car)
            assert len(server.asked) == 3


class TestTimeBand:
    @pytest.mark.parametrize(
        ("hour", "band"),
        [
            (0, "workday 0"),
            (6, "workday 0"),
            (7, "workday 7"),
            (9, "workday 9"),
            (18, "workday 17"),
            (23, "workday 22"),
        ],
    )
    def test_is_of_the_hour_in_china(self, hour: int, band: str) -> None:
        moment = datetime(2026, 3, 2, hour, 59, tzinfo=UTC) - timedelta(hours=8)
        assert time_band(moment) == band

    def test_knows_the_weekend(self) -> None:
        assert time_band(datetime(2026, 2, 28, 0, 30, tzinfo=UTC)) == "weekend 7"
