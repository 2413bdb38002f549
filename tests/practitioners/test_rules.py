"""What a person may do on a day, and which shifts can be worked."""

from datetime import UTC, date, datetime, timedelta

import pytest

from service.core.ids import new_id
from service.practitioners import errors, rules
from service.practitioners.rules import PractitionerRole, QualificationKind, Title

DAY = date(2026, 3, 2)
EIGHT = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)


def row(kind: str, code: str, valid_from: date, valid_to: date | None = None) -> rules.QualificationFacts:
    return rules.QualificationFacts(
        id=new_id(),
        practitioner_id=new_id(),
        kind=QualificationKind(kind),
        code=code,
        certificate_no="C1",
        valid_from=valid_from,
        valid_to=valid_to,
    )


def at(hours: float) -> datetime:
    return EIGHT + timedelta(hours=hours)


class TestIsLicensed:
    @pytest.mark.parametrize(
        ("valid_from", "valid_to", "licensed"),
        [
            (DAY, DAY, True),
            (date(2020, 1, 1), None, True),
            (date(2020, 1, 1), date(2026, 3, 1), False),
            (date(2026, 3, 3), None, False),
        ],
    )
    def test_needs_a_licence_in_force_that_day(self, valid_from, valid_to, licensed):
        assert rules.is_licensed([row("licence", "nurse", valid_from, valid_to)], DAY) is licensed

    def test_a_skill_is_no_licence(self):
        assert not rules.is_licensed([row("skill", "wound_care", DAY)], DAY)


class TestSkillsOn:
    def test_are_those_in_force_with_role_and_every_title_reached(self):
        rows = [
            row("skill", "wound_care", DAY),
            row("skill", "rehab", date(2020, 1, 1), date(2026, 3, 1)),
            row("licence", "nurse", DAY),
        ]
        skills = rules.skills_on(PractitionerRole.nurse, Title.intermediate, rows, DAY)
        assert skills == {"wound_care", "role:nurse", "title:assistant", "title:junior", "title:intermediate"}

    def test_no_title_reaches_none(self):
        assert rules.skills_on(PractitionerRole.village_doctor, Title.none, [], DAY) == {"role:village_doctor"}


class TestRefuseImpossibleShift:
    @pytest.mark.parametrize("hours", [0, -1, 16.01])
    def test_refuses_a_span_that_is_none_or_too_long(self, hours):
        with pytest.raises(errors.ShiftImpossible):
            rules.refuse_impossible_shift(at(0), at(hours), None, 0)

    @pytest.mark.parametrize("hours", [0.5, 9, 16])
    def test_lets_a_working_day_through(self, hours):
        rules.refuse_impossible_shift(at(0), at(hours), None, 0)

    @pytest.mark.parametrize(
        ("opens", "closes", "minutes"),
        [(-1, 4, 60), (3, 10, 60), (4, 3, 60), (3, 3.5, 60), (3, 4, 0), (3, 4, -5)],
    )
    def test_refuses_a_break_that_does_not_fit(self, opens, closes, minutes):
        with pytest.raises(errors.LunchImpossible):
            rules.refuse_impossible_shift(at(0), at(9), (at(opens), at(closes)), minutes)

    def test_refuses_minutes_without_a_window(self):
        with pytest.raises(errors.LunchImpossible):
            rules.refuse_impossible_shift(at(0), at(9), None, 30)

    def test_lets_a_break_fill_its_window(self):
        rules.refuse_impossible_shift(at(0), at(9), (at(3), at(4)), 60)


class TestRefuseBegun:
    def test_what_starts_now_has_begun(self):
        rules.refuse_begun(at(1), at(0))
        with pytest.raises(errors.ShiftBegun):
            rules.refuse_begun(at(0), at(0))
