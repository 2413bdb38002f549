"""Dice for random cases: thrown by Hypothesis, which makes a failing case small, or by a seed, for a great many."""

import random
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Dice:
    """Falls in the words of a case; `number` returns a whole number between two, both included."""

    def __init__(self, number: Callable[[int, int], int]) -> None:
        self.number = number

    def pick(self, options: Sequence[T]) -> T:
        """Return one of some."""
        return options[self.number(0, len(options) - 1)]

    def chance(self, percent: int) -> bool:
        """Say yes in so many of a hundred; no is the plainer."""
        return self.number(0, 99) >= 100 - percent

    def some(self, options: Sequence[T], most: int, percent: int) -> list[T]:
        """Return up to so many different ones, each wanted with a chance, in any order."""
        rest, chosen = list(options), []
        while rest and len(chosen) < most and self.chance(percent):
            chosen.append(rest.pop(self.number(0, len(rest) - 1)))
        return chosen


integers = lru_cache(maxsize=None)(st.integers)


def drawn(draw: Callable[[st.SearchStrategy[int]], int]) -> Dice:
    """Return dice that Hypothesis throws, and makes smaller where a case fails."""
    return Dice(lambda low, high: draw(integers(low, high)))


def seeded(seed: int) -> Dice:
    """Return dice for a great many cases, each told by its seed."""
    return Dice(random.Random(seed).randint)
