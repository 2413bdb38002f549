"""The day as the solver sees it: frozen, integers only, no names of people.

Times and travel are integers of one unit per problem (seconds for a live day, thousandths of the file's unit
for a public instance), counted from the start of the day. Indices point into the tuples of `Problem`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

LUNCH: Final = -1
"""The `service` of a stop that is a lunch break."""

Matrix: TypeAlias = NDArray[np.int64]
"""Travel between points, shape (points, points), rows = from, zero diagonal, not necessarily symmetric."""


class Sync(StrEnum):
    """How the services of one job relate in time (each is given by a different member of staff)."""

    independent = "independent"
    simultaneous = "simultaneous"
    sequential = "sequential"


@dataclass(frozen=True, slots=True)
class Window:
    """A closed interval in which a service may begin (or end, see `Rules.window_end_at_service_end`)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lunch:
    """A break of `duration` that begins and ends inside [start, end]."""

    start: int
    end: int
    duration: int


@dataclass(frozen=True, slots=True)
class Staff:
    """One member of staff for one day; `matrix` is the index of the travel matrix of the person's mode."""

    id: str
    skills: frozenset[str]
    start_point: int
    end_point: int
    shift: Window | None
    lunch: Lunch | None
    matrix: int = 0


@dataclass(frozen=True, slots=True)
class Service:
    """What one member of staff does at a job: needs *all* of `skills`, takes `duration`."""

    duration: int
    skills: frozenset[str]


@dataclass(frozen=True, slots=True)
class Job:
    """One visit at one point: one service per member of staff it needs (two-person visit: two services).

    `allowed_staff` None means anyone; `forbidden_staff` and `preferred_staff` (None = no wish) hold staff indices.
    `drop_penalty` is what leaving the job out costs; None means that it must be done.
    """

    id: str
    point: int
    windows: tuple[Window, ...]
    services: tuple[Service, ...]
    sync: Sync = Sync.simultaneous
    lag: Window = Window(0, 0)
    drop_penalty: int | None = None
    allowed_staff: frozenset[int] | None = None
    forbidden_staff: frozenset[int] = frozenset()
    preferred_staff: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """Which rules of the problem may be bent, and at what price per unit; None = hard, may not be bent at all.

    `travel` and the other pure costs are never hard. `waiting`, `max_idle` and `travel` are 0 when not priced.
    `balance` is the price of a unit of |workload - mean workload| of each member of staff (workload is travel and
    service together).
    """

    travel: int = 1
    waiting: int = 0
    max_idle: int = 0
    tardiness: int | None = None
    max_tardiness: int | None = 0
    overtime: int | None = None
    missed_lunch: int | None = None
    unqualified: int | None = None
    not_preferred: int | None = 0
    forbidden: int | None = None
    balance: int = 0
    window_end_at_service_end: bool = False
    leave_at_shift_start: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A day: `points` places, the travel matrices by mode, staff and jobs. Validated by `readers` and `usecases`."""

    points: int
    matrices: tuple[Matrix, ...]
    staff: tuple[Staff, ...]
    jobs: tuple[Job, ...]
    rules: Rules = Rules()


@dataclass(frozen=True, slots=True)
class Stop:
    """One service given by one member of staff: [start, end) on site. A lunch (`service` = LUNCH) is had at `job`'s
    address (`job` = -1: at the start point).
    """

    job: int
    service: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Route:
    """One member of staff's stops of the day in order of time; an idle person has an empty tuple."""

    staff: int
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A job left out, and why: a code of `rules.UnassignedReason` with the facts that bind."""

    job: int
    reason: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the solver answers: one route per member of staff (all listed), and the jobs left out."""

    routes: tuple[Route, ...]
    unassigned: tuple[Unassigned, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the solver may work: `seconds` of wall clock, and optionally a number of improvement rounds."""

    seconds: float
    rounds: int | None = None


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
