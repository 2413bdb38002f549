from collections.abc import Iterator

import httpx
import numpy as np
import pytest

from service.core.geo import Point
from service.gateways.maps import CachedSource, GreatCircle, Osrm, Pace, TravelMode
from tests.gateways.stand_in import ISLAND, RoadServer, serving

POINTS = [Point(106.38, 39.02), Point(106.40, 39.03), Point(106.37, 39.00), Point(106.43, 39.02)]
ESTIMATE = GreatCircle({mode: Pace(1.4, 24.0) for mode in TravelMode})


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
    return CachedSource(inner, pairs=pairs), inner


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
                assert matrix.source == "osrm + great_circle for 2 pairs (osrm no route)"
                assert matrix.estimated.tolist() == [[False, True], [True, False]]
            assert len(cache) == 2

    async def test_labels_the_rest_when_the_server_is_gone_meanwhile(self, server: RoadServer) -> None:
        async with httpx.AsyncClient() as client:
            cache, _ = cached(client, server)
            await cache.matrix(POINTS[:3], TravelMode.car)
            server.status = 500
            grown = await cache.matrix(POINTS, TravelMode.car)
            assert grown.source == "osrm + great_circle for 7 pairs (osrm error 500)"
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
