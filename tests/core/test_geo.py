import math
import random

import geocoordinates_ffi
import numpy as np
import prcoords
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core import geo
from service.core.geo import Datum, Point

METRES_PER_DEGREE = 111_320.0

china_lon = st.floats(73.5, 135.0)
china_lat = st.floats(3.5, 53.5)
world = st.builds(Point, st.floats(-180, 180), st.floats(-90, 90))
district = st.builds(Point, st.floats(106.0, 107.0), st.floats(38.6, 39.4))


def apart_metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    return METRES_PER_DEGREE * math.hypot((a[0] - b[0]) * math.cos(math.radians(a[1])), a[1] - b[1])


def random_places(count: int = 2000) -> list[tuple[float, float]]:
    dice = random.Random(20260302)
    return [(dice.uniform(73.5, 135.0), dice.uniform(3.5, 53.5)) for _ in range(count)]


class TestPoint:
    @pytest.mark.parametrize(
        ("lon", "lat"), [(180.01, 0.0), (-180.01, 0.0), (0.0, 90.01), (0.0, -90.01), (math.nan, 0.0), (0.0, math.inf)]
    )
    def test_refuses_coordinates_that_are_nowhere(self, lon: float, lat: float) -> None:
        with pytest.raises(ValueError, match="is not within"):
            Point(lon, lat)

    def test_accepts_the_corners_of_the_world(self) -> None:
        assert Point(-180.0, -90.0) < Point(180.0, 90.0)


class TestForwardConversions:
    def test_gcj02_equals_two_independent_packages(self) -> None:
        for lon, lat in random_places():
            ours = geo.wgs84_to_gcj02(lon, lat)
            theirs = prcoords.wgs_gcj((lat, lon))
            rust = geocoordinates_ffi.wgs84_to_gcj02(geocoordinates_ffi.Wgs84(lat=lat, lon=lon))
            assert ours == pytest.approx((theirs.lon, theirs.lat), abs=1e-12)
            assert ours == pytest.approx((rust.lon, rust.lat), abs=1e-12)

    def test_bd09_equals_two_independent_packages(self) -> None:
        for lon, lat in random_places():
            ours = geo.gcj02_to_bd09(lon, lat)
            theirs = prcoords.gcj_bd((lat, lon))
            rust = geocoordinates_ffi.gcj02_to_bd09(geocoordinates_ffi.Gcj02(lat=lat, lon=lon))
            assert ours == pytest.approx((theirs.lon, theirs.lat), abs=1e-12)
            assert ours == pytest.approx((rust.lon, rust.lat), abs=1e-12)

    def test_the_shift_in_a_northern_town_is_some_hundred_metres(self) -> None:
        assert 300 < apart_metres(geo.wgs84_to_gcj02(106.38, 39.02), (106.38, 39.02)) < 700


class TestInverseConversions:
    def test_come_back_within_a_thousandth_of_a_millimetre_everywhere_in_china(self) -> None:
        worst_gcj = worst_bd = 0.0
        for lon, lat in random_places():
            gcj = geo.wgs84_to_gcj02(lon, lat)
            worst_gcj = max(worst_gcj, apart_metres(geo.gcj02_to_wgs84(*gcj), (lon, lat)))
            worst_bd = max(worst_bd, apart_metres(geo.bd09_to_gcj02(*geo.gcj02_to_bd09(*gcj)), gcj))
        assert worst_gcj < 1e-6
        assert worst_bd < 1e-6

    @given(china_lon, china_lat)
    def test_any_place_survives_the_way_to_bd09_and_back(self, lon: float, lat: float) -> None:
        baidu = geo.gcj02_to_bd09(*geo.wgs84_to_gcj02(lon, lat))
        back = geo.to_wgs84(*baidu, Datum.bd09)
        assert apart_metres((back.lon, back.lat), (lon, lat)) < 0.001


class TestToWgs84:
    def test_leaves_wgs84_alone(self) -> None:
        assert geo.to_wgs84(106.38, 39.02, Datum.wgs84) == Point(106.38, 39.02)

    def test_undoes_the_shift_of_the_datum_named(self) -> None:
        gcj = geo.wgs84_to_gcj02(106.38, 39.02)
        bd = geo.gcj02_to_bd09(*gcj)
        for pair, datum in ((gcj, Datum.gcj02), (bd, Datum.bd09)):
            point = geo.to_wgs84(*pair, datum)
            assert (point.lon, point.lat) == pytest.approx((106.38, 39.02), abs=1e-9)

    @pytest.mark.parametrize(("lon", "lat"), [(0.0, 0.0), (-122.4, 37.8), (151.2, -33.9), (0.0, 90.0), (180.0, -90.0)])
    def test_gcj02_shifts_nothing_outside_the_rectangle(self, lon: float, lat: float) -> None:
        assert geo.to_wgs84(lon, lat, Datum.gcj02) == Point(lon, lat)
        assert geo.wgs84_to_gcj02(lon, lat) == (lon, lat)

    def test_gcj02_shifts_also_neighbours_inside_the_rectangle(self) -> None:
        assert apart_metres(geo.wgs84_to_gcj02(126.98, 37.57), (126.98, 37.57)) > 100

    @pytest.mark.parametrize("datum", list(Datum))
    def test_refuses_coordinates_that_are_nowhere_before_converting(self, datum: Datum) -> None:
        with pytest.raises(ValueError, match="latitude 106"):
            geo.to_wgs84(39.02, 106.38, datum)

    @given(st.floats(-180, 180), st.floats(-90, 90))
    def test_answers_for_any_place_on_earth_in_gcj02(self, lon: float, lat: float) -> None:
        point = geo.to_wgs84(lon, lat, Datum.gcj02)
        assert abs(point.lon - lon) < 0.05
        assert abs(point.lat - lat) < 0.05


class TestDistances:
    @given(district, district)
    def test_great_circle_agrees_with_the_geodesic_within_the_documented_share(self, a: Point, b: Point) -> None:
        exact = geo.geodesic_metres(a, b)
        assert abs(int(geo.great_circle_metres([a, b])[0, 1]) - exact) <= 0.006 * exact + 1

    @given(world, world)
    def test_great_circle_agrees_with_the_geodesic_all_over_the_world(self, a: Point, b: Point) -> None:
        exact = geo.geodesic_metres(a, b)
        assert abs(int(geo.great_circle_metres([a, b])[0, 1]) - exact) <= 0.006 * exact + 1

    def test_one_degree_of_the_equator_is_known(self) -> None:
        matrix = geo.great_circle_metres([Point(0, 0), Point(1, 0), Point(0, 1)])
        assert matrix.dtype == np.int64
        assert matrix.tolist() == [[0, 111195, 111195], [111195, 0, 157250], [111195, 157250, 0]]
        assert geo.geodesic_metres(Point(0, 0), Point(1, 0)) == 111319

    def test_a_rectangle_of_origins_and_destinations_is_the_part_of_the_square(self) -> None:
        points = [Point(106.38, 39.02), Point(106.40, 39.03), Point(106.36, 39.00), Point(106.38, 39.05)]
        assert np.array_equal(geo.great_circle_metres(points[:1], points[1:]), geo.great_circle_metres(points)[:1, 1:])

    def test_no_points_make_an_empty_matrix(self) -> None:
        assert geo.great_circle_metres([]).shape == (0, 0)


class TestBearing:
    @pytest.mark.parametrize(
        ("to", "expected"), [(Point(0, 1), 0.0), (Point(1, 0), 90.0), (Point(0, -1), 180.0), (Point(-1, 0), 270.0)]
    )
    def test_the_four_winds(self, to: Point, expected: float) -> None:
        assert geo.bearing(Point(0, 0), to) == pytest.approx(expected)

    @given(world, world)
    def test_stays_within_the_circle(self, a: Point, b: Point) -> None:
        assert 0.0 <= geo.bearing(a, b) < 360.0
