"""Identity and phone numbers: only what can exist, and never shown in full."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.patients import errors, numbers
from service.patients.rules import Sex

KNOWN = "34052419800101001X"


def with_check(body: str) -> str:
    return body + numbers.check_digit(body)


class TestReadIdNumber:
    def test_reads_birthday_and_sex_of_a_known_number(self):
        assert numbers.read_id_number(KNOWN) == numbers.IdNumber(KNOWN, date(1980, 1, 1), Sex.male)

    def test_stores_a_lower_case_x_in_upper_case(self):
        assert numbers.read_id_number("34052419800101001x").text == KNOWN

    def test_an_even_seventeenth_digit_is_a_woman(self):
        assert numbers.read_id_number(with_check("64020219450501002")).sex is Sex.female

    @pytest.mark.parametrize("front", ["810000", "820000", "830000", "911156", "710000"])
    def test_takes_residence_permits(self, front):
        assert numbers.read_id_number(with_check(f"{front}19600229001")).born_on == date(1960, 2, 29)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("340524198001010011", "校验码不符"),
            ("34052419800101001", "应为 18 位"),
            ("34052419800101001XX", "应为 18 位"),
            ("３４０５２４１９８００１０１００１X", "应为 18 位"),
            ("3405241980010100XX", "应为 18 位"),
            (with_check("00052419800101001"), "前两位地区码不存在"),
            (with_check("16052419800101001"), "前两位地区码不存在"),
            (with_check("34052419801301001"), "出生日期不存在"),
            (with_check("34052419810229001"), "出生日期不存在"),
            (with_check("34052400000101001"), "出生日期不存在"),
        ],
    )
    def test_refuses_what_cannot_exist_and_says_why(self, text, reason):
        with pytest.raises(errors.IdNumberInvalid) as refusal:
            numbers.read_id_number(text)
        assert refusal.value.facts["reason"] == reason

    @given(st.integers(0, 16), st.integers(1, 9))
    def test_the_check_digit_catches_every_single_wrong_digit(self, place, step):
        digit = str((int(KNOWN[place]) + step) % 10)
        with pytest.raises(errors.IdNumberInvalid):
            numbers.read_id_number(KNOWN[:place] + digit + KNOWN[place + 1 :])

    @given(st.integers(0, 15))
    def test_the_check_digit_catches_neighbours_swapped(self, place):
        swapped = KNOWN[:place] + KNOWN[place + 1] + KNOWN[place] + KNOWN[place + 2 :]
        if swapped != KNOWN:
            with pytest.raises(errors.IdNumberInvalid):
                numbers.read_id_number(swapped)


class TestRefuseDisagreement:
    TODAY = date(2026, 3, 2)

    def refuse(self, born_on: date, sex: Sex) -> None:
        numbers.refuse_disagreement(numbers.read_id_number(KNOWN), born_on=born_on, sex=sex, today=self.TODAY)

    def test_lets_the_same_birthday_and_sex_through(self):
        self.refuse(date(1980, 1, 1), Sex.male)

    def test_names_the_field_that_disagrees(self):
        with pytest.raises(errors.IdNumberDisagrees) as refusal:
            self.refuse(date(1980, 1, 2), Sex.male)
        assert refusal.value.facts["pointer"] == "#/born_on"
        with pytest.raises(errors.IdNumberDisagrees) as refusal:
            self.refuse(date(1980, 1, 1), Sex.female)
        assert refusal.value.facts["pointer"] == "#/sex"

    def test_refuses_a_birthday_to_come(self):
        unborn = numbers.read_id_number(with_check("64020220260303001"))
        with pytest.raises(errors.IdNumberInvalid):
            numbers.refuse_disagreement(unborn, born_on=date(2026, 3, 3), sex=Sex.male, today=self.TODAY)


class TestReadPhone:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("13812345678", "+8613812345678"),
            ("+86 138 1234 5678", "+8613812345678"),
            ("0952-2012345", "+869522012345"),
        ],
    )
    def test_writes_every_form_of_a_number_the_same(self, text, number):
        assert numbers.read_phone(text) == number

    @pytest.mark.parametrize("text", ["1381234567", "abcde", "+14155552671", "12345", "+999999999999999999"])
    def test_refuses_what_is_no_chinese_number(self, text):
        with pytest.raises(errors.PhoneInvalid):
            numbers.read_phone(text)


class TestMask:
    def test_shows_only_the_ends(self):
        assert numbers.mask_id_number("640202194505011234") == "6402**********1234"
        assert numbers.mask_phone("+8613812345678") == "+86138****5678"
