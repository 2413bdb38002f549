"""Prices a written UHHC solution in the file's own numbers: every component, its weight and what it costs.

Nothing of the solver is used: only the instance as it stands in the file and the solution as it was written. Source of
every definition: the UHHC format (Unified Home Healthcare Routing and Scheduling, ITOR 2026).
"""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

Number: TypeAlias = int | float
Document: TypeAlias = Mapping[str, Any]

LUNCH: Final = "lunch_break"
LEAVING_AT_SHIFT_START: Final = frozenset({"bazirha", "bazirha-caie"})
NOISE: Final = 1e-6
"""Rounding noise of published windows and of sums of fractions."""

COMPONENTS: Final = (
    "travel_time", "total_tardiness", "highest_tardiness", "total_waiting_time", "max_waiting_time",
    "total_extra_time", "max_idle_time", "caregiver_preferences", "optional_patients", "missed_lunch_break",
    "qualification", "incompabilities", "working_time", "workload_balance",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the cost: `cost` = `weight` times `value`; a weight of None is not priced, "HARD" counts once."""

    name: str
    value: Number
    weight: Number | str | None
    cost: Number


@dataclass(slots=True)
class _Day:
    """What one caregiver's stops come to."""

    travel: Number = 0
    service: Number = 0
    waits: list[Number] = field(default_factory=list)
    extra: Number = 0
    idle: Number = 0
    eats: bool = False


def price(instance: Document, solution: Document) -> tuple[Component, ...]:
    """Price a solution, component by component.

    Raises: nothing for an instance that the reader has accepted and a solution that the writer has written.
    """
    values = _values(instance, solution)
    weights = instance["metadata"]["cost_components"]
    return tuple(_component(name, values[name], weights.get(name)) for name in COMPONENTS)


def total(components: tuple[Component, ...]) -> Number:
    """Add the components up.

    Raises: nothing.
    """
    return sum(component.cost for component in components)


def _component(name: str, value: Number, weight: Number | str | None) -> Component:
    factor: Number = weight if isinstance(weight, int | float) else 1 if weight == "HARD" else 0
    return Component(name, value, weight, factor * value)


def _values(instance: Document, solution: Document) -> dict[str, Number]:
    routes = {route["caregiver_id"]: route.get("locations") or [] for route in solution["routes"]}
    staff = instance["caregivers"]
    days = [_day(instance, who, routes.get(who["id"], [])) for who in staff]
    patients = {patient["id"]: patient for patient in instance["patients"]}
    visits = [
        (who, stop, patients[stop["patient"]])
        for who in staff
        for stop in routes.get(who["id"], [])
        if stop["service"] != LUNCH
    ]
    return _of_days(staff, days) | _of_visits(instance, visits)


def _of_days(staff: list[Document], days: list[_Day]) -> dict[str, Number]:
    waits = [wait for day in days for wait in day.waits]
    loads = [day.travel + day.service for day in days]
    return {
        "travel_time": sum(day.travel for day in days),
        "total_waiting_time": sum(waits),
        "max_waiting_time": max(waits, default=0),
        "total_extra_time": sum(day.extra for day in days),
        "max_idle_time": max((day.idle for day in days), default=0),
        "missed_lunch_break": sum(
            bool(who.get("lunch_break")) and not day.eats for who, day in zip(staff, days, strict=True)
        ),
        "working_time": sum(loads),
        "workload_balance": _imbalance(loads),
    }


def _imbalance(loads: list[Number]) -> int:
    """Each caregiver's distance from the mean, rounded up one by one; exact where all loads are whole."""
    count, everything = len(loads), sum(loads)
    whole = [load for load in loads if isinstance(load, int)]
    if len(whole) == count:
        return sum(-int(-abs(count * load - everything) // count) for load in whole)
    return sum(math.ceil(abs(load - everything / count) - 1e-9) for load in loads)


def _of_visits(instance: Document, visits: list[tuple[Document, Document, Document]]) -> dict[str, Number]:
    at_end = instance["metadata"].get("time_window_met") == "at_service_end"
    late = [_lateness(stop, patient, at_end) for _, stop, patient in visits if patient.get("time_windows")]
    seen = {patient["id"] for _, _, patient in visits}
    return {
        "total_tardiness": sum(late),
        "highest_tardiness": max(late, default=0),
        "caregiver_preferences": sum(
            patient.get("preferred_caregivers") is not None and who["id"] not in patient["preferred_caregivers"]
            for who, _, patient in visits
        ),
        "optional_patients": sum(patient["id"] not in seen for patient in instance["patients"]),
        "qualification": sum(stop["service"] not in who["abilities"] for who, stop, _ in visits),
        "incompabilities": sum(
            who["id"] in (patient.get("incompatible_caregivers") or ()) for who, _, patient in visits
        ),
    }


def _lateness(stop: Document, patient: Document, at_end: bool) -> Number:
    windows = sorted(_window(window) for window in patient["time_windows"])
    opened = bisect_right([start for start, _ in windows], stop["arrival_time"] + NOISE)
    due = windows[max(0, opened - 1)][1]
    mark: Number = stop["departure_time"] if at_end else stop["arrival_time"]
    return max(0, mark - due)


def _pair(pair: Any) -> tuple[Number, Number]:
    return (pair[0], pair[1]) if isinstance(pair, list) else (pair["start"], pair["end"])


def _window(window: Any) -> tuple[Number, Number]:
    start, end = _pair(window)
    if abs(start - round(start)) < NOISE:
        start = math.floor(start)
    if abs(end - round(end)) < NOISE:
        end = round(end)
    return start, end


def _day(instance: Document, who: Document, stops: list[Document]) -> _Day:
    day = _Day(eats=any(stop["service"] == LUNCH for stop in stops))
    shift = _pair(who["working_shift"]) if who.get("working_shift") else None
    if not stops:
        day.idle = shift[1] - shift[0] if shift else 0
        return day
    places = [_place(instance, who, stop) for stop in stops]
    start = _terminal(instance, who["departing_point"])
    legs = instance["distances"]
    leaves = stops[0]["arrival_time"] - legs[start][places[0]]
    if shift and instance["metadata"].get("origin") in LEAVING_AT_SHIFT_START:
        leaves = shift[0]
    waited: Number = 0
    free, here = leaves, start
    for at, (stop, place) in enumerate(zip(stops, places, strict=True)):
        wait = _book(day, stop, free, legs[here][place])
        waited += wait
        # The wait that follows a day's opening lunch is idle time but not priced as waiting.
        if wait and not (at == 1 and stops[0]["service"] == LUNCH):
            day.waits.append(wait)
        free, here = stop["departure_time"], place
    home = legs[here][_terminal(instance, who.get("arrival_point") or who["departing_point"])]
    day.travel += home
    _end(day, shift, leaves, free + home, waited)
    return day


def _book(day: _Day, stop: Document, free: Number, leg: Number) -> Number:
    day.travel += leg
    if stop["service"] != LUNCH:
        day.service += stop["departure_time"] - stop["arrival_time"]
    start: Number = stop["arrival_time"]
    return max(0, start - (free + leg))


def _end(day: _Day, shift: tuple[Number, Number] | None, leaves: Number, back: Number, waited: Number) -> None:
    if shift is not None:
        day.extra = max(0, back - shift[1])
        day.idle = max(0, leaves - shift[0]) + waited + max(0, shift[1] - back)


def _place(instance: Document, who: Document, stop: Document) -> int:
    for patient in instance["patients"]:
        if patient["id"] == stop["patient"]:
            return int(patient["distance_matrix_index"])
    return _terminal(instance, who["departing_point"])


def _terminal(instance: Document, name: str) -> int:
    found = next(point for point in instance["terminal_points"] if point["id"] == name)
    return int(found["distance_matrix_index"])
