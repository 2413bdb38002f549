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


class Carer(StrEnum):
    """Who gives the two jobs of a link: anybody, the very same person (of a crew that gives the first of two in order:
    one of it), or nobody of the one at the other.
    """

    anybody = "anybody"
    same = "same"
    other = "other"


@dataclass(frozen=True, slots=True)
class Lunch:
    """A break of `duration` that begins and ends inside [start, end]; with `point` it is had there and nowhere else
    (the way there and on is travel), without it at a stop's address or at the start point.
    """

    start: int
    end: int
    duration: int
    point: int | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """One member of staff for one day, or one of his shifts: rows with the same `person` are one human being (None =
    nobody else). `matrix` is the index of the travel matrix of the person's mode; `capacity` is how much the jobs of
    the day may load on the row together; `max_work` how long all rows of the person may travel and serve together (it
    is written on each of them alike; None = any amount). Every service takes the person ⌈duration · pace / 1000⌉.
    A `punctual` row is over by the end of its shift whatever the rules say: something else of the person's follows it.
    Who `rides` has no vehicle of his own: each of his ways is walked, by `matrix`, or ridden in one of the vehicles.
    """

    id: str
    skills: frozenset[str]
    start_point: int
    end_point: int
    shift: Window | None
    lunch: Lunch | None
    matrix: int = 0
    capacity: int | None = None
    pace: int = 1000
    max_work: int | None = None
    person: int | None = None
    punctual: bool = False
    rides: bool = False


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle with its driver, who does no visits and sits on none of the `seats`: it takes those who ride from place
    to place, several together, and is away from its place only within `shift` (None = at any time).
    """

    id: str
    seats: int
    start_point: int
    end_point: int
    shift: Window | None = None
    matrix: int = 0


@dataclass(frozen=True, slots=True)
class Service:
    """What one member of staff does at a job: needs *all* of `skills` and, unless it is empty, one of `any_skills`;
    takes `duration` at the usual pace.
    """

    duration: int
    skills: frozenset[str]
    any_skills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Job:
    """One visit at one point: one service per member of staff it needs (two-person visit: two services).

    `allowed_staff` None means anyone; `forbidden_staff` and `preferred_staff` (None = no wish) hold staff indices.
    `drop_penalty` is what leaving the job out costs; None means that it must be done. `load` is what each of its staff
    carries for it all day (supplies, specimens), in the unit of `Staff.capacity`.

    `tardiness` is the job's own price of a unit of lateness (None = that of the rules); `punctual` makes its windows
    hard whatever the rules say. `ends_in_window`: the service must be over by the window's end, as with
    `Rules.window_end_at_service_end` for all. `rank`: with one human being no job comes after one of a higher rank
    (immunocompromised first, infectious last); his rows follow each other as their shifts begin. `promised` is the
    start that people were told, `promised_staff` who was to come; moving either costs what `Rules.moved` and
    `Rules.changed` say.
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
    load: int = 0
    tardiness: int | None = None
    punctual: bool = False
    ends_in_window: bool = False
    rank: int = 0
    promised: int | None = None
    promised_staff: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Two jobs that are not free of each other when both are done.

    From the end of the earlier (its last service) to the start of the later (its first service) there are `low` to
    `high` (None = any length). With `ordered` the earlier is `first`; else either may come first. `carer` says who
    gives them, by human being and not by row; where it is the same person, of those who do not begin at once only the
    first service counts, for whom and for when: the others assist. With `bound` neither job is done without the other
    (a specimen and its delivery, the parts of one service).
    """

    first: int
    second: int
    low: int = 0
    high: int | None = None
    ordered: bool = True
    carer: Carer = Carer.anybody
    bound: bool = False


@dataclass(frozen=True, slots=True)
class Band:
    """From `start` to the next band's start a leg takes ⌈travel · factor / 1000⌉."""

    start: int
    factor: int


@dataclass(frozen=True, slots=True)
class Rules:
    """Which rules of the problem may be bent, and at what price per unit; None = hard, may not be bent at all.

    `travel` and the other pure costs are never hard. `waiting`, `max_idle` and `travel` are 0 when not priced.
    `balance` is the price of a unit of |workload - mean workload| of each human being (workload is travel and service
    together, over all rows), `travel_balance` the same of travel alone. `arrival` is paid for each stop of a route that
    is not at the place of the visit before it (a lunch between them at either's address does not count): visits at one
    home or one institution are one arrival. `changed` is the price of each service given by somebody else than
    promised, `moved` that of each whole `moved_step` by which a job begins before or after its promised start.
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
    travel_balance: int = 0
    arrival: int = 0
    changed: int = 0
    moved: int = 0
    moved_step: int = 900
    window_end_at_service_end: bool = False
    leave_at_shift_start: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """A day: `points` places, the travel matrices by mode, staff, jobs and their links, vehicles. See `validation`.

    `traffic[matrix]` are the bands of a matrix by rising start, the first at or before 0 (empty = factor 1000 always).
    The factor of a leg is that of the moment at which the person is free to leave: the end of the stop before, lunch
    included; of a row's first leg, the start of the shift; of a vehicle's, the moment at which it leaves.
    """

    points: int
    matrices: tuple[Matrix, ...]
    staff: tuple[Staff, ...]
    jobs: tuple[Job, ...]
    rules: Rules = Rules()
    links: tuple[Link, ...] = ()
    traffic: tuple[tuple[Band, ...], ...] = ()
    vehicles: tuple[Vehicle, ...] = ()


@dataclass(frozen=True, slots=True)
class Stop:
    """One service given by one member of staff: [start, end) on site. A lunch (`service` = LUNCH) is had at `job`'s
    address (`job` = -1: at the lunch's own point, else at the start point).
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
class TourStop:
    """A vehicle stands at `point` from `arrive` to `depart`. The rows `off` get off when it arrives; the rows `on` get
    on when it leaves, having come to it by then.
    """

    point: int
    arrive: int
    depart: int
    off: tuple[int, ...] = ()
    on: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Tour:
    """A vehicle's day: its stops in order of time, first the place where it starts, last the one where it ends."""

    vehicle: int
    stops: tuple[TourStop, ...]


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A job left out, and why: a code of `rules.UnassignedReason` with the facts that bind."""

    job: int
    reason: str
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What the solver answers: one route per member of staff (all listed), the jobs left out, and a tour of each
    vehicle that is used.
    """

    routes: tuple[Route, ...]
    unassigned: tuple[Unassigned, ...] = ()
    tours: tuple[Tour, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the solver may work: `seconds` of wall clock (with `cpu`: of this process's CPU time), optionally a
    number of improvement rounds, and with how many `workers` (cores). With `cpu` there is one worker.
    """

    seconds: float
    rounds: int | None = None
    cpu: bool = False
    workers: int = 1
