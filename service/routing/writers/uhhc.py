"""Writes a plan as a UHHC solution, and prices a written solution in the file's own numbers.

The price is computed from what was written and from the instance as it stands in the file, never from the solver's
numbers. Source of every component: the UHHC format (Unified Home Healthcare, ITOR 2026).
"""

from collections.abc import Mapping
from typing import Any, Final

from service.routing.problem import LUNCH, Plan, Route, Stop

SCALE: Final = 1000
"""Thousandths: the problem's time unit in one unit of the file."""

LUNCH_SERVICE: Final = "lunch_break"


def solution(instance: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
    """Write the plan down: all caregivers in the file's order, whole numbers where times are whole.

    Raises: nothing.
    """
    routes = {route.staff: route for route in plan.routes}
    return {
        "routes": [_route(instance, at, routes.get(at)) for at in range(len(instance["caregivers"]))],
        "cost_components": {},
    }


def _route(instance: Mapping[str, Any], staff: int, route: Route | None) -> dict[str, Any]:
    written: dict[str, Any] = {"caregiver_id": instance["caregivers"][staff]["id"]}
    if route is not None and route.stops:
        written["locations"] = [_stop(instance, staff, stop) for stop in route.stops]
    return written


def _stop(instance: Mapping[str, Any], staff: int, stop: Stop) -> dict[str, Any]:
    start = _number(stop.start)
    at_start = stop.job < 0
    place = instance["caregivers"][staff]["departing_point"] if at_start else instance["patients"][stop.job]["id"]
    if stop.service == LUNCH:
        service, length = LUNCH_SERVICE, instance["lunch_breaks"]["min_duration"]
    else:
        need = instance["patients"][stop.job]["required_services"][stop.service]
        service, length = need["service"], duration(instance, need)
    return {"patient": place, "service": service, "arrival_time": start, "departure_time": start + length}


def _number(thousandths: int) -> int | float:
    whole, rest = divmod(thousandths, SCALE)
    return thousandths / SCALE if rest else whole


def duration(instance: Mapping[str, Any], need: Mapping[str, Any]) -> int | float:
    """Tell how long a required service takes: its own duration, else the service's default.

    Raises: nothing for an instance that the reader has accepted.
    """
    own: int | float | None = need.get("duration")
    if own is not None:
        return own
    defaults = {service["id"]: service.get("default_duration") for service in instance["services"]}
    found: int | float = defaults[need["service"]]
    return found
