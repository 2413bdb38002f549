"""Writes a plan as the routes of a vehicle routing instance with time windows, and measures written routes.

The distance is computed from what was written and from the coordinates as they stand in the file, never from the
solver's numbers; the same pass finds every rule of the instance that the routes break.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from service.routing.problem import Plan

SCALE: Final = 10
"""Tenths: the convention cuts distances off after one decimal."""

Row = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Measured:
    """What written routes come to: the distance in tenths of the file's unit, the vehicles used, the rules broken."""

    tenths: int
    vehicles: int
    faults: tuple[str, ...]

    @property
    def distance(self) -> str:
        """The distance in the file's unit, to one decimal."""
        return f"{self.tenths // SCALE}.{self.tenths % SCALE}"


def solution(name: str, plan: Plan) -> dict[str, Any]:
    """Write the plan down: one list of customer numbers per vehicle used, the depot left out.

    Raises: nothing.
    """
    routes = ([stop.job + 1 for stop in route.stops] for route in plan.routes)
    return {"instance": name, "routes": [route for route in routes if route]}


def measure(text: str, written: Mapping[str, Any]) -> Measured:
    """Measure written routes of the instance in `text`.

    Raises: nothing for an instance that the reader has accepted and routes of its numbers.
    """
    numbers = [line.split() for line in text.splitlines()]
    rows = {
        int(words[0]): tuple(map(int, map(float, words))) for words in numbers if len(words) == 7 and _is_row(words)
    }
    fleet, capacity = next((int(words[0]), int(words[1])) for words in numbers if len(words) == 2 and _is_row(words))
    routes: list[list[int]] = written["routes"]
    faults = [*_coverage(rows, routes)]
    if len(routes) > fleet:
        faults.append(f"{len(routes)} routes, {fleet} vehicles")
    known = [[rows[number] for number in route if number in rows] for route in routes]
    for at, route in enumerate(known, start=1):
        load = sum(row[3] for row in route)
        if load > capacity:
            faults.append(f"route {at}: load {load}, capacity {capacity}")
        faults += _times(at, rows[0], route)
    tenths = sum(_legs(rows[0], route) for route in known)
    return Measured(tenths, len(routes), tuple(faults))


def _is_row(words: Sequence[str]) -> bool:
    return not words[0][0].isalpha()


def _coverage(rows: Mapping[int, Row], routes: Sequence[Sequence[int]]) -> Iterator[str]:
    visits = Counter(number for route in routes for number in route)
    for number in sorted(rows.keys() | visits.keys()):
        if number and number not in rows:
            yield f"customer {number} is unknown"
        elif visits[number] != (1 if number else 0):
            yield f"customer {number} is visited {visits[number]} times"


def _times(at: int, depot: Row, route: Sequence[Row]) -> Iterator[str]:
    here, free = depot, depot[4] * SCALE
    for row in (*route, depot):
        arrival = free + _leg(here, row)
        if arrival > row[5] * SCALE:
            yield f"route {at}: {row[0]} reached at {arrival / SCALE}, due {row[5]}"
        here, free = row, max(arrival, row[4] * SCALE) + row[6] * SCALE


def _legs(depot: Row, route: Sequence[Row]) -> int:
    stops = (depot, *route, depot)
    return sum(_leg(here, there) for here, there in pairwise(stops))


def _leg(here: Row, there: Row) -> int:
    return math.isqrt(SCALE * SCALE * ((here[1] - there[1]) ** 2 + (here[2] - there[2]) ** 2))
