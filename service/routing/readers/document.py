"""Typed access to a parsed JSON document; what does not fit is refused with its path (`patients[3].time_windows`)."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from service.routing import validation
from service.routing.problem import Problem


class NotReadable(ValueError):
    """The document is not what the format says: one sentence, beginning with the path."""


def sound(problem: Problem) -> Problem:
    """Return the problem that was read, unless it contradicts itself where the format lets it.

    Raises:
        NotReadable: it does; says where in the problem.
    """
    try:
        validation.check(problem)
    except validation.ProblemInvalid as invalid:
        raise NotReadable(str(invalid)) from None
    return problem


class Field:
    """A value of the document together with where it stands."""

    def __init__(self, value: Any, path: str) -> None:
        self.value, self.path = value, path

    def refuse(self, sentence: str) -> NotReadable:
        """Make the refusal that names this place.

        Raises: nothing.
        """
        return NotReadable(f"{self.path}: {sentence}")

    def find(self, key: str) -> "Field | None":
        """Get a member of the object, None when it is absent or null.

        Raises:
            NotReadable: this is not an object.
        """
        if not isinstance(self.value, Mapping):
            raise self.refuse("expected an object")
        found = self.value.get(key)
        return None if found is None else Field(found, f"{self.path}.{key}" if self.path else key)

    def get(self, key: str) -> "Field":
        """Get a member that must be there.

        Raises:
            NotReadable: it is absent, or this is not an object.
        """
        found = self.find(key)
        if found is None:
            raise self.refuse(f"{key!r} is missing") if self.path else NotReadable(f"{key}: missing")
        return found

    def items(self) -> "Iterator[Field]":
        """Go through a list.

        Raises:
            NotReadable: this is not a list.
        """
        if not isinstance(self.value, list):
            raise self.refuse("expected a list")
        return (Field(item, f"{self.path}[{at}]") for at, item in enumerate(self.value))

    def text(self) -> str:
        """Read a non-empty string.

        Raises:
            NotReadable: it is none.
        """
        if not isinstance(self.value, str) or not self.value:
            raise self.refuse("expected a non-empty string")
        return self.value

    def flag(self) -> bool:
        """Read true or false.

        Raises:
            NotReadable: it is neither.
        """
        if not isinstance(self.value, bool):
            raise self.refuse("expected true or false")
        return self.value

    def number(self) -> int | float:
        """Read a finite number.

        Raises:
            NotReadable: it is none.
        """
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.refuse("expected a finite number")
        return value

    def pair(self, low: str = "start", high: str = "end") -> tuple[int | float, int | float]:
        """Read {low: a, high: b} or [a, b] with a <= b.

        Raises:
            NotReadable: it is no such pair.
        """
        if isinstance(self.value, list):
            ends = list(self.items())
            if len(ends) != 2:
                raise self.refuse("expected two numbers")
            first, second = ends[0].number(), ends[1].number()
        else:
            first, second = self.get(low).number(), self.get(high).number()
        if first > second:
            raise self.refuse(f"{low} is after {high}")
        return first, second
