"""Which number of a day is too large for the searches to add up."""

from collections.abc import Iterator
from typing import Final

from service.routing import validation
from service.routing.problem import Problem
from service.routing.solver.kernel.drawing import LARGEST_PRICE, LARGEST_TIME
from service.routing.solver_refusal import NumbersTooLarge

LONGEST_WAY: Final = 1 << 31
LARGEST_PENALTY: Final = LARGEST_PRICE << 10
LARGEST_FACTOR: Final = 1_000_000
"""A thousand times as slow: what multiplies times is told by its own name from there on."""

_LARGEST: Final = (
    ("matrices", LONGEST_WAY),
    ("traffic", LARGEST_FACTOR),
    ("pace", LARGEST_FACTOR),
    ("drop_penalty", LARGEST_PENALTY),
    ("tardiness", LARGEST_PRICE),
    ("rules", LARGEST_PRICE),
    ("windows", LARGEST_TIME),
    ("duration", LARGEST_TIME),
    ("links", LARGEST_TIME),
    ("promised", LARGEST_TIME),
)
"""What is in a field's name, and from where on such a number alone is too large."""


def refusal_of(problem: Problem) -> NumbersTooLarge:
    """Make the refusal of a day that the compiled search cannot add up, by the number that goes furthest.

    Raises: nothing.
    """
    field, value, bound = max(_held_against(problem), key=lambda each: each[1] / each[2], default=("jobs", 0, 1))
    how = f"at most {bound - 1} alone, less" if value >= bound else "less"
    return NumbersTooLarge(field, f"is {value}, expected {how} where it is multiplied by other numbers as large")


def _held_against(problem: Problem) -> Iterator[tuple[str, int, int]]:
    for field, value in validation.numbers(problem):
        bound = next((most for part, most in _LARGEST if part in field), None)
        if bound is not None and field != "rules.moved_step":
            yield field, abs(value), bound
