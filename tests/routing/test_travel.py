"""Where a plan's travel times come from: the operator's road server, remembered; or the line, and it says so."""

from collections.abc import Iterator

import pytest

from service.core.geo import Point, TravelMode
from service.core.settings import Settings
from service.gateways.maps import Pace
from service.institutions.rules import SettingsOn
from service.routing import travel
from service.routing.building import Means
from tests.gateways.stand_in import RoadServer, serving

HERE, THERE = Point(106.38, 39.02), Point(106.40, 39.02)
CAR, WALK = Means(TravelMode.car, Pace(1.3, 25.0, 120)), Means(TravelMode.walk, Pace(1.3, 4.5, 60))


@pytest.fixture(scope="module")
def server() -> Iterator[RoadServer]:
    with serving(RoadServer()) as running:
        yield running


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
    found = await roads.matrices([HERE, THERE], [CAR], outside=False)
    assert travel.label(found) == "great_circle (osrm error 503)"
    by_line = await travel.Roads(Settings()).matrices([HERE, THERE], [CAR], outside=False)
    assert (found[0].seconds == by_line[0].seconds).all()


async def test_without_a_server_each_way_has_its_own_pace() -> None:
    car, walk = await travel.Roads(Settings()).matrices([HERE, THERE], [CAR, WALK], outside=False)
    assert travel.label([car, walk]) == "great_circle"
    assert (car.metres == walk.metres).all()
    assert walk.seconds[0, 1] > 3 * car.seconds[0, 1]


def test_paces_are_the_settings_of_the_day() -> None:
    paces = travel.paces(SettingsOn())
    assert paces[TravelMode.ebike] == Pace(1.3, 18.0, 120)
    assert set(paces) == set(TravelMode)
