"""Text that the database can hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from service.core import text

TEXT, LONG, CODE = TypeAdapter(text.Text), TypeAdapter(text.LongText), TypeAdapter(text.Code)


class TestText:
    def test_blanks_around_it_are_not_part_of_it(self) -> None:
        assert TEXT.validate_python(" 居民甲\n") == "居民甲"

    @pytest.mark.parametrize("raw", ["", "  ", "x" * 201, "a\0b", "\ud800", "a\udfff", 5, None])
    def test_refuses_what_is_no_line_of_text(self, raw: object) -> None:
        with pytest.raises(ValidationError):
            TEXT.validate_python(raw)

    @pytest.mark.parametrize("raw", ["", "x" * 2000, "两行\n文字"])
    def test_a_note_may_be_empty_or_long(self, raw: str) -> None:
        assert LONG.validate_python(raw) == raw

    @pytest.mark.parametrize("raw", ["x" * 2001, "\0", "\ud800"])
    def test_a_note_is_not_longer_nor_broken(self, raw: str) -> None:
        with pytest.raises(ValidationError):
            LONG.validate_python(raw)

    @given(st.text(max_size=200))
    def test_whatever_is_accepted_can_be_stored(self, raw: str) -> None:
        try:
            accepted = TEXT.validate_python(raw)
        except ValidationError:
            return
        assert "\0" not in accepted
        assert accepted.encode()

    @pytest.mark.parametrize("raw", ["640202", "A.b_c-1", "x" * 40])
    def test_a_code_is_letters_digits_and_a_few_signs(self, raw: str) -> None:
        assert CODE.validate_python(raw) == raw

    @pytest.mark.parametrize("raw", ["", "-1", "a b", "x" * 41, "编码", "a\n", "a\0", "a/b"])
    def test_a_code_is_nothing_else(self, raw: str) -> None:
        with pytest.raises(ValidationError):
            CODE.validate_python(raw)
