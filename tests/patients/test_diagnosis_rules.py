"""The national form of ICD-10 codes, the beginnings that programmes name, and what somebody has on a day."""

import re
from datetime import UTC, date, datetime

import pytest

from service.patients import diagnosis_rules as rules
from service.patients import errors


class TestCodes:
    @pytest.mark.parametrize(
        "code", ["I10.x00", "I10.x00x002", "E11.900", "E11.900x001", "N39.000", "E11.201+N08.3*", "A17.806+G07*"]
    )
    def test_take_what_stands_in_the_national_list(self, code: str) -> None:
        assert re.fullmatch(rules.CODE, code)

    @pytest.mark.parametrize(
        "code", ["", "I10", "E11.9", "e11.900", "E11900", "E11.900x1", "E11.900 ", "E11.9000", "11E.900", "E11.900+N08"]
    )
    def test_refuse_the_forms_of_other_lists(self, code: str) -> None:
        assert not re.fullmatch(rules.CODE, code)

    @pytest.mark.parametrize("code", ["I10.x00x002", "E11.900x001"])
    def test_every_beginning_of_a_code_is_a_prefix_and_the_code_begins_with_it(self, code: str) -> None:
        beginnings = [code[: length + 1] for length in range(len(code))]
        assert [each for each in beginnings if not re.fullmatch(rules.PREFIX, each)] == []
        assert all(rules.begins(code, [each]) for each in beginnings)

    @pytest.mark.parametrize("prefix", ["", "11", "e11", "E1x", "E11x", "E11.900y", "E%"])
    def test_what_begins_no_code_is_no_prefix(self, prefix: str) -> None:
        assert not re.fullmatch(rules.PREFIX, prefix)

    def test_a_prefix_names_its_own_category_only(self) -> None:
        assert not rules.begins("E11.900", ["E10", "I10", "E11.0"])
        assert rules.begins("E11.900", ["E10", "E11.9"])
        assert not rules.begins("E11.900", [])


class TestCodesOn:
    KNOWN = (
        rules.Diagnosed("I10.x00", date(2026, 1, 1), None),
        rules.Diagnosed("E11.900", date(2026, 2, 1), date(2026, 3, 1)),
        rules.Diagnosed("E11.900", date(2026, 4, 1), None),
    )

    @pytest.mark.parametrize(
        ("on", "codes"),
        [
            (date(2025, 12, 31), set()),
            (date(2026, 1, 31), {"I10.x00"}),
            (date(2026, 2, 1), {"I10.x00", "E11.900"}),
            (date(2026, 3, 1), {"I10.x00", "E11.900"}),
            (date(2026, 3, 2), {"I10.x00"}),
            (date(2026, 4, 1), {"I10.x00", "E11.900"}),
        ],
    )
    def test_both_days_count(self, on: date, codes: set[str]) -> None:
        assert rules.codes_on(self.KNOWN, on) == codes


class TestRefusals:
    def test_nobody_is_diagnosed_tomorrow(self) -> None:
        rules.refuse_future(date(2026, 3, 2), date(2026, 3, 2))
        with pytest.raises(errors.DiagnosisInFuture):
            rules.refuse_future(date(2026, 3, 3), date(2026, 3, 2))

    def test_what_was_withdrawn_stays_so(self) -> None:
        rules.refuse_withdrawn(None)
        with pytest.raises(errors.DiagnosisWithdrawn):
            rules.refuse_withdrawn(datetime(2026, 3, 2, tzinfo=UTC))
