"""The catalogue's decisions, without a database."""

from datetime import date, time
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.catalog import errors, rules
from service.core.geo import Point, geodesic_metres

HOME = Point(106.400, 39.020)
INSTITUTION = Point(106.380, 39.020)
NEAR_STATION = Point(106.395, 39.021)
FAR_STATION = Point(106.300, 39.020)


def tariff(
    base: rules.DistanceBase = rules.DistanceBase.institution,
    method: rules.DistanceMethod = rules.DistanceMethod.great_circle,
) -> rules.TariffFacts:
    return rules.TariffFacts(
        id=uuid4(),
        unit=rules.FeeUnit.visit,
        tiers=(rules.TierFacts(None, Decimal("78.00")),),
        night=rules.NightFacts(time(18), time(6), Decimal(2)),
        insurance_class=rules.InsuranceClass.C,
        self_ratio=Decimal(0),
        distance_base=base,
        distance_method=method,
        valid_from=date(2026, 1, 1),
        valid_to=None,
    )


def no_road(origin: Point, destination: Point) -> int:
    raise AssertionError("a straight line needs no road")


class TestDistanceMetres:
    def test_counts_the_straight_line_from_the_institution(self) -> None:
        metres = rules.distance_metres(tariff(), HOME, INSTITUTION, [NEAR_STATION], no_road)
        assert metres == geodesic_metres(INSTITUTION, HOME)

    def test_counts_from_the_nearest_of_the_stations(self) -> None:
        nearest = tariff(rules.DistanceBase.nearest_station)
        metres = rules.distance_metres(nearest, HOME, INSTITUTION, [FAR_STATION, NEAR_STATION], no_road)
        assert metres == geodesic_metres(NEAR_STATION, HOME)

    def test_counts_from_the_door_of_an_institution_without_stations(self) -> None:
        nearest = tariff(rules.DistanceBase.nearest_station)
        assert rules.distance_metres(nearest, HOME, INSTITUTION, [], no_road) == geodesic_metres(INSTITUTION, HOME)

    def test_asks_the_road_from_base_to_home_where_the_tariff_counts_roads(self) -> None:
        asked: list[tuple[Point, Point]] = []

        def road(origin: Point, destination: Point) -> int:
            asked.append((origin, destination))
            return 5000 if origin == FAR_STATION else 7000

        by_road = tariff(rules.DistanceBase.nearest_station, rules.DistanceMethod.road)
        assert rules.distance_metres(by_road, HOME, INSTITUTION, [NEAR_STATION, FAR_STATION], road) == 5000
        assert asked == [(NEAR_STATION, HOME), (FAR_STATION, HOME)]

    def test_the_detour_road_is_the_straight_line_times_its_factor_half_up(self) -> None:
        straight = geodesic_metres(INSTITUTION, HOME)
        assert rules.detour_road(Decimal("1.3"))(INSTITUTION, HOME) == int(
            Decimal(straight) * Decimal("1.3") + Decimal("0.5")
        )
        assert rules.detour_road(Decimal(1))(INSTITUTION, HOME) == straight

    def test_says_in_chinese_how_it_counts_and_that_a_road_may_be_an_estimate(self) -> None:
        said = rules.describe_distance(rules.DistanceBase.nearest_station, rules.DistanceMethod.road)
        assert "最近的服务站点" in said
        assert "绕行系数估算" in said
        assert "机构所在地" in rules.describe_distance(
            rules.DistanceBase.institution, rules.DistanceMethod.great_circle
        )


class TestTiersAscend:
    @pytest.mark.parametrize("bounds", [["3"], [None], ["3", "5", "10"], ["0.5", None]])
    def test_accepts_ascending_bounds_with_an_open_end(self, bounds: list[str | None]) -> None:
        assert rules.tiers_ascend([Decimal(each) if each else None for each in bounds])

    @pytest.mark.parametrize("bounds", [[], ["3", "3"], ["5", "3"], [None, "5"], [None, None], ["0"], ["0", "3"]])
    def test_refuses_everything_else(self, bounds: list[str | None]) -> None:
        assert not rules.tiers_ascend([Decimal(each) if each else None for each in bounds])


DAYS = st.dates(date(2026, 1, 1), date(2026, 1, 12))


class TestGivesWay:
    @given(DAYS, st.none() | DAYS, DAYS, st.none() | DAYS)
    def test_only_an_open_row_gives_way_and_then_both_stand_side_by_side(
        self, running_from: date, running_to: date | None, new_from: date, new_to: date | None
    ) -> None:
        gives = rules.gives_way(running_from, running_to, new_from, new_to)
        assert gives == (running_to is None and new_to is None and running_from < new_from)
        if gives:
            assert running_from <= rules.day_before(new_from) < new_from


class TestRefuseEnding:
    def test_lets_an_open_row_end_on_its_first_day(self) -> None:
        rules.refuse_ending(date(2026, 1, 1), None, date(2026, 1, 1))

    def test_lets_a_row_keep_its_end(self) -> None:
        rules.refuse_ending(date(2026, 1, 1), date(2026, 2, 1), date(2026, 2, 1))

    @pytest.mark.parametrize("end", [date(2025, 12, 31), date(2026, 2, 2)])
    def test_refuses_to_end_before_the_start_or_to_lengthen(self, end: date) -> None:
        with pytest.raises(errors.EndingInvalid):
            rules.refuse_ending(date(2026, 1, 1), date(2026, 2, 1), end)


class TestReservedCodes:
    @pytest.mark.parametrize("code", ["VISIT_FEE", "BED_DAY"])
    def test_the_lines_of_a_bill_are_no_services(self, code: str) -> None:
        with pytest.raises(errors.CodeReserved):
            rules.refuse_reserved(code)

    def test_other_codes_are(self) -> None:
        rules.refuse_reserved("BED_DAY_CARE")


class TestSilentBan:
    @pytest.mark.parametrize("note", [None, ""])
    def test_a_banned_service_says_why(self, note: str | None) -> None:
        with pytest.raises(errors.RefusalNoteMissing):
            rules.refuse_silent_ban(False, note)

    def test_an_allowed_one_need_not(self) -> None:
        rules.refuse_silent_ban(True, None)
        rules.refuse_silent_ban(False, "请到门诊输液室。")
