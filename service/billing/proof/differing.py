"""Where what a proof tells and what is redone from it differ. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from service.billing.case.node import Node

_DECIMAL: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where a proof tells something else than what is redone from it."""

    path: str
    told: Any
    redone: Any


@dataclass(frozen=True, slots=True)
class EndsBy:
    """The last day of a row as it was, or any day before: it may have been ended since; None = open."""

    last: str | None

    def allows(self, found: object) -> bool:
        """Return whether a row's last day is this one, or before it."""
        if found is None:
            return self.last is None
        return isinstance(found, str) and bool(_DAY.fullmatch(found)) and (self.last is None or found <= self.last)

    def __str__(self) -> str:
        """Return the day."""
        return self.last or "null"


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A time of day in hours and minutes; its seconds may be written as well."""

    minutes: str

    def allows(self, found: object) -> bool:
        """Return whether this is the time."""
        return found in (self.minutes, f"{self.minutes}:00")

    def __str__(self) -> str:
        """Return the time."""
        return self.minutes


def first(told: Mapping[str, Any], redone: Mapping[str, Any]) -> Difference | None:
    """Return the first place where steps differ, in the order of the redone ones; both by their JSON path."""
    return next((each for path, again in redone.items() for each in _differences(path, told[path], again)), None)


def _differences(path: str, told: Any, redone: Any) -> Iterable[Difference]:
    """Yield where two JSON values differ, in the order of the redone one; `true` is no 1."""
    if isinstance(told, dict) and isinstance(redone, dict):
        for key in [*redone, *(key for key in told if key not in redone)]:
            yield from _differences(f"{path}.{key}", told.get(key), redone.get(key))
    elif isinstance(told, list) and isinstance(redone, list):
        for at in range(max(len(told), len(redone))):
            yield from _differences(f"{path}[{at}]", _at(told, at), _at(redone, at))
    elif type(told) is not type(redone) or told != redone:
        yield Difference(path, told, redone)


def _at(values: list[Any], at: int) -> Any:
    return values[at] if at < len(values) else None


def fields_apart(shown: Node, wanted: Mapping[str, Any]) -> Iterable[Difference]:
    """Yield where fields of an object are not as `wanted`; others are not looked at, and one left out is null.

    Decimals are equal as numbers, sets as lists in any order; `EndsBy` and `TimeOfDay` decide themselves.

    Raises:
        case.Malformed: there is no object.
    """
    told = shown.entries()
    for name, value in wanted.items():
        found = told[name].value if name in told else None
        if not _meets(found, value):
            yield Difference(f"{shown.path}.{name}", found, sorted(value) if isinstance(value, frozenset) else value)


def _meets(found: object, wanted: Any) -> bool:
    match wanted:
        case EndsBy() | TimeOfDay():
            return wanted.allows(found)
        case Decimal():
            return isinstance(found, str) and bool(_DECIMAL.fullmatch(found)) and Decimal(found) == wanted
        case frozenset():
            return isinstance(found, list) and sorted(map(str, found)) == sorted(wanted)
        case _:
            return type(found) is type(wanted) and found == wanted
