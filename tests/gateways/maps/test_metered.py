"""AMap and Tencent: their limits, their refusals, their datum, and the key that nobody gets to see."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import prcoords
import pytest
import structlog

from service.core import geo
from service.core.geo import Point
from service.gateways.maps import GreatCircle, Guard, Pace, TravelMode
from service.gateways.maps.allowance import Allowance
from service.gateways.maps.amap import AMapMatrix
from service.gateways.maps.breaker import Breaker
from service.gateways.maps.metered import Key
from service.gateways.maps.tencent import TencentMatrix
from tests.gateways.maps import providers
from tests.gateways.maps.providers import Providers
from tests.gateways.stand_in import serving

ESTIMATE = GreatCircle({mode: Pace(1.4, 24.0, handling_seconds=30) for mode in TravelMode})
POINTS = [Point(round(106.30 + 0.0007 * n, 6), 39.02) for n in range(110)]
CAR, WALK, EBIKE = TravelMode.car, TravelMode.walk, TravelMode.ebike
KEYS = {
    AMapMatrix: (providers.AMAP_KEY, providers.AMAP_SECRET),
    TencentMatrix: (providers.TENCENT_KEY, providers.TENCENT_SECRET),
}
NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)

Matrix = AMapMatrix | TencentMatrix


class Times:
    """The test's clocks: seconds pass only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds, self.now, self.slept = 0.0, NOON, 0.0

    def clock(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.slept += seconds

    def allowance(self, per_second: int = 1000, per_day: int = 1_000_000) -> Allowance:
        return Allowance(
            per_second=per_second, per_day=per_day, now=lambda: self.now, clock=self.clock, sleep=self.sleep
        )


@pytest.fixture(scope="module")
def running() -> Iterator[Providers]:
    with serving(Providers()) as app:
        yield app


@pytest.fixture
def server(running: Providers) -> Providers:
    running.reset()
    return running


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as opened:
        yield opened


@pytest.fixture
def times() -> Times:
    return Times()


@pytest.fixture(params=[AMapMatrix, TencentMatrix])
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def source(kind: Any, client: httpx.AsyncClient, server: Providers, allowance: Allowance, **more: Any) -> Matrix:
    key = more.pop("key", Key(*KEYS[kind]))
    made: Matrix = kind(client, server.base_url, ESTIMATE, key=key, allowance=allowance, **more)
    return made


def refuse(server: Providers, kind: Any, amap: str, tencent: int, times: int = 1) -> None:
    if kind is AMapMatrix:
        server.amap_codes = [amap] * times
    else:
        server.tencent_statuses = [tencent] * times


def expected(origins: list[Point], destinations: list[Point]) -> list[list[int]]:
    """Return the seconds that the providers' road takes, from coordinates shifted by another library, with handling."""

    def lon(point: Point) -> float:
        return round(prcoords.wgs_gcj((point.lat, point.lon))[1], 6)

    return [[0 if a == b else providers.road(lon(a), lon(b))[1] + 30 for b in destinations] for a in origins]


class TestBothProviders:
    async def test_a_matrix_from_tiles_is_the_matrix(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        origins, destinations = POINTS, POINTS[40:80]
        matrix = await source(kind, client, server, times.allowance()).table(origins, destinations, CAR)
        assert matrix.source == ("amap" if kind is AMapMatrix else "tencent")
        assert not matrix.estimated.any()
        # AMap: 100 + 10 origins to each destination; Tencent: 25 × 25
        assert len(server.asked) == (80 if kind is AMapMatrix else 10)
        assert np.abs(matrix.seconds - np.array(expected(origins, destinations))).max() <= 1
        alone = await source(kind, client, server, times.allowance()).table(origins[57:58], destinations[3:4], CAR)
        assert alone.seconds[0, 0] == matrix.seconds[57, 3]
        assert alone.metres[0, 0] == matrix.metres[57, 3]

    async def test_is_asked_in_gcj02(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        await source(kind, client, server, times.allowance()).table(POINTS[:1], POINTS[1:2], CAR)
        asked = server.asked[0]
        if kind is AMapMatrix:
            lon, lat = map(float, asked["origins"].split(","))
        else:
            lat, lon = map(float, asked["from"].split(","))
        there = prcoords.wgs_gcj((POINTS[0].lat, POINTS[0].lon))
        assert (lat, lon) == (pytest.approx(there[0], abs=2e-6), pytest.approx(there[1], abs=2e-6))
        assert geo.geodesic_metres(Point(lon, lat), POINTS[0]) > 100

    async def test_estimates_the_pairs_without_a_road(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        server.pair_codes = {3: "2"} if kind is AMapMatrix else {2: "4"}
        origins, destinations = (POINTS[:4], POINTS[10:11]) if kind is AMapMatrix else (POINTS[10:11], POINTS[:4])
        matrix = await source(kind, client, server, times.allowance()).table(origins, destinations, CAR)
        by_line = ESTIMATE.estimate(origins, destinations, CAR)
        assert matrix.estimated.ravel().tolist() == [False, False, True, False]
        assert matrix.seconds.ravel()[2] == by_line.seconds.ravel()[2]
        assert matrix.source.endswith(f"for 1 of 4 pairs ({matrix.name} far from any road)")

    async def test_a_wrong_key_is_asked_once_and_said_without_it(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times, caplog: pytest.LogCaptureFixture
    ) -> None:
        wrong = Key("wrong-key-71", "wrong-secret-72")
        caplog.set_level(logging.DEBUG)
        with structlog.testing.capture_logs() as told:
            matrix = await source(kind, client, server, times.allowance(), key=wrong).matrix(POINTS[:9], CAR)
        assert matrix.source == f"great_circle ({matrix.name} key refused)"
        assert len(server.asked) == 1
        assert told == []
        where = [
            matrix.source,
            repr(wrong),
            repr(told),
            *(each.getMessage() for each in caplog.records if each.name == "httpx"),
        ]
        assert len(where) == 4  # httpx has said something
        for text in where:
            for secret in ("wrong-key-71", "wrong-secret-72", "106.3", "39.0"):
                assert secret not in text

    async def test_a_day_that_the_provider_calls_used_up_is_over_until_midnight_in_china(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        road = source(kind, client, server, times.allowance())
        refuse(server, kind, "10003", 121)
        for _ in range(2):
            matrix = await road.matrix(POINTS[:3], CAR)
            assert matrix.source == f"great_circle ({matrix.name} daily quota used up)"
        assert len(server.asked) == 1
        times.now = datetime(2026, 3, 2, 15, 59, tzinfo=UTC)
        assert (await road.matrix(POINTS[:3], CAR)).estimated_pairs == 6
        times.now += timedelta(minutes=1)
        assert (await road.matrix(POINTS[:3], CAR)).estimated_pairs == 0

    async def test_stops_at_its_own_count_and_keeps_what_was_answered(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        # AMap counts questions, Tencent pairs, of which a second's are a question
        units = 2 if kind is AMapMatrix else 8
        allowance = times.allowance(per_second=4, per_day=units)
        matrix = await source(kind, client, server, allowance).matrix(POINTS[:4], CAR)
        assert len(server.asked) == 2
        assert allowance.left == 0
        assert 0 < matrix.estimated_pairs < matrix.pairs == 12
        assert matrix.source.endswith("pairs (" + matrix.name + " daily quota used up)")

    async def test_puts_a_question_again_that_came_too_fast(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        refuse(server, kind, "10021", 120, times=2)
        matrix = await source(kind, client, server, times.allowance()).table(POINTS[:2], POINTS[2:3], CAR)
        assert matrix.estimated_pairs == 0
        assert len(server.asked) == 3
        assert times.slept == pytest.approx(2.0, abs=0.1)

    async def test_gives_up_a_question_that_always_comes_too_fast_and_waits_for_nothing_after_it(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        refuse(server, kind, "10021", 120, times=9)
        matrix = await source(kind, client, server, times.allowance()).table(POINTS[:1], POINTS[2:3], CAR)
        assert matrix.source.endswith("asked too fast)")
        assert len(server.asked) == 3
        assert times.slept == pytest.approx(2.0, abs=0.1)

    async def test_asks_no_faster_than_it_may(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        await source(kind, client, server, times.allowance(per_second=4)).matrix(POINTS[:4], CAR)
        # AMap: 4 questions, the first at once; Tencent: 16 pairs in questions of 4
        assert times.slept == pytest.approx(0.75 if kind is AMapMatrix else 3.0)

    async def test_is_left_alone_after_failures_and_tried_again_after_a_pause(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        guard = Guard(0.5, 60.0, Breaker(failures=2, pause_seconds=60.0, clock=times.clock))
        road = source(kind, client, server, times.allowance(), guard=guard)
        server.sleep_seconds = 1.0
        for _ in range(3):
            assert (await road.table(POINTS[:1], POINTS[1:2], CAR)).estimated_pairs == 1
        assert len(server.asked) == 2
        server.sleep_seconds, times.seconds = 0.0, 59.0
        assert "rests after failures" in (await road.table(POINTS[:1], POINTS[1:2], CAR)).source
        times.seconds = 61.0
        assert (await road.table(POINTS[:1], POINTS[1:2], CAR)).estimated_pairs == 0
        assert (await road.table(POINTS[:1], POINTS[1:2], CAR)).estimated_pairs == 0

    async def test_a_trial_that_the_quota_or_its_asker_stops_is_the_next_one_s_at_once(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        guard = Guard(2.0, 60.0, Breaker(failures=1, pause_seconds=60.0, clock=times.clock))
        road = source(kind, client, server, times.allowance(per_day=2), guard=guard)
        one, other = POINTS[:1], POINTS[1:2]
        server.status = 500
        assert "error 500" in (await road.table(one, other, CAR)).source
        server.status, times.seconds = 200, 61.0
        refuse(server, kind, "10003", 121)
        assert "daily quota used up" in (await road.table(one, other, CAR)).source
        times.now += timedelta(days=1)
        server.sleep_seconds = 0.1
        trial = asyncio.create_task(road.table(one, other, CAR))
        while len(server.asked) < 3:
            await asyncio.sleep(0.005)
        assert "rests after failures" in (await road.table(one, other, CAR)).source
        trial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trial
        server.sleep_seconds = 0.0
        assert (await road.table(one, other, CAR)).estimated_pairs == 0
        assert len(server.asked) == 4

    @pytest.mark.parametrize("body", [b"[]", b"{}", b"welcome", b'{"status": 0}', b'{"status": "1", "results": [{}]}'])
    async def test_believes_no_nonsense(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times, body: bytes
    ) -> None:
        server.body = body
        matrix = await source(kind, client, server, times.allowance()).table(POINTS[:1], POINTS[1:2], CAR)
        assert matrix.estimated.all()

    async def test_takes_no_longer_than_a_matrix_may(
        self, kind: Any, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        server.sleep_seconds, server.quick = 3.0, 1
        road = source(kind, client, server, times.allowance(per_second=4), guard=Guard(60.0, 1.0))
        matrix = await road.matrix(POINTS[:4], CAR)
        assert matrix.source.endswith("took too long altogether)")
        assert 0 < matrix.estimated_pairs < 12


class TestAMap:
    async def test_walks_and_drives_but_does_not_cycle(
        self, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        road = source(AMapMatrix, client, server, times.allowance())
        for mode in (CAR, WALK):
            assert (await road.table(POINTS[:1], POINTS[1:2], mode)).source == "amap"
        assert [each["type"] for each in server.asked] == ["1", "3"]
        assert (
            await road.table(POINTS[:1], POINTS[1:2], EBIKE)
        ).source == "great_circle (amap has no matrix for ebike)"
        assert len(server.asked) == 2
        assert [road.in_traffic(mode) for mode in (CAR, WALK)] == [True, False]


class TestTencent:
    async def test_has_only_distances_for_those_without_a_car_and_says_so(
        self, client: httpx.AsyncClient, server: Providers, times: Times
    ) -> None:
        road = source(TencentMatrix, client, server, times.allowance())
        matrix = await road.table(POINTS[:1], POINTS[1:2], EBIKE)
        assert matrix.source == "tencent distances"
        assert server.asked[0]["mode"] == "bicycling"
        # at 24 km/h, and 30 s to lock it
        assert matrix.seconds[0, 0] == -(-int(matrix.metres[0, 0]) * 36 // 240) + 30


class TestKey:
    def test_does_not_tell_itself(self) -> None:
        assert "hunter" not in repr(replace(Key("a"), key="hunter", secret="hunter"))
