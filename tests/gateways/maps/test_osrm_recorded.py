"""OSRM on real streets: answers recorded from the real server; that server and its library where they are installed.

The last lines of the run say which of them were asked.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from service.core.geo import Point
from service.gateways.maps import GreatCircle, Osrm, Pace, TravelMatrix, TravelMode
from service.gateways.maps.osrm_files import OsrmFiles
from tests import remarks
from tests.gateways.maps import real_osrm
from tests.gateways.stand_in import Receive, Send, serving

RECORDED = json.loads((Path(__file__).parent / "recorded" / "osrm_helsinki.json").read_text("utf-8"))
PLACES = [Point(lon, lat) for lon, lat in RECORDED["places"]]
ESTIMATE = GreatCircle({mode: Pace(1.4, 24.0) for mode in TravelMode})
CAR = TravelMode.car
LARGEST = 8
"""The table that the real server is started for; that of all places is larger."""
ISLAND = 6
"""The last place lies in the sea, more than a kilometre from the streets of the extract."""


class Replay:
    """Answers what the real server has answered to the very same question."""

    base_url = ""

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        known = RECORDED["answers"][f"{scope['raw_path'].decode().split('?')[0]}?{scope['query_string'].decode()}"]
        await send({"type": "http.response.start", "status": known["status"], "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(known["document"]).encode()})


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    remarks.say("OSRM", "answers recorded from osrm-routed")
    with serving(Replay()) as running:
        yield running


async def recorded(server: Any, max_table_size: int) -> TravelMatrix:
    return await told(server.base_url, max_table_size)


async def told(base_url: str, max_table_size: int) -> TravelMatrix:
    async with httpx.AsyncClient() as client:
        profiles = {CAR: "driving"}
        return await Osrm(client, base_url, ESTIMATE, profiles=profiles, max_table_size=max_table_size).matrix(
            PLACES, CAR
        )


@pytest.fixture(scope="module")
def real_server(roads: Path) -> Iterator[str]:
    with real_osrm.routed(roads, LARGEST) as url:
        remarks.say("OSRM", "the real osrm-routed over HTTP")
        yield url


class TestRecordedOsrm:
    async def test_tiles_make_the_matrix_of_one_question(self, server: Any) -> None:
        whole, tiled = await recorded(server, 100), await recorded(server, 8)
        assert np.array_equal(whole.seconds, tiled.seconds)
        assert np.array_equal(whole.metres, tiled.metres)
        assert np.array_equal(whole.estimated, tiled.estimated)

    async def test_streets_are_no_lines(self, server: Any) -> None:
        matrix = await recorded(server, 100)
        by_line = ESTIMATE.estimate(PLACES, PLACES, CAR)
        by_road = ~matrix.estimated & (by_line.metres > 0)
        assert by_road.sum() == 20
        # one-way streets
        assert (matrix.metres != matrix.metres.T)[by_road & by_road.T].any()
        assert (matrix.metres[by_road] * 1.4 > by_line.metres[by_road] - 60).all()

    async def test_estimates_where_the_real_server_has_no_route_or_a_far_road(self, server: Any) -> None:
        matrix = await recorded(server, 100)
        assert matrix.estimated[ISLAND, :ISLAND].all()
        assert matrix.estimated[:ISLAND, ISLAND].all()
        assert matrix.estimated_pairs == 22
        assert matrix.source == "osrm + great_circle for 22 of 42 pairs (osrm far from any road, no route)"
        by_line = ESTIMATE.estimate(PLACES, PLACES, CAR)
        assert np.array_equal(matrix.seconds[matrix.estimated], by_line.seconds[matrix.estimated])


class TestRealOsrm:
    """The server itself, on the graph that was just built from the extract."""

    @pytest.mark.parametrize("asked_at_once", [LARGEST, 100], ids=["within its limit", "beyond its limit"])
    async def test_says_what_was_recorded(self, server: Any, real_server: str, asked_at_once: int) -> None:
        by_record, by_server = await recorded(server, 100), await told(real_server, asked_at_once)
        assert np.array_equal(by_server.seconds, by_record.seconds)
        assert np.array_equal(by_server.metres, by_record.metres)
        assert np.array_equal(by_server.estimated, by_record.estimated)
        # which of the reasons comes first is a matter of which block was answered first
        assert sorted(by_server.source) == sorted(by_record.source)

    async def test_refuses_a_table_beyond_its_limit(self, real_server: str) -> None:
        places = ";".join(f"{place.lon:.6f},{place.lat:.6f}" for place in (*PLACES, *PLACES)[: LARGEST + 1])
        async with httpx.AsyncClient() as client:
            refused = await client.get(f"{real_server}/table/v1/driving/{places}")
        assert (refused.status_code, refused.json()["code"]) == (400, "TooBig")


class TestOsrmFiles:
    async def test_says_what_the_server_says(self, server: Any, roads: Path) -> None:
        remarks.say("OSRM", "the real library in the process, osrm-bindings")
        by_server = await recorded(server, 100)
        by_library = await OsrmFiles({CAR: roads}, ESTIMATE).matrix(PLACES, CAR)
        assert np.array_equal(by_library.seconds, by_server.seconds)
        assert np.array_equal(by_library.metres, by_server.metres)
        assert np.array_equal(by_library.estimated, by_server.estimated)
        assert by_library.source == by_server.source.replace("osrm", "osrm_files")

    async def test_has_no_figures_for_a_mode_without_a_file(self) -> None:
        matrix = await OsrmFiles({}, ESTIMATE).matrix(PLACES, CAR)
        assert matrix.source == "great_circle (osrm_files has no file for car)"

    async def test_says_that_files_or_library_are_missing(self, tmp_path: Path) -> None:
        matrix = await OsrmFiles({CAR: tmp_path / "none.osrm"}, ESTIMATE).matrix(PLACES, CAR)
        assert matrix.source in {
            "great_circle (osrm_files is not installed)",
            "great_circle (osrm_files cannot read its files)",
        }
