"""UHHC weights (`metadata.cost_components`) as prices of the problem: per thousandth of the file's time unit.

Prices are whole numbers; weights with fractions are all multiplied by one factor, which changes no comparison.
`max_waiting_time` is priced in the report of a solution and not optimised.
"""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from service.routing.problem import Rules
from service.routing.readers.document import Field

SCALE: Final = 1000
"""Thousandths: the problem's time unit in one unit of the file."""

HARD: Final = "HARD"

MAY_BE_HARD: Final = frozenset(
    {
        "total_tardiness", "highest_tardiness", "total_extra_time", "working_time", "caregiver_preferences",
        "optional_patients", "missed_lunch_break", "qualification", "incompabilities",
    }
)  # fmt: skip
MAY_NOT_BE_HARD: Final = frozenset(
    {"travel_time", "total_waiting_time", "max_waiting_time", "max_idle_time", "workload_balance"}
)
HARD_WHEN_ABSENT: Final = frozenset(
    {"caregiver_preferences", "optional_patients", "missed_lunch_break", "qualification", "incompabilities"}
)


class Weights:
    """The weights of a file, as prices. `of_time` per thousandth, `of_count` per piece; None = hard."""

    def __init__(self, weights: Mapping[str, Fraction | None]) -> None:
        self._weights = weights
        numbers = [weight.denominator for weight in weights.values() if weight is not None]
        self._factor = math.lcm(1, *numbers)

    def _price(self, name: str, scale: int) -> int | None:
        if name not in self._weights:
            return None if name in HARD_WHEN_ABSENT else 0
        weight = self._weights[name]
        return None if weight is None else int(weight * self._factor) * scale

    def of_time(self, name: str) -> int | None:
        """Price one thousandth of the file's time unit; None = hard.

        Raises: nothing.
        """
        return self._price(name, 1)

    def of_count(self, name: str) -> int | None:
        """Price one piece; None = hard.

        Raises: nothing.
        """
        return self._price(name, SCALE)

    def rules(self, *, at_end: bool, leave_at_shift_start: bool) -> Rules:
        """Make the problem's rules of them.

        Raises: nothing.
        """
        working = self.of_time("working_time")
        return Rules(
            travel=(self.of_time("travel_time") or 0) + (working or 0),
            waiting=self.of_time("total_waiting_time") or 0,
            max_idle=self.of_time("max_idle_time") or 0,
            tardiness=self.of_time("total_tardiness"),
            max_tardiness=self.of_time("highest_tardiness"),
            overtime=None if working is None else self.of_time("total_extra_time"),
            missed_lunch=self.of_count("missed_lunch_break"),
            unqualified=self.of_count("qualification"),
            not_preferred=self.of_count("caregiver_preferences"),
            forbidden=self.of_count("incompabilities"),
            balance=self.of_time("workload_balance") or 0,
            window_end_at_service_end=at_end,
            leave_at_shift_start=leave_at_shift_start,
        )


def read(components: Field) -> Weights:
    """Read `metadata.cost_components`.

    Raises:
        NotReadable: an unknown component, a negative weight, or "HARD" where that cannot be kept.
    """
    if not isinstance(components.value, Mapping):
        raise components.refuse("expected an object")
    found: dict[str, Fraction | None] = {}
    for name in components.value:
        weight = components.find(name)
        if weight is not None:
            found[name] = _weight(name, weight)
    return Weights(found)


def _weight(name: str, weight: Field) -> Fraction | None:
    if name not in MAY_BE_HARD | MAY_NOT_BE_HARD:
        raise weight.refuse("this component is not known")
    if weight.value == HARD:
        if name in MAY_NOT_BE_HARD:
            raise weight.refuse("this component cannot be HARD")
        return None
    number = weight.number()
    if number < 0:
        raise weight.refuse("a weight cannot be negative")
    return Fraction(str(number))
