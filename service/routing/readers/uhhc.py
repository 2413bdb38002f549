"""Reads an instance of the Unified Home Healthcare Problem (UHHC) into a `Problem`, in thousandths of its time unit.

Fractions of travel times, durations and window starts are rounded up to the thousandth and window ends down, so that a
plan that keeps the problem's rules keeps the file's as well.
"""

import math
from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np

from service.routing.problem import Job, Lunch, Matrix, Problem, Service, Staff, Sync, Window
from service.routing.readers import uhhc_rules
from service.routing.readers.document import Field, sound

ORIGINS_LEAVING_AT_SHIFT_START: Final = frozenset({"bazirha", "bazirha-caie"})
NOISE: Final = 1e-6
"""Windows of some published files carry rounding noise of this size."""

Read = TypeVar("Read")


def read(document: Any) -> Problem:
    """Read a parsed instance file.

    Raises:
        NotReadable: the file is not an instance; says where and why.
    """
    return sound(_Reader(Field(document, "")).problem())


def _up(number: float) -> int:
    return math.ceil(number * uhhc_rules.SCALE - NOISE)


def _down(number: float) -> int:
    return math.floor(number * uhhc_rules.SCALE + NOISE)


def _window(field: Field) -> Window:
    start, end = field.pair()
    if abs(start - round(start)) < NOISE:
        start = math.floor(start)
    if abs(end - round(end)) < NOISE:
        end = round(end)
    return Window(_up(start), _down(end))


def _unique(fields: Field, name: str, read_one: Callable[[Field], Read]) -> dict[str, Read]:
    found: dict[str, Read] = {}
    for item in fields.items():
        key = item.get(name)
        if key.text() in found:
            raise key.refuse(f"{key.text()!r} appears twice")
        found[key.text()] = read_one(item)
    return found


class _Reader:
    """One pass over the file; what is read first is looked up by what is read later."""

    def __init__(self, file: Field) -> None:
        self.file = file
        self.metadata = file.get("metadata")
        if file.find("public_distances") is not None:
            raise file.get("public_distances").refuse("public transport is not supported")
        self.weights = uhhc_rules.read(self.metadata.get("cost_components"))
        self.rules = self.weights.rules(
            at_end=self._window_met() == "at_service_end",
            leave_at_shift_start=self._origin() in ORIGINS_LEAVING_AT_SHIFT_START,
        )
        self.matrix = self._matrix(file.get("distances"))
        self.terminals = _unique(file.get("terminal_points"), "id", self._point)
        self.durations = _unique(file.get("services"), "id", lambda item: item.find("default_duration"))
        self.lunch = self._lunch()
        self.people = {who.get("id").text(): at for at, who in enumerate(file.get("caregivers").items())}

    def problem(self) -> Problem:
        staff = _unique(self.file.get("caregivers"), "id", self._staff)
        jobs = _unique(self.file.get("patients"), "id", self._job)
        return Problem(
            points=len(self.matrix),
            matrices=(self.matrix,),
            staff=tuple(staff.values()),
            jobs=tuple(jobs.values()),
            rules=self.rules,
        )

    def _origin(self) -> str:
        origin = self.metadata.find("origin")
        return origin.text() if origin else ""

    def _window_met(self) -> str:
        met = self.metadata.find("time_window_met")
        if met is None:
            return "at_service_start"
        if met.text() not in {"at_service_start", "at_service_end"}:
            raise met.refuse("expected at_service_start or at_service_end")
        return met.text()

    def _matrix(self, field: Field) -> Matrix:
        rows = list(field.items())
        if not rows:
            raise field.refuse("expected a square matrix")
        found = np.zeros((len(rows), len(rows)), dtype=np.int64)
        for at, row in enumerate(rows):
            cells = list(row.items())
            if len(cells) != len(rows):
                raise row.refuse(f"expected {len(rows)} numbers")
            found[at] = [_up(cell.number()) for cell in cells]
        if (found < 0).any():
            raise field.refuse("travel times cannot be negative")
        return found

    def _point(self, item: Field) -> int:
        index = item.get("distance_matrix_index")
        value = index.value
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < len(self.matrix):
            raise index.refuse("is not a row of `distances`")
        return value

    def _lunch(self) -> Lunch | None:
        field = self.file.find("lunch_breaks")
        if field is None:
            return None
        start, end = field.pair()
        length = field.get("min_duration").number()
        # The file compares the window's end with the start or the end of the lunch; the problem always with the end.
        latest = _down(end) if self.rules.window_end_at_service_end else _down(end) + _up(length)
        return Lunch(_up(start), latest, _up(length))

    def _staff(self, item: Field) -> Staff:
        start = item.get("departing_point")
        shift = item.find("working_shift")
        eats = item.find("lunch_break")
        return Staff(
            id=item.get("id").text(),
            skills=frozenset(ability.text() for ability in item.get("abilities").items()),
            start_point=self._terminal(start),
            end_point=self._terminal(item.find("arrival_point") or start),
            shift=_window(shift) if shift else None,
            lunch=self.lunch if eats is not None and eats.flag() else None,
        )

    def _terminal(self, field: Field) -> int:
        if field.text() not in self.terminals:
            raise field.refuse(f"{field.text()!r} is not in terminal_points")
        return self.terminals[field.text()]

    def _job(self, item: Field) -> Job:
        services = tuple(self._service(need) for need in item.get("required_services").items())
        if not services:
            raise item.get("required_services").refuse("asks for nothing")
        sync, lag = self._sync(item, len(services))
        windows = item.find("time_windows")
        unwelcome = item.find("incompatible_caregivers")
        preferred = item.find("preferred_caregivers")
        return Job(
            id=item.get("id").text(),
            point=self._point(item),
            windows=tuple(_window(window) for window in windows.items()) if windows else (),
            services=services,
            sync=sync,
            lag=lag,
            drop_penalty=self._drop_penalty(item, services),
            forbidden_staff=self._people(unwelcome) if unwelcome else frozenset(),
            preferred_staff=self._people(preferred) if preferred else None,
        )

    def _service(self, need: Field) -> Service:
        service = need.get("service")
        if service.text() not in self.durations:
            raise service.refuse(f"{service.text()!r} is not in services")
        duration = need.find("duration") or self.durations[service.text()]
        if duration is None:
            raise need.refuse("neither 'duration' nor a default_duration of the service")
        if duration.number() <= 0:
            raise duration.refuse("a service must last longer than 0")
        return Service(_up(duration.number()), frozenset({service.text()}))

    def _sync(self, item: Field, services: int) -> tuple[Sync, Window]:
        field = item.find("synchronization")
        if field is None:
            if services > 1:
                raise item.refuse("several services and no 'synchronization'")
            return Sync.independent, Window(0, 0)
        kind = field.find("type")
        name = kind.text() if kind else "independent"
        if name not in set(Sync):
            raise (kind or field).refuse(f"unknown synchronization {name!r}")
        if name != Sync.sequential:
            return Sync(name), Window(0, 0)
        low, high = field.get("distance").pair("min", "max")
        return Sync.sequential, Window(_up(low), _down(high))

    def _drop_penalty(self, item: Field, services: tuple[Service, ...]) -> int | None:
        optional = item.find("optional")
        price = self.weights.of_count("optional_patients")
        if price is None or optional is None or not optional.flag():
            return None
        # A visit that is left out saves its working time, where that is priced.
        saved = (self.weights.of_time("working_time") or 0) * sum(service.duration for service in services)
        return max(0, price - saved)

    def _people(self, field: Field) -> frozenset[int]:
        for who in field.items():
            if who.text() not in self.people:
                raise who.refuse(f"{who.text()!r} is not in caregivers")
        return frozenset(self.people[who.text()] for who in field.items())
