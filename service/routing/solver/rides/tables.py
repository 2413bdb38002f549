"""A day of riders as arrays of whole numbers for the compiled search.

Nodes are numbered as in `Facts`; every table has a row per thing and a column per property.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]
Reals = NDArray[np.float64]

FAR: Final = 2**60
"""Later than anything."""

BAND, BANDS = range(2)
"""Columns of `Tables.modes`: a matrix's first band of traffic, and how many it has."""

BEGINS, FACTOR = range(2)
"""Columns of `Tables.bands`."""

POINT, JOB = range(2)
"""Columns of `Tables.nodes`."""

FIRST, SERVICES, WINDOW, WINDOWS, PUNCTUAL, BY_END, TARDY, SYNC, LAG_LOW, LAG_HIGH, RANK, LOAD, LINK, LINKS, DROP = (
    range(15)
)
"""Columns of `Tables.jobs`: its nodes, its windows, whether they are hard and hold for the end, the price of lateness,
how its services meet, its links, and the price of leaving it out.
"""

TOGETHER, IN_TURN, FREELY = range(3)
"""How the services of a job meet."""

OTHER, LEADS, LOW, HIGH, ORDERED, CARER = range(6)
"""Columns of `Tables.links`, a row for each link and end of it: the job at the other end, whether this one is the first
of the two.
"""

ANYBODY, SAME, ANOTHER = range(3)
"""Who gives the jobs of a link."""

(
    ORIGIN, MODE, LEAST, RIDES, EARLIEST, LATEST, HUMAN, CAPACITY, MEAL, MEAL_OPENS, MEAL_CLOSES, MEAL_TIME
) = range(12)  # fmt: skip
"""Columns of `Tables.people`; `LEAST` is the row's table in `Tables.least`, `MEAL` how it has lunch."""

NO_MEAL, ANYWHERE, AT_ITS_POINT = range(3)
"""How a row has lunch."""

CAR_MODE, SEATS, STARTS, ENDS, LEAVES, BACK_BY = range(6)
"""Columns of `Tables.cars`."""


class Tables(NamedTuple):
    """`ways[matrix, from, to]` is a way's time without traffic, `quick` the least in any, `least[kind, from, to]` the
    least for people of a kind, on their own or in a vehicle; `prices[node, row]` what a person costs (-1 = may not),
    `lengths[row, node]` how long a service takes. `fare` is the price of a unit of travel, `skips` whether a lunch may
    be missed.
    """

    ways: Longs
    quick: Longs
    least: Longs
    modes: Longs
    bands: Longs
    nodes: Longs
    jobs: Longs
    windows: Longs
    links: Longs
    people: Longs
    prices: Longs
    lengths: Longs
    cars: Longs
    fare: int
    skips: bool
