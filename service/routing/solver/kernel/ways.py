"""How long the way is between two points, for what is not compiled."""

from service.routing.solver.kernel import columns as c
from service.routing.solver.kernel.layout import Day


def length(day: Day, staff: int, here: int, there: int, free: int) -> int:
    """Tell how long the way takes a person who is free to leave at `free`.

    Raises: nothing.
    """
    person = day.people[staff]
    way, first = int(day.travel[person[c.P_MATRIX], here, there]), int(person[c.P_BAND])
    bands = day.rare[first : first + int(person[c.P_BANDS])]
    factors = [int(band[c.B_FACTOR]) for at, band in enumerate(bands) if not at or band[c.B_START] <= free]
    return -(-way * factors[-1] // 1000) if factors else way
