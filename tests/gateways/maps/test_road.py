from collections.abc import AsyncIterator, Iterator

import httpx
import numpy as np
import pytest

from service.core.geo import Point
from service.gateways.maps import GreatCircle, Guard, Osrm, Pace, TravelMode, Valhalla
from tests.gateways.stand_in import ISLAND, RoadServer, serving

POINTS = [Point(106.38, 39.02), Point(106.40, 39.03), Point(106.37, 39.00), Point(106.38, 39.02)]
WITH_ISLAND = [*POINTS[:3], Point(ISLAND, 39.0)]
PACES = {mode: Pace(1.4, 24.0, handling_seconds=30) for mode in TravelMode}
ESTIMATE = GreatCircle(PACES)
PROFILES = {TravelMode.car: "driving", TravelMode.walk: "foot", TravelMode.bike: "bicycle"}
COSTINGS = {TravelMode.car: "auto", TravelMode.walk: "pedestrian", TravelMode.bike: "rocket"}

Road = type[Osrm] | type[Valhalla]


@pytest.fixture(scope="module")
def running() -> Iterator[RoadServer]:
    with serving(RoadServer()) as app:
        yield app


@pytest.fixture
def server(running: RoadServer) -> RoadServer:
    running.reset()
    return running


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as opened:
        yield opened


def osrm(client: httpx.AsyncClient, url: str, max_table_size: int = 100, seconds: float = 10.0) -> Osrm:
    return Osrm(client, url, ESTIMATE, profiles=PROFILES, max_table_size=max_table_size, guard=Guard(seconds))


def valhalla(client: httpx.AsyncClient, url: str, max_pairs: int = 2500, seconds: float = 10.0) -> Valhalla:
    return Valhalla(client, url, ESTIMATE, costings=COSTINGS, max_pairs=max_pairs, guard=Guard(seconds))


@pytest.fixture(params=[osrm, valhalla])
def road(request: pytest.FixtureRequest, client: httpx.AsyncClient, server: RoadServer) -> Osrm | Valhalla:
    source: Osrm | Valhalla = request.param(client, server.base_url, seconds=0.5)
    return source


class TestRoadSource:
    async def test_answers_the_servers_figures_rounded_up_with_handling(self, road: Osrm | Valhalla) -> None:
        matrix = await road.matrix(POINTS, TravelMode.car)
        # 0.02 degrees: 200.5 s and 2,000.4 m; half a second up, 30 s to park
        assert matrix.seconds.tolist() == [[0, 231, 131, 0], [231, 0, 331, 231], [131, 331, 0, 131], [0, 231, 131, 0]]
        assert matrix.metres.tolist() == [
            [0, 2000, 1000, 0],
            [2000, 0, 3000, 2000],
            [1000, 3000, 0, 1000],
            [0, 2000, 1000, 0],
        ]
        assert matrix.seconds.dtype == matrix.metres.dtype == np.int64
        assert matrix.source == road.name

    @pytest.mark.requirement("R148")
    async def test_marks_the_pairs_without_a_road_and_estimates_them(self, road: Osrm | Valhalla) -> None:
        matrix = await road.matrix(WITH_ISLAND, TravelMode.car)
        by_line = await ESTIMATE.matrix(WITH_ISLAND, TravelMode.car)
        assert np.argwhere(matrix.estimated).tolist() == [[0, 3], [1, 3], [2, 3], [3, 0], [3, 1], [3, 2]]
        assert np.array_equal(matrix.seconds[:, 3], by_line.seconds[:, 3])
        assert np.array_equal(matrix.metres[3], by_line.metres[3])
        assert matrix.seconds[0, 1] == 231
        assert matrix.source == f"{road.name} + great_circle for 6 of 12 pairs ({road.name} no route)"

    @pytest.mark.requirement("R148")
    @pytest.mark.parametrize(
        ("trouble", "why"),
        [
            ({"status": 500}, "error 500"),
            ({"status": 503}, "error 503"),
            ({"status": 429}, "answered 429 without JSON"),
            ({"sleep_seconds": 1.0}, "timed out"),
            ({"body": b"<html>welcome</html>"}, "answered 200 without JSON"),
            ({"body": b"[]"}, "answered nonsense"),
            (
                {"body": b'{"code": "Ok", "durations": [[1]], "distances": [[1]], "sources_to_targets": [[]]}'},
                "answered nonsense",
            ),
            ({"body": b'{"code": "Ok", "durations": null, "sources_to_targets": null}'}, "answered nonsense"),
        ],
    )
    async def test_says_why_the_whole_table_is_an_estimate(
        self, road: Osrm | Valhalla, server: RoadServer, trouble: dict[str, object], why: str
    ) -> None:
        for name, value in trouble.items():
            setattr(server, name, value)
        matrix = await road.matrix(POINTS, TravelMode.car)
        by_line = await ESTIMATE.matrix(POINTS, TravelMode.car)
        assert matrix.source == f"great_circle ({road.name} {why})"
        assert np.array_equal(matrix.estimated, by_line.metres > 0)
        assert np.array_equal(matrix.seconds, by_line.seconds)
        assert np.array_equal(matrix.metres, by_line.metres)

    @pytest.mark.requirement("R148")
    @pytest.mark.parametrize("make", [osrm, valhalla])
    async def test_says_that_nobody_listens(self, make: type, client: httpx.AsyncClient) -> None:
        with serving(RoadServer()) as gone:
            pass
        matrix = await make(client, gone.base_url).matrix(POINTS, TravelMode.car)
        assert matrix.source == f"great_circle ({matrix.name} unreachable)"

    async def test_does_not_ask_for_a_mode_it_has_no_road_graph_for(
        self, road: Osrm | Valhalla, server: RoadServer
    ) -> None:
        matrix = await road.matrix(POINTS, TravelMode.ebike)
        assert matrix.source.startswith(f"great_circle ({road.name} has no ")
        assert server.asked == []

    async def test_refuses_negative_times(self, road: Osrm | Valhalla, server: RoadServer) -> None:
        server.body = (
            b'{"code": "Ok", "durations": [[-1]], "distances": [[5]],'
            b' "sources_to_targets": [[{"time": -1, "distance": 5}]]}'
        )
        matrix = await road.table(POINTS[:1], POINTS[1:2], TravelMode.car)
        assert matrix.source == f"great_circle ({road.name} answered nonsense)"

    async def test_an_empty_table_asks_nobody(self, road: Osrm | Valhalla, server: RoadServer) -> None:
        matrix = await road.matrix([], TravelMode.car)
        assert matrix.seconds.shape == (0, 0)
        assert server.asked == []


class TestServersOfTheirOwn:
    async def test_while_the_cars_server_rests_another_is_asked_for_those_on_foot(
        self, client: httpx.AsyncClient, server: RoadServer
    ) -> None:
        with serving(RoadServer()) as gone:
            pass
        cars, walkers = osrm(client, gone.base_url), osrm(client, server.base_url)
        for _ in range(4):
            told = await cars.matrix(POINTS, TravelMode.car)
        assert told.source == "great_circle (osrm rests after failures)"
        assert (await walkers.matrix(POINTS, TravelMode.walk)).source == "osrm"
        assert [one["profile"] for one in server.asked] == ["foot"]


class TestOsrm:
    async def test_splits_tables_that_are_larger_than_the_server_takes(
        self, client: httpx.AsyncClient, server: RoadServer
    ) -> None:
        server.max_table_size = 4
        whole = await osrm(client, server.base_url, max_table_size=4).table(POINTS, POINTS[:3], TravelMode.walk)
        assert whole.source == "osrm"
        assert [one["places"] for one in server.asked] == [4, 3, 4, 3]
        assert {(one["profile"], one["annotations"]) for one in server.asked} == {("foot", "duration,distance")}
        assert whole.seconds.tolist() == [[0, 231, 131], [231, 0, 331], [131, 331, 0], [0, 231, 131]]

    async def test_names_the_code_with_which_the_server_refuses(
        self, client: httpx.AsyncClient, server: RoadServer
    ) -> None:
        unknown = await osrm(client, server.base_url).matrix(POINTS, TravelMode.bike)
        assert unknown.source == "great_circle (osrm refused: InvalidValue)"

    async def test_asks_in_halves_what_the_server_finds_too_big(
        self, client: httpx.AsyncClient, server: RoadServer
    ) -> None:
        server.max_table_size = 3
        too_big = await osrm(client, server.base_url, max_table_size=100).matrix(POINTS, TravelMode.car)
        assert too_big.source == "osrm"
        assert np.array_equal(
            too_big.seconds, (await osrm(client, server.base_url, 3).matrix(POINTS, TravelMode.car)).seconds
        )
        assert max(one["places"] for one in server.asked[-8:]) <= 3

    async def test_estimates_the_pairs_of_a_place_that_was_moved_far_to_a_road(
        self, client: httpx.AsyncClient, server: RoadServer
    ) -> None:
        server.moved[POINTS[2].lon] = 1500.0
        matrix = await osrm(client, server.base_url).matrix(POINTS[:3], TravelMode.car)
        assert np.argwhere(matrix.estimated).tolist() == [[0, 2], [1, 2], [2, 0], [2, 1]]
        assert matrix.source == "osrm + great_circle for 4 of 6 pairs (osrm far from any road)"


class TestValhalla:
    async def test_splits_tables_that_are_larger_than_the_server_takes(
        self, client: httpx.AsyncClient, server: RoadServer
    ) -> None:
        server.max_pairs = 5
        whole = await valhalla(client, server.base_url, max_pairs=5).table(POINTS, POINTS[:3], TravelMode.walk)
        assert whole.source == "valhalla"
        assert [one["pairs"] for one in server.asked] == [4, 2, 4, 2]
        assert {one["costing"] for one in server.asked} == {"pedestrian"}
        assert whole.seconds.tolist() == [[0, 231, 131], [231, 0, 331], [131, 331, 0], [0, 231, 131]]

    async def test_names_the_code_with_which_the_server_refuses(
        self, client: httpx.AsyncClient, server: RoadServer
    ) -> None:
        matrix = await valhalla(client, server.base_url).matrix(POINTS, TravelMode.bike)
        assert matrix.source == "great_circle (valhalla refused: 125)"
