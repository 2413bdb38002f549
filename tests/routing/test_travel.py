"""Where a plan's travel times come from: the operator's road server, remembered; or the line, and it says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from pydantic import SecretStr

from service.core.geo import Point, TravelMode
from service.core.settings import Settings, TravelSource
from service.gateways.maps import Pace
from service.institutions.rules import SettingsOn
from service.routing import travel
from service.routing.building import Means
from tests.gateways.maps.providers import AMAP_KEY, AMAP_SECRET, TENCENT_KEY, TENCENT_SECRET, Providers
from tests.gateways.stand_in import ISLAND, RoadServer, serving

HERE, THERE = Point(106.38, 39.02), Point(106.40, 39.02)
CAR, WALK = Means(TravelMode.car, Pace(1.3, 25.0, 120)), Means(TravelMode.walk, Pace(1.3, 4.5, 60))


@pytest.fixture(scope="module")
def server() -> Iterator[RoadServer]:
    with serving(RoadServer()) as running:
        yield running


@pytest.fixture(scope="module")
def running() -> Iterator[Providers]:
    with serving(Providers()) as asked:
        yield asked


@pytest.fixture
def providers(running: Providers) -> Providers:
    running.reset()
    return running


@pytest.fixture(autouse=True)
def _well_again(server: RoadServer) -> None:
    server.reset()


async def test_a_road_server_is_asked_once_for_each_way_of_travelling(server: RoadServer) -> None:
    roads = travel.Roads(Settings(osrm_url=server.base_url))
    first = await roads.matrices([HERE, THERE], [CAR], outside=False)
    again = await roads.matrices([THERE, HERE], [CAR], outside=False)
    assert travel.label(first) == travel.label(again) == "osrm"
    assert first[0].seconds[0, 1] == again[0].seconds[1, 0] > 200
    assert len(server.asked) == 1


async def test_valhalla_speaks_for_those_on_foot_too(server: RoadServer) -> None:
    roads = travel.Roads(Settings(valhalla_url=server.base_url))
    found = await roads.matrices([HERE, THERE], [CAR, WALK], outside=False)
    assert [each.source for each in found] == ["valhalla", "valhalla"]
    assert {each["costing"] for each in server.asked} == {"auto", "pedestrian"}


async def test_a_silent_server_is_replaced_by_the_line_and_the_label_says_so(server: RoadServer) -> None:
    server.status = 503
    roads = travel.Roads(Settings(osrm_url=server.base_url))
    with structlog.testing.capture_logs() as told:
        found = await roads.matrices([HERE, THERE], [CAR], outside=False)
    assert travel.label(found) == "great_circle (osrm error 503)"
    assert [(each["mode"], each["pairs"], each["why"]) for each in told] == [("car", 2, travel.label(found))]
    by_line = await travel.Roads(Settings()).matrices([HERE, THERE], [CAR], outside=False)
    assert (found[0].seconds == by_line[0].seconds).all()


async def test_without_a_server_each_way_has_its_own_pace() -> None:
    car, walk = await travel.Roads(Settings()).matrices([HERE, THERE], [CAR, WALK], outside=False)
    assert travel.label([car, walk]) == "great_circle"
    assert (car.metres == walk.metres).all()
    assert walk.seconds[0, 1] > 3 * car.seconds[0, 1]


async def test_a_map_provider_learns_the_homes_only_where_it_is_allowed(providers: Providers) -> None:
    known = Settings(
        travel_source=TravelSource.amap,
        amap_key=SecretStr(AMAP_KEY),
        amap_secret=SecretStr(AMAP_SECRET),
        amap_url=providers.base_url,
        amap_questions_per_second=1000,
    )
    roads = travel.Roads(known)
    kept = await roads.matrices([HERE, THERE], [CAR], outside=False)
    assert travel.label(kept) == "great_circle"
    assert providers.asked == []
    asked = await roads.matrices([HERE, THERE], [CAR, WALK], outside=True)
    assert travel.label(asked) == "amap"
    assert {each["type"] for each in providers.asked} == {"1", "3"}


async def test_the_key_of_a_map_provider_is_no_reason_to_ask_it_for_travel_times(providers: Providers) -> None:
    roads = travel.Roads(Settings(amap_key=SecretStr(AMAP_KEY), amap_url=providers.base_url))
    assert travel.label(await roads.matrices([HERE, THERE], [CAR], outside=True)) == "great_circle"
    assert providers.asked == []


async def test_tencent_is_asked_with_the_allowance_of_the_settings(providers: Providers) -> None:
    known = Settings(
        travel_source=TravelSource.tencent,
        tencent_key=SecretStr(TENCENT_KEY),
        tencent_secret=SecretStr(TENCENT_SECRET),
        tencent_url=providers.base_url,
        tencent_pairs_per_day=4,
    )
    car, walk = await travel.Roads(known).matrices([HERE, THERE], [CAR, WALK], outside=True)
    assert [car.source, walk.source] == ["tencent", "great_circle (tencent distances daily quota used up)"]
    assert travel.estimated_pairs([car, walk]) == (4, 2)


async def test_files_of_an_own_road_graph_need_the_library() -> None:
    roads = travel.Roads(Settings(osrm_files=((TravelMode.car, Path("none.osrm")),)))
    label = travel.label(await roads.matrices([HERE, THERE], [CAR], outside=False))
    assert label.startswith("great_circle (osrm_files ")


async def test_counts_the_pairs_that_stand_on_a_line(server: RoadServer) -> None:
    roads = travel.Roads(Settings(osrm_url=server.base_url))
    found = await roads.matrices([HERE, THERE, Point(ISLAND, 39.0)], [CAR, WALK], outside=False)
    assert travel.estimated_pairs(found) == (12, 4 + 6)


def test_paces_are_the_settings_of_the_day() -> None:
    paces = travel.paces(SettingsOn())
    assert paces[TravelMode.ebike] == Pace(1.3, 18.0, 120)
    assert set(paces) == set(TravelMode)
