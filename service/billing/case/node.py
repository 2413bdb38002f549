"""A JSON value together with its path, so that whatever is wrong with it can be named.

Strict: a decimal is a string, a count is no `true`, a key stands once, and an object has the fields it may have.
"""

import json
import re
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar

from service.core import money

Word = TypeVar("Word", bound=StrEnum)
Fields = dict[str, "Node"]

_DECIMAL: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_COUNT_MAX: Final = 10**18
"""Counts are stored in 64 bits."""


class Malformed(Exception):
    """A billing case cannot be read: one sentence that names the JSON path."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} {why}")
        self.path = path


class _Repeated(dict[str, Any]):
    """An object in which a key stands more than once."""

    key: str


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value and where it stands."""

    value: Any
    path: str = "$"

    def wrong(self, why: str) -> Malformed:
        """Return the refusal of this value."""
        return Malformed(self.path, why)

    def entries(self) -> Fields:
        """Read an object with any keys.

        Raises:
            Malformed: no object, or a key stands twice.
        """
        if not isinstance(self.value, dict):
            raise self.wrong("应为对象")
        if isinstance(self.value, _Repeated):
            raise Malformed(_step(self.path, self.value.key), "出现了两次")
        return {key: Node(value, _step(self.path, key)) for key, value in self.value.items()}

    def fields(self, required: str, optional: str = "") -> Fields:
        """Read an object with known fields, named with blanks between them.

        Raises:
            Malformed: no object, a required field is missing, or there is a field of another name.
        """
        entries = self.entries()
        known = {*required.split(), *optional.split()}
        for key, node in entries.items():
            if key not in known:
                raise node.wrong("是未知字段")
        for key in required.split():
            if key not in entries:
                raise Malformed(_step(self.path, key), "缺少")
        return entries

    def items(self) -> list["Node"]:
        """Read an array.

        Raises:
            Malformed: no array.
        """
        if not isinstance(self.value, list):
            raise self.wrong("应为数组")
        return [Node(value, f"{self.path}[{at}]") for at, value in enumerate(self.value)]

    def text(self) -> str:
        """Read a string.

        Raises:
            Malformed: no string, or one that is no text (half of a surrogate pair).
        """
        if not isinstance(self.value, str):
            raise self.wrong("应为字符串")
        if not is_text(self.value):
            raise self.wrong("含有残缺的字符")
        return self.value

    def flag(self) -> bool:
        """Read true or false.

        Raises:
            Malformed: neither.
        """
        if not isinstance(self.value, bool):
            raise self.wrong("应为 true 或 false")
        return self.value

    def integer(self) -> int:
        """Read a whole number.

        Raises:
            Malformed: none, or `true`.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self.wrong("应为整数")
        return self.value

    def count(self, at_least: int = 0) -> int:
        """Read a count.

        Raises:
            Malformed: no whole number, below `at_least`, or too large to be stored.
        """
        number = self.integer()
        if not at_least <= number < _COUNT_MAX:
            raise self.wrong(f"应为不小于 {at_least} 的整数")
        return number

    def decimal(self) -> Decimal:
        """Read a decimal string: 1–9 digits, at most 4 decimals, no sign, no exponent.

        Raises:
            Malformed: anything else.
        """
        if not isinstance(self.value, str) or not _DECIMAL.fullmatch(self.value):
            raise self.wrong("应为十进制数字符串（1–9 位整数，至多 4 位小数）")
        return Decimal(self.value)

    def fen(self) -> int:
        """Read an amount in yuan that is a whole number of fen, and return the fen.

        Raises:
            Malformed: no decimal string, or a part of a fen.
        """
        try:
            return money.whole_fen(self.decimal())
        except ValueError:
            raise self.wrong("应为整分的金额") from None

    def ratio(self) -> Decimal:
        """Read a ratio from 0 to 1.

        Raises:
            Malformed: no decimal string, or above 1.
        """
        ratio = self.decimal()
        if ratio > 1:
            raise self.wrong("应为不大于 1 的比例")
        return ratio

    def day(self) -> date:
        """Read a date `YYYY-MM-DD`.

        Raises:
            Malformed: anything else, or no such day.
        """
        if isinstance(self.value, str) and _DATE.fullmatch(self.value):
            try:
                return date.fromisoformat(self.value)
            except ValueError:
                pass
        raise self.wrong("应为存在的日期 YYYY-MM-DD")

    def time_of_day(self) -> time:
        """Read a local time `HH:MM`.

        Raises:
            Malformed: anything else, or no such time.
        """
        if isinstance(self.value, str) and _TIME.fullmatch(self.value):
            return time.fromisoformat(self.value)
        raise self.wrong("应为时刻 HH:MM")

    def word(self, words: type[Word]) -> Word:
        """Read one of a list of words.

        Raises:
            Malformed: none of them.
        """
        if isinstance(self.value, str):
            for word in words:
                if word.value == self.value:
                    return word
        raise self.wrong(f"应为 {'、'.join(words)} 之一")


def given(fields: Fields, name: str) -> Node | None:
    """Return a field whose null means left out, or None."""
    node = fields.get(name)
    return None if node is None or node.value is None else node


def is_text(value: str) -> bool:
    """Return whether a string can be written as UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def parse(raw: bytes) -> Node:
    """Parse a JSON document.

    Raises:
        Malformed: no UTF-8, or no JSON.
    """
    try:
        # a fraction is never a right value here; as Decimal it is no float either
        document = json.loads(
            raw.decode("utf-8-sig"), object_pairs_hook=_object, parse_float=Decimal, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as wrong:
        raise Malformed("$", f"不是 JSON（第 {wrong.lineno} 行第 {wrong.colno} 列）") from None
    except (ValueError, RecursionError):
        raise Malformed("$", "不是可读的 JSON") from None
    return Node(document)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    keys = [key for key, _ in pairs]
    repeated = _Repeated(found)
    repeated.key = next(key for key in keys if keys.count(key) > 1)
    return repeated


def _refuse_constant(literal: str) -> None:
    raise ValueError(literal)


def _step(path: str, key: str) -> str:
    """Return the path of a key; an odd key is escaped, for a path stays on one line."""
    return f"{path}.{key}" if key.isidentifier() else f"{path}[{json.dumps(key)}]"
