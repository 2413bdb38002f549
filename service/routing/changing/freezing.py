"""What may not be changed any more: the stops that begin before a moment, and whether a new plan has kept them."""

from service.routing.problem import Plan, Stop


def frozen_stops(plan: Plan, until: int) -> frozenset[tuple[int, Stop]]:
    """Return the stops of a plan, lunches among them, that begin before a moment, with their rows."""
    return frozenset((route.staff, stop) for route in plan.routes for stop in route.stops if stop.start < until)


def moved_stops(before: Plan, after: Plan, until: int) -> frozenset[tuple[int, Stop]]:
    """Return the frozen stops of a plan that another one of the same problem does not have, or not in their order.

    Nothing else may come before them in their rows either: a stop of the other plan that begins before the moment and
    was not there is returned as well.
    """
    return frozen_stops(before, until) ^ frozen_stops(after, until)
