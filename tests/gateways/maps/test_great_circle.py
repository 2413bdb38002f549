import numpy as np
import pytest

from service.core import geo
from service.core.geo import Point
from service.gateways.maps import GreatCircle, Pace, TravelMode

EAST = [Point(0.0, 0.0), Point(0.1, 0.0), Point(0.0, 0.0)]


class TestGreatCircle:
    async def test_stretches_the_line_and_rides_it_at_the_modes_pace(self) -> None:
        source = GreatCircle({TravelMode.ebike: Pace(1.5, 18.0, 60), TravelMode.walk: Pace(1.0, 3.6)})
        ride = await source.matrix(EAST, TravelMode.ebike)
        walk = await source.matrix(EAST, TravelMode.walk)
        # a tenth of a degree on the equator is 11,119.5 m (rounded to even); at 5 m/s with 60 s to lock the bike
        line = int(geo.great_circle_metres(EAST)[0, 1])
        assert line in (11119, 11120)
        assert ride.metres[0, 1] == round(line * 1.5)
        assert ride.seconds[0, 1] == -(-round(line * 1.5) // 5) + 60
        assert walk.seconds[0, 1] == walk.metres[0, 1] == line

    async def test_a_place_is_reached_from_itself_at_once(self) -> None:
        matrix = await GreatCircle({TravelMode.car: Pace(1.3, 30.0, 120)}).matrix(EAST, TravelMode.car)
        assert matrix.seconds.tolist()[0][0] == matrix.seconds.tolist()[0][2] == 0
        assert matrix.metres[0, 2] == 0

    async def test_is_the_source_asked_for_not_an_estimate(self) -> None:
        matrix = await GreatCircle({TravelMode.car: Pace(1.3, 30.0)}).matrix(EAST, TravelMode.car)
        assert matrix.source == "great_circle"
        assert not matrix.estimated.any()
        assert matrix.seconds.dtype == matrix.metres.dtype == np.int64

    async def test_a_table_is_a_part_of_the_matrix(self) -> None:
        source = GreatCircle({TravelMode.bike: Pace(1.3, 12.0, 30)})
        points = [Point(106.38, 39.02), Point(106.41, 39.05), Point(106.35, 39.00)]
        whole = await source.matrix(points, TravelMode.bike)
        part = await source.table(points[:1], points[1:], TravelMode.bike)
        assert np.array_equal(part.seconds, whole.seconds[:1, 1:])
        assert np.array_equal(part.metres, whole.metres[:1, 1:])

    async def test_refuses_a_mode_without_a_pace(self) -> None:
        with pytest.raises(KeyError):
            await GreatCircle({}).matrix(EAST, TravelMode.walk)


class TestPace:
    @pytest.mark.parametrize("figures", [(0.9, 10.0, 0), (1.0, 0.0, 0), (1.0, 10.0, -1)])
    def test_refuses_figures_that_are_no_way_to_travel(self, figures: tuple[float, float, int]) -> None:
        with pytest.raises(ValueError, match="no way to travel"):
            Pace(*figures)
