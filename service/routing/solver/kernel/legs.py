"""The ways between stops, and the lunch had on one: when a person stands ready at the next stop.

A person's state is a row of `states` (see `columns`). Times that break a hard rule are BROKEN.
"""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel.compiled import inlined, linked
from service.routing.solver.kernel.layout import Day, Whole


@linked
def stretched(day: Day, staff: int, way: int, free: int) -> int:
    """Tell how long a leg takes at which the person is free to leave at `free`."""
    first = day.people[staff, c.P_BAND]
    factor = 1000
    for band in range(first, first + day.people[staff, c.P_BANDS]):
        if band > first and day.rare[band, c.B_START] > free:
            break
        factor = day.rare[band, c.B_FACTOR]
    return int(-(-way * factor // 1000))


@inlined
def way_to(day: Day, staff: int, place: int, point: int, free: int) -> int:
    """Tell the travel between two points for a person who is free to leave at `free`."""
    way = day.travel[day.people[staff, c.P_MATRIX], place, point]
    if day.rules[0, c.R_TRAFFIC]:
        return stretched(day, staff, way, free)
    return int(way)


@inlined
def leg(day: Day, staff: int, states: Whole, row: int, service: int) -> int:
    """Tell the travel from where the person is to a service, begun now."""
    return way_to(day, staff, states[row, c.PLACE], day.services[service, c.S_POINT], states[row, c.FREE])


@inlined
def leg_after(day: Day, staff: int, states: Whole, row: int, service: int, way: int, start: int) -> int:
    """Tell the travel to a service when the lunch before it is begun at `start`: had here, the traffic is another."""
    if day.rules[0, c.R_TRAFFIC] == 0 or start >= states[row, c.FREE] + way:
        return way
    free = start + day.people[staff, c.P_MEAL_TIME]
    return way_to(day, staff, states[row, c.PLACE], day.services[service, c.S_POINT], free)


@inlined
def lunch_start(day: Day, staff: int, states: Whole, row: int, way: int) -> int:
    """Choose the start of a lunch before the next stop: there if it is in time, else here, after a visit."""
    there = max(states[row, c.FREE] + way, day.people[staff, c.P_MEAL_OPEN])
    last = day.people[staff, c.P_MEAL_LAST]
    if there <= last:
        return int(there)
    here = max(states[row, c.FREE], day.people[staff, c.P_MEAL_OPEN])
    if states[row, c.VISITS] > 0 and here <= last:
        return int(here)
    return c.BROKEN


@inlined
def lunch_end(day: Day, staff: int, states: Whole, row: int, service: int, way: int) -> int:
    """Tell when a person is ready at the next stop after a lunch on the way."""
    start = lunch_start(day, staff, states, row, way)
    if start == c.BROKEN:
        return c.BROKEN
    end = start + day.people[staff, c.P_MEAL_TIME]
    if start >= states[row, c.FREE] + way:
        return int(end)
    return int(end + leg_after(day, staff, states, row, service, way, start))


@inlined
def ready_at(day: Day, staff: int, states: Whole, row: int, service: int) -> int:
    """Tell when a person stands ready at a service, lunch had on the way if one is pending."""
    way = leg(day, staff, states, row, service)
    if states[row, c.EATS] == c.PENDING:
        return lunch_end(day, staff, states, row, service, way)
    return int(states[row, c.FREE] + way)
