"""One person's day, stop by stop at the earliest times: where the windows and the lunch come in, and what it costs.

A person's state is a row of `states` (see `columns`). Times that break a hard rule are BROKEN.
"""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel import legs
from service.routing.solver.kernel.compiled import inlined, linked
from service.routing.solver.kernel.layout import Day, Whole


@inlined
def closing(day: Day, item: int, window: int, service: int, staff: int) -> int:
    """Tell the person's last start in time of a window."""
    if day.items[item, c.I_AT_END]:
        return int(day.ends[window] - day.time[service, staff])
    return int(day.ends[window])


@linked
def later(day: Day, item: int, service: int, staff: int, ready: int) -> int:
    """Choose the start among several windows: now, or at the next opening where that is hard or costs less time."""
    first = day.items[item, c.I_WINDOW]
    for window in range(first + 1, first + day.items[item, c.I_WINDOWS]):
        late = ready - closing(day, item, window - 1, service, staff)
        if late <= 0:
            return ready
        opening = day.opens[window]
        if ready < opening:
            return int(opening) if day.items[item, c.I_STRICT] or late > opening - ready else ready
    return ready


@inlined
def last_start(day: Day, service: int, staff: int) -> int:
    """Tell when a service must begin at the latest for the person to be home in time."""
    home = day.travel[day.people[staff, c.P_MATRIX], day.services[service, c.S_POINT], day.people[staff, c.P_END]]
    return int(day.people[staff, c.P_LATEST] - day.time[service, staff] - home)


@inlined
def begin(day: Day, item: int, service: int, staff: int, ready: int) -> int:
    """Choose the start of a service at or after `ready`: in the window that is open or opens next, and not before the
    item's floor where the person has time to wait for that.
    """
    first = day.items[item, c.I_WINDOW]
    if ready < day.items[item, c.I_FLOOR] <= last_start(day, service, staff):
        ready = int(day.items[item, c.I_FLOOR])
    if ready <= day.opens[first]:
        return int(day.opens[first])
    if day.items[item, c.I_WINDOWS] == 1:
        return ready
    return later(day, item, service, staff, ready)


@inlined
def due(day: Day, item: int, service: int, staff: int, start: int) -> int:
    """Tell the last start in time of the window that a start belongs to: the last that has opened."""
    first = day.items[item, c.I_WINDOW]
    found = first
    for window in range(first + 1, first + day.items[item, c.I_WINDOWS]):
        if day.opens[window] > start:
            break
        found = window
    return closing(day, item, found, service, staff)


@inlined
def eat(day: Day, staff: int, states: Whole, row: int, start: int, way: int) -> None:
    """Book a lunch: the wait for it, and by how much it could be later."""
    arrival = states[row, c.FREE]
    if start >= arrival + way:
        arrival += way
    states[row, c.EATS] = c.EATEN
    if states[row, c.VISITS] > 0:
        states[row, c.GAP] += start - arrival
        states[row, c.SLACK] = min(states[row, c.SLACK], day.people[staff, c.P_MEAL_LAST] - start + states[row, c.GAP])
    elif day.people[staff, c.P_LEAVES]:
        states[row, c.GAP] += start - arrival


@inlined
def wait(day: Day, staff: int, states: Whole, row: int, length: int, slack: int) -> None:
    """Book a wait before a visit. The first stop has none, the one after an opening lunch is not priced; `SLACK` is by
    how much the stops so far could all be later.
    """
    if states[row, c.VISITS] > 0:
        states[row, c.GAP] += length
        states[row, c.SLACK] = min(states[row, c.SLACK], slack + states[row, c.GAP])
    elif day.people[staff, c.P_LEAVES]:
        # who leaves at a fixed time cannot take waiting back by leaving later
        if states[row, c.EATS] != c.EATEN:
            states[row, c.GAP] += length
    else:
        states[row, c.SLACK] = slack


@inlined
def serve(day: Day, staff: int, states: Whole, row: int, service: int, start: int) -> bool:
    """Give a service at `start`; False when a hard rule is broken. A lunch that is pending has been had before."""
    item = day.services[service, c.S_ITEM]
    way = legs.leg(day, staff, states, row, service)
    ready = states[row, c.FREE] + way
    if states[row, c.EATS] == c.PENDING:
        ready = legs.lunch_end(day, staff, states, row, service, way)
        meal = legs.lunch_start(day, staff, states, row, way)
        after = legs.leg_after(day, staff, states, row, service, way, meal)
        eat(day, staff, states, row, meal, way)
        way = after
    slack = due(day, item, service, staff, start) - start
    if slack < 0:
        if day.items[item, c.I_STRICT]:
            return False
        states[row, c.BENT] -= day.items[item, c.I_TARDY] * slack
        states[row, c.LATE] = max(states[row, c.LATE], -slack)
    if slack < 0 or day.items[item, c.I_FIXED]:
        slack = 0
    wait(day, staff, states, row, start - ready, slack)
    return go_on(day, staff, states, row, service, way, start)


@linked
def unusual(day: Day, states: Whole, row: int, service: int, start: int) -> bool:
    """Book what only some days have: the price of an arrival and of a promise not kept, the rank; False when the person
    comes from a job of a higher rank.
    """
    place = day.services[service, c.S_POINT]
    if place != states[row, c.DOOR]:
        states[row, c.BENT] += day.rules[0, c.R_ARRIVAL]
        states[row, c.DOOR] = place
    if day.services[service, c.S_PROMISE] != c.NEVER:
        moved = abs(start - day.services[service, c.S_PROMISE]) // day.rules[0, c.R_STEP]
        states[row, c.BENT] += day.rules[0, c.R_MOVED] * moved
    before, states[row, c.RANK] = states[row, c.RANK], day.services[service, c.S_RANK]
    return bool(before <= day.services[service, c.S_RANK])


@inlined
def go_on(day: Day, staff: int, states: Whole, row: int, service: int, way: int, start: int) -> bool:
    """Book the travel, the work and the price of the person; False when the person carries too much, comes from a job
    of a higher rank or can no longer be back in time.
    """
    place = day.services[service, c.S_POINT]
    if day.rules[0, c.R_UNUSUAL] and not unusual(day, states, row, service, start):
        return False
    states[row, c.BENT] += day.price[service, staff]
    states[row, c.TRAVEL] += way
    time = day.time[service, staff]
    states[row, c.SERVICE] += time
    states[row, c.FREE] = start + time
    states[row, c.PLACE] = place
    states[row, c.VISITS] += 1
    states[row, c.CARRIED] += day.services[service, c.S_LOAD]
    if states[row, c.CARRIED] > day.people[staff, c.P_CAPACITY]:
        return False
    latest = day.people[staff, c.P_LATEST]
    if latest == c.NEVER or day.rules[0, c.R_TRAFFIC]:
        # who drives on later may be faster: what counts then is when he is back at last
        return True
    home = day.travel[day.people[staff, c.P_MATRIX], place, day.people[staff, c.P_END]]
    return bool(states[row, c.FREE] + home <= latest)


@inlined
def dine(day: Day, staff: int, states: Whole, row: int, service: int, idle: bool) -> int:
    """Go to the lunch's own point and have it there; its start, BROKEN when that comes too late. Who is `idle` and has
    lunch only when there is work does not go.
    """
    way = legs.leg(day, staff, states, row, service)
    start = max(states[row, c.FREE] + way, day.people[staff, c.P_MEAL_OPEN])
    if idle and day.rules[0, c.R_MUST_EAT]:
        states[row, c.EATS] = c.EATEN
        return int(start)
    if start > day.people[staff, c.P_MEAL_LAST]:
        return c.BROKEN
    eat(day, staff, states, row, start, way)
    place = day.services[service, c.S_POINT]
    if place != states[row, c.DOOR]:
        states[row, c.DOOR] = -1
    states[row, c.TRAVEL] += way
    states[row, c.PLACE] = place
    states[row, c.FREE] = start + day.people[staff, c.P_MEAL_TIME]
    return int(start)


@inlined
def last_lunch(day: Day, staff: int, states: Whole, row: int) -> int:
    """Book a lunch after the last visit, or on a day without visits; its start, BROKEN when it comes too late."""
    start = max(states[row, c.FREE], day.people[staff, c.P_MEAL_OPEN])
    if start > day.people[staff, c.P_MEAL_LAST]:
        return c.BROKEN
    eat(day, staff, states, row, start, 0)
    states[row, c.FREE] = start + day.people[staff, c.P_MEAL_TIME]
    return int(start)


@inlined
def stays_home(day: Day, states: Whole, row: int) -> bool:
    """Tell whether a person does not leave: no visit, and no lunch that is had for its own sake."""
    if states[row, c.VISITS] > 0:
        return False
    return bool(states[row, c.EATS] == c.NOT_YET or day.rules[0, c.R_MUST_EAT] == 1)


@inlined
def close(day: Day, staff: int, states: Whole, row: int, days: Whole) -> bool:
    """End the day: lunch if it is still due, the way home, overtime, idle time; False when a hard rule is broken."""
    shift = day.people[staff, c.P_SHIFT_END] - day.people[staff, c.P_SHIFT_START]
    has_shift = day.people[staff, c.P_SHIFT_END] < c.NEVER
    days[row, c.D_COST] = days[row, c.D_LATE] = days[row, c.D_LOAD] = days[row, c.D_TRAVEL] = 0
    days[row, c.D_IDLE] = shift if has_shift else 0
    if stays_home(day, states, row):
        return True
    if states[row, c.EATS] == c.PENDING and last_lunch(day, staff, states, row) == c.BROKEN:
        return False
    home = legs.way_to(day, staff, states[row, c.PLACE], day.people[staff, c.P_END], states[row, c.FREE])
    back = states[row, c.FREE] + home
    if back > day.people[staff, c.P_LATEST]:
        return False
    load = states[row, c.TRAVEL] + home + states[row, c.SERVICE]
    days[row, c.D_LATE], days[row, c.D_LOAD] = states[row, c.LATE], load
    days[row, c.D_TRAVEL] = states[row, c.TRAVEL] + home
    days[row, c.D_COST] = states[row, c.BENT] + price(day, states, row, home)
    if has_shift:
        over = back - day.people[staff, c.P_SHIFT_END]
        days[row, c.D_COST] += day.rules[0, c.R_OVERTIME] * max(0, over)
        days[row, c.D_IDLE] = shift + max(0, over) - load
        if states[row, c.EATS] == c.EATEN:
            days[row, c.D_IDLE] -= day.people[staff, c.P_MEAL_TIME]
    return True


@inlined
def price(day: Day, states: Whole, row: int, home: int) -> int:
    """Price travel and waiting; leaving later takes back as much of the waiting as the windows allow. Where there is
    traffic nobody leaves later: the ways might take longer.
    """
    gap = states[row, c.GAP]
    kept = gap
    if day.rules[0, c.R_TRAFFIC] == 0:
        kept -= max(0, min(gap, states[row, c.SLACK]))
    return int(day.rules[0, c.R_TRAVEL] * (states[row, c.TRAVEL] + home) + day.rules[0, c.R_WAITING] * kept)
