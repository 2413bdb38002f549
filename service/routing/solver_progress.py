"""What a run of the solver says on its way; apart from the solver, which takes long to load."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """What the solver is doing."""

    construct = "construct"
    improve = "improve"
    ortools = "ortools"
    explain = "explain"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: seconds since its beginning, the best cost so far (jobs left out at their penalty, those that
    must be done at a very high one), how many jobs are left out, and the phase.
    """

    seconds: float
    cost: int
    unassigned: int
    phase: Phase
