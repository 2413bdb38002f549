"""How `validation` says no."""

from typing import TypeAlias

Fault: TypeAlias = tuple[str, str]
"""The name of a field (`jobs[3].windows[0]`), and what is wrong with it."""


class ProblemInvalid(ValueError):
    """The problem contradicts itself: `field` names where, `sentence` says what."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(field, sentence)
        self.field, self.sentence = field, sentence

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}"
