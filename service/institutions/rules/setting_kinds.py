"""The kinds of dated settings: what a value may be, and how it is read from JSON and written to it."""

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import time
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Final, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(ABC, Generic[T]):
    """A setting and its safest value. Its JSON form is the value itself; a decimal is a string."""

    key: str
    default: T
    about: str

    @property
    @abstractmethod
    def expected(self) -> str:
        """What a value must be, in Chinese."""

    @abstractmethod
    def read(self, raw: object) -> T:
        """Return the value that a JSON value stands for.

        Raises:
            ValueError: it is not `expected`.
        """

    def write(self, value: T) -> object:
        """Return the JSON value that stands for a value."""
        return value


@dataclass(frozen=True, slots=True)
class Whole(Setting[int]):
    """A whole number within bounds."""

    lowest: int = 0
    highest: int = 1_000_000

    @property
    def expected(self) -> str:
        """The bounds."""
        return f"{self.lowest} 至 {self.highest} 的整数"

    def read(self, raw: object) -> int:
        """Return the number; a boolean is none.

        Raises:
            ValueError: not a whole number, or out of bounds.
        """
        if not isinstance(raw, int) or isinstance(raw, bool) or not self.lowest <= raw <= self.highest:
            raise ValueError(self.expected)
        return raw


@dataclass(frozen=True, slots=True)
class Exact(Setting[Decimal]):
    """A decimal within bounds, with at most four places; a string in JSON."""

    lowest: Decimal = Decimal(0)
    highest: Decimal = Decimal(1000)

    @property
    def expected(self) -> str:
        """The bounds, and that it is written as a string."""
        return f'{self.lowest} 至 {self.highest} 的小数字符串（至多四位小数），如 "{self.default}"'

    def read(self, raw: object) -> Decimal:
        """Return the decimal.

        Raises:
            ValueError: not a decimal as a string, out of bounds, or too fine.
        """
        try:
            value = Decimal(raw) if isinstance(raw, str) and len(raw) <= 20 else None
        except InvalidOperation:
            value = None
        if value is None or not value.is_finite() or not self.lowest <= value <= self.highest:
            raise ValueError(self.expected)
        if value != round(value, 4):
            raise ValueError(self.expected)
        return value

    def write(self, value: Decimal) -> object:
        """Return the decimal as a plain string."""
        return f"{value:f}"


@dataclass(frozen=True, slots=True)
class Switch(Setting[bool]):
    """Yes or no."""

    @property
    def expected(self) -> str:
        """True or false."""
        return "true 或 false"

    def read(self, raw: object) -> bool:
        """Return the switch.

        Raises:
            ValueError: not a boolean.
        """
        if not isinstance(raw, bool):
            raise ValueError(self.expected)
        return raw


@dataclass(frozen=True, slots=True)
class Choice(Setting[str]):
    """One of a few words."""

    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """The words."""
        return " | ".join(self.words)

    def read(self, raw: object) -> str:
        """Return the word.

        Raises:
            ValueError: not one of them.
        """
        if not isinstance(raw, str) or raw not in self.words:
            raise ValueError(self.expected)
        return raw


@dataclass(frozen=True, slots=True)
class Hours(Setting[tuple[tuple[int, int], ...]]):
    """From which minute of the day on what per cent holds, until the next; in JSON `07:30=150,09:00=100`, or `none`."""

    lowest: int = 100
    highest: int = 300

    @property
    def expected(self) -> str:
        """How clock times and per cents are written, and the bounds."""
        return (
            f"none，或以逗号分隔、由早到晚的“时刻=百分比”（{self.lowest} 至 {self.highest}），"
            "如 07:30=150,09:00=100,17:00=140,18:30=100"
        )

    def read(self, raw: object) -> tuple[tuple[int, int], ...]:
        """Return (minute of the day, per cent), ascending.

        Raises:
            ValueError: not written so, out of bounds, or not ascending.
        """
        if raw == "none":
            return ()
        said = [_HOUR.fullmatch(each.strip()) for each in raw.split(",")] if isinstance(raw, str) else []
        bands = [(int(each[1]) * 60 + int(each[2]), int(each[3])) for each in said if each]
        ascending = all(before < after for (before, _), (after, _) in pairwise(bands))
        within = all(self.lowest <= percent <= self.highest for _, percent in bands)
        if not bands or len(bands) != len(said) or not ascending or not within:
            raise ValueError(self.expected)
        return tuple(bands)

    def write(self, value: tuple[tuple[int, int], ...]) -> object:
        """Return the clock times and per cents with commas between them."""
        return ",".join(f"{minute // 60:02}:{minute % 60:02}={percent}" for minute, percent in value) or "none"


_HOUR: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)=(\d{3})")


@dataclass(frozen=True, slots=True)
class Between(Setting[tuple[time, time]]):
    """From one clock time to a later one, both within bounds; in JSON `08:00-12:00`."""

    lowest: time = time(0)
    highest: time = time(23, 59)

    @property
    def expected(self) -> str:
        """How the clock times are written, and the bounds."""
        bounds = f"在 {self.lowest:%H:%M} 至 {self.highest:%H:%M} 之间"
        return f"由早到晚的“时刻-时刻”，{bounds}，如 {self.write(self.default)}"

    def read(self, raw: object) -> tuple[time, time]:
        """Return the clock times.

        Raises:
            ValueError: not written so, out of bounds, or the second is not later.
        """
        said = _BETWEEN.fullmatch(raw) if isinstance(raw, str) else None
        if said is None:
            raise ValueError(self.expected)
        first, last = time.fromisoformat(said[1]), time.fromisoformat(said[2])
        if not self.lowest <= first < last <= self.highest:
            raise ValueError(self.expected)
        return first, last

    def write(self, value: tuple[time, time]) -> object:
        """Return the clock times with a dash between them."""
        return f"{value[0]:%H:%M}-{value[1]:%H:%M}"


_CLOCK: Final = r"((?:[01]\d|2[0-3]):[0-5]\d)"
_BETWEEN: Final = re.compile(f"{_CLOCK}-{_CLOCK}")


@dataclass(frozen=True, slots=True)
class Several(Setting[tuple[str, ...]]):
    """Any of a few words, in any order; in JSON a text with commas, `none` for no word."""

    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """The words, and how several are written."""
        return f"none，或以逗号分隔的若干项：{' | '.join(self.words)}"

    def read(self, raw: object) -> tuple[str, ...]:
        """Return the words in the order of the registry.

        Raises:
            ValueError: another word, or one twice.
        """
        if raw == "none":
            return ()
        said = [each.strip() for each in raw.split(",")] if isinstance(raw, str) else []
        if not said or len(set(said)) != len(said) or not set(said) <= set(self.words):
            raise ValueError(self.expected)
        return tuple(each for each in self.words if each in said)

    def write(self, value: tuple[str, ...]) -> object:
        """Return the words with commas between them."""
        return ",".join(value) or "none"
