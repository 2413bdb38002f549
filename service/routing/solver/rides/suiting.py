"""Whether somebody may give a service beside what is given already, and where in the row's day it looks possible."""

from service.routing.solver.kernel.compiled import compiled, inlined
from service.routing.solver.rides import cells
from service.routing.solver.rides.cells import AFTER, BEFORE, NOBODY, ROW, START
from service.routing.solver.rides.latest import BEGINNING
from service.routing.solver.rides.scratch import Scratch
from service.routing.solver.rides.tables import (
    ANOTHER,
    ANYBODY,
    CAPACITY,
    CARER,
    EARLIEST,
    FAR,
    FIRST,
    HUMAN,
    JOB,
    LEAST,
    LINK,
    LINKS,
    LOAD,
    ORIGIN,
    OTHER,
    RANK,
    SERVICES,
    Longs,
    Tables,
)

PRICE, PERSON, NEXT = range(3)
"""Columns of `Scratch.places`: what a place looks like beforehand, whose it is, and the node after it."""

ANYONE = -1
"""Everybody is asked, for every place."""

first_lunch, first_end, first, point = cells.first_lunch, cells.first_end, cells.first, cells.point


@compiled
def places(t: Tables, s: Longs, z: Scratch, node: int, only: int) -> int:
    """List the places that there may be time for, and what they look like; of one person only the last. Tell how many
    there are.
    """
    count = 0
    for row in range(len(t.people)):
        if only in (ANYONE, row) and t.prices[node, row] >= 0 and _is_apart(t, s, node, row):
            count = _in_row(t, s, z, node, row, count, only != ANYONE)
    return count


@inlined
def _in_row(t: Tables, s: Longs, z: Scratch, node: int, row: int, count: int, at_the_end: bool) -> int:
    """Go through a row's places from the first one, or look at its last alone."""
    end, rank = first_end(t) + row, t.jobs[t.nodes[node, JOB], RANK]
    if _load(t, s, row) + t.jobs[t.nodes[node, JOB], LOAD] > t.people[row, CAPACITY]:
        return count
    after, lower, higher = first(s, end), _lower(t, s, row, rank), 0
    while True:
        if higher == 0 and lower == 0 and (after == end or not at_the_end):
            price = _estimate(t, s, z, node, row, after)
            if price < FAR:
                z.places[count, PRICE], z.places[count, PERSON] = price + t.prices[node, row], row
                z.places[count, NEXT] = after
                count += 1
        if after == end:
            return count
        if after < first_lunch(t):
            lower -= t.jobs[t.nodes[after, JOB], RANK] < rank
            higher += t.jobs[t.nodes[after, JOB], RANK] > rank
        after = s[AFTER, after]


@inlined
def _load(t: Tables, s: Longs, row: int) -> int:
    """Tell how much a row carries."""
    total, each = 0, s[BEFORE, first_end(t) + row]
    while each != NOBODY:
        if each < first_lunch(t):
            total += t.jobs[t.nodes[each, JOB], LOAD]
        each = s[BEFORE, each]
    return int(total)


@inlined
def _lower(t: Tables, s: Longs, row: int, rank: int) -> int:
    """Tell how many visits of a row are of a lower rank."""
    total, each = 0, s[BEFORE, first_end(t) + row]
    while each != NOBODY:
        if each < first_lunch(t):
            total += t.jobs[t.nodes[each, JOB], RANK] < rank
        each = s[BEFORE, each]
    return int(total)


@inlined
def _estimate(t: Tables, s: Longs, z: Scratch, node: int, row: int, after: int) -> int:
    """Tell what a place looks like beforehand; FAR when there is surely no time."""
    before, here, there, kind = s[BEFORE, after], point(t, node), point(t, after), t.people[row, LEAST]
    if before == NOBODY:
        origin, free = t.people[row, ORIGIN], t.people[row, EARLIEST]
    else:
        origin, free = point(t, before), s[START, before] + cells.length(t, s, before)
    into, onward = t.least[kind, origin, here], t.least[kind, here, there]
    start = cells.begin(t, node, row, free + into)
    if start >= FAR or start + t.lengths[row, node] + onward > z.latest[0, BEGINNING, after]:
        return FAR
    saved = t.least[kind, origin, there] if before != NOBODY else 0
    return int(t.fare * (into + onward - saved) + cells.late(t, node, row, start))


@inlined
def _is_apart(t: Tables, s: Longs, node: int, row: int) -> bool:
    """Tell whether nobody would give two services of a job, and each link has the people that it asks for."""
    job, human = t.nodes[node, JOB], t.people[row, HUMAN]
    if _gives(t, s, job, node, human):
        return False
    for at in range(t.jobs[job, LINK], t.jobs[job, LINK] + t.jobs[job, LINKS]):
        if t.links[at, CARER] != ANYBODY and not _suits(t, s, at, node, human):
            return False
    return True


@inlined
def _suits(t: Tables, s: Longs, at: int, node: int, human: int) -> bool:
    """Tell whether a person may give what is at this end of a link that asks for somebody."""
    job, other = t.nodes[node, JOB], t.links[at, OTHER]
    if t.links[at, CARER] == ANOTHER:
        return not _gives(t, s, other, NOBODY, human)
    count, number = cells.counted(t, at, job), cells.counted(t, at, other)
    begins, there = t.jobs[job, FIRST], t.jobs[other, FIRST]
    given = _given(s, there, number)
    if given == 0 or node >= begins + count:
        return True
    # who is the same of a crew that is not whole yet may be another of it
    if number > given or count > _given(s, begins, count) + 1:
        return True
    for each in range(there, there + number):
        who = t.people[s[ROW, each], HUMAN]
        if who == human:
            return True
        for own in range(begins, begins + count):
            if s[ROW, own] != NOBODY and t.people[s[ROW, own], HUMAN] == who:
                return True
    return False


@inlined
def _given(s: Longs, first: int, number: int) -> int:
    """Tell how many of some services in a row are given."""
    count = 0
    for each in range(first, first + number):
        count += s[ROW, each] != NOBODY
    return count


@inlined
def _gives(t: Tables, s: Longs, job: int, but: int, human: int) -> bool:
    """Tell whether somebody gives a service of a job, one left aside."""
    begins = t.jobs[job, FIRST]
    for each in range(begins, begins + t.jobs[job, SERVICES]):
        if each != but and s[ROW, each] != NOBODY and t.people[s[ROW, each], HUMAN] == human:
            return True
    return False
