"""When a service mode may be registered and used, which setting holds, what may be rewritten."""

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.ids import new_id
from service.institutions import errors, rules
from service.institutions.rules import settings

DAY = date(2026, 3, 2)
CENTRE = rules.InstitutionFacts(
    id=new_id(), code="I1", name="中心", kind=rules.InstitutionKind.community_health_centre, lon=106.38, lat=39.02,
    licence_no="L1", licence_from=date(2026, 1, 1), licence_to=date(2026, 12, 31), district_id=new_id(),
    address="朝阳街", published_phone=None,
)  # fmt: skip
ROUND = rules.ModeFacts(new_id(), CENTRE.id, rules.ServiceMode.round, "R1", date(2026, 3, 1), date(2026, 6, 30))


def row(value: object, *, key: str = "travel.detour_factor", of: UUID | None = None, since: date = DAY,
        until: date | None = None) -> rules.SettingFacts:  # fmt: skip
    return rules.SettingFacts(new_id(), of, key, value, since, until)


class TestMayServe:
    def test_serves_in_a_registered_mode_on_its_first_and_last_day(self) -> None:
        for on in (date(2026, 3, 1), date(2026, 6, 30)):
            assert rules.may_serve(CENTRE, [ROUND], rules.ServiceMode.round, on)

    def test_does_not_serve_the_day_before_or_after(self) -> None:
        for on in (date(2026, 2, 28), date(2026, 7, 1)):
            assert not rules.may_serve(CENTRE, [ROUND], rules.ServiceMode.round, on)

    def test_does_not_serve_in_another_mode(self) -> None:
        assert not rules.may_serve(CENTRE, [ROUND], rules.ServiceMode.home_bed, DAY)

    def test_does_not_serve_under_another_institutions_registration(self) -> None:
        assert not rules.may_serve(CENTRE, [replace(ROUND, institution_id=new_id())], rules.ServiceMode.round, DAY)

    def test_does_not_serve_when_the_licence_has_run_out(self) -> None:
        expired = replace(CENTRE, licence_to=DAY - timedelta(days=1))
        assert not rules.may_serve(expired, [ROUND], rules.ServiceMode.round, DAY)
        assert rules.may_serve(replace(CENTRE, licence_to=DAY), [ROUND], rules.ServiceMode.round, DAY)

    def test_does_not_serve_without_a_licence(self) -> None:
        unlicensed = replace(CENTRE, licence_no=None, licence_from=None, licence_to=None)
        assert not rules.may_serve(unlicensed, [ROUND], rules.ServiceMode.round, DAY)


class TestRefuseRegistration:
    def test_refuses_a_care_institution_even_with_a_licence(self) -> None:
        with pytest.raises(errors.CareInstitutionOnly):
            rules.refuse_registration(replace(CENTRE, kind=rules.InstitutionKind.care_institution), DAY)

    def test_refuses_before_the_licence_begins(self) -> None:
        with pytest.raises(errors.LicenceMissing):
            rules.refuse_registration(CENTRE, date(2025, 12, 31))
        rules.refuse_registration(CENTRE, date(2026, 1, 1))


class TestSettingsOn:
    def test_an_institutions_value_goes_before_the_regions_whatever_the_order(self) -> None:
        rows = [row("1.6", of=CENTRE.id), row("1.4")]
        for order in (rows, rows[::-1]):
            current = rules.settings_on(order, DAY)
            assert current.of(settings.TRAVEL_DETOUR_FACTOR) == Decimal("1.6")
            assert current.source(settings.TRAVEL_DETOUR_FACTOR) is rules.SettingSource.institution

    def test_the_regions_value_holds_where_the_institution_has_none(self) -> None:
        current = rules.settings_on([row("1.4")], DAY)
        assert current.of(settings.TRAVEL_DETOUR_FACTOR) == Decimal("1.4")
        assert current.source(settings.TRAVEL_DETOUR_FACTOR) is rules.SettingSource.region

    def test_the_default_holds_before_the_first_and_after_the_last_day(self) -> None:
        only = row("1.4", since=DAY, until=DAY)
        for on, expected in ((DAY - timedelta(days=1), "1.3"), (DAY, "1.4"), (DAY + timedelta(days=1), "1.3")):
            assert rules.settings_on([only], on).of(settings.TRAVEL_DETOUR_FACTOR) == Decimal(expected)


class TestRegistry:
    @pytest.mark.parametrize("key", list(rules.SETTINGS))
    def test_every_default_is_a_value_of_its_setting(self, key: str) -> None:
        known = rules.SETTINGS[key]
        assert known.read(known.write(known.default)) == known.default
        assert known.key == key

    @pytest.mark.parametrize(
        ("key", "raw"),
        [
            ("travel.detour_factor", 1.3),
            ("travel.detour_factor", "0.99"),
            ("travel.detour_factor", "1.30001"),
            ("travel.detour_factor", "NaN"),
            ("travel.detour_factor", "Infinity"),
            ("travel.detour_factor", "一点三"),
            ("visit.geofence_metres", "150"),
            ("visit.geofence_metres", True),
            ("visit.geofence_metres", 9),
            ("visit.geofence_metres", 5001),
            ("orders.auto_accept", 1),
            ("orders.auto_accept", "true"),
            ("fee.sharing", "sometimes"),
            ("fee.sharing", None),
            ("travel.traffic", "07:30"),
            ("travel.traffic", "24:00=150"),
            ("travel.traffic", "07:30=99"),
            ("travel.traffic", "07:30=301"),
            ("travel.traffic", "09:00=150,07:30=100"),
            ("travel.traffic", "07:30=150,,09:00=100"),
            ("travel.traffic", ""),
            ("travel.traffic", 150),
            ("rounds.morning", "08:00"),
            ("rounds.morning", "8:00-12:00"),
            ("rounds.morning", "12:00-08:00"),
            ("rounds.morning", "08:00-08:00"),
            ("rounds.morning", "04:59-12:00"),
            ("rounds.morning", "08:00-12:31"),
            ("rounds.afternoon", "12:29-17:30"),
            ("rounds.afternoon", "13:00-24:00"),
            ("rounds.afternoon", 13),
        ],
    )
    def test_refuses_what_is_not_a_value(self, key: str, raw: object) -> None:
        with pytest.raises(ValueError, match=r"."):
            rules.SETTINGS[key].read(raw)

    def test_the_hours_of_the_day_survive_their_json_form(self) -> None:
        known = settings.TRAVEL_TRAFFIC
        assert known.read("07:30=150, 09:00=100") == ((450, 150), (540, 100))
        assert known.write(((450, 150), (540, 100))) == "07:30=150,09:00=100"
        assert known.read("none") == ()

    def test_a_span_of_clock_times_survives_its_json_form(self) -> None:
        known = settings.ROUNDS_MORNING
        assert known.read("07:30-11:05") == (time(7, 30), time(11, 5))
        assert known.write((time(7, 30), time(11, 5))) == "07:30-11:05"

    def test_the_halves_of_a_day_never_overlap_whatever_is_set(self) -> None:
        assert settings.ROUNDS_MORNING.highest <= settings.ROUNDS_AFTERNOON.lowest

    @given(st.decimals(min_value=1, max_value=5, places=4))
    def test_a_decimal_survives_its_json_form(self, value: Decimal) -> None:
        known = settings.TRAVEL_DETOUR_FACTOR
        assert known.read(known.write(value)) == value


class TestClosingDay:
    def test_an_open_value_ends_the_day_before_a_new_open_one(self) -> None:
        assert rules.closing_day(row("1.4"), DAY + timedelta(days=5), None) == DAY + timedelta(days=4)

    def test_a_value_with_an_end_is_not_touched(self) -> None:
        assert rules.closing_day(row("1.4", until=DAY + timedelta(days=9)), DAY + timedelta(days=5), None) is None

    def test_a_value_that_begins_the_same_day_or_later_is_not_touched(self) -> None:
        assert rules.closing_day(row("1.4"), DAY, None) is None
        assert rules.closing_day(row("1.4"), DAY - timedelta(days=1), None) is None

    def test_a_passing_value_does_not_end_the_running_one(self) -> None:
        assert rules.closing_day(row("1.4"), DAY + timedelta(days=5), DAY + timedelta(days=6)) is None


class TestRefuseRewriting:
    def test_a_value_may_change_on_its_first_day_but_not_on_the_second(self) -> None:
        rules.refuse_rewriting(row("1.4"), value="1.5", valid_to=None, today=DAY)
        with pytest.raises(errors.PastFixed):
            rules.refuse_rewriting(row("1.4"), value="1.5", valid_to=None, today=DAY + timedelta(days=1))

    def test_a_running_value_may_end_yesterday_but_not_earlier(self) -> None:
        today = DAY + timedelta(days=5)
        rules.refuse_rewriting(row("1.4"), value="1.4", valid_to=DAY + timedelta(days=4), today=today)
        with pytest.raises(errors.PastFixed):
            rules.refuse_rewriting(row("1.4"), value="1.4", valid_to=DAY + timedelta(days=3), today=today)

    def test_a_value_that_ended_is_not_revived(self) -> None:
        ended = row("1.4", until=DAY)
        with pytest.raises(errors.PastFixed):
            rules.refuse_rewriting(ended, value="1.4", valid_to=None, today=DAY + timedelta(days=2))
        rules.refuse_rewriting(ended, value="1.4", valid_to=None, today=DAY + timedelta(days=1))

    def test_a_value_never_ends_before_it_starts(self) -> None:
        with pytest.raises(errors.PeriodReversed):
            rules.refuse_rewriting(row("1.4"), value="1.4", valid_to=DAY - timedelta(days=1), today=DAY)
