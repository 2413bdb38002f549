"""What to tear out: strings of consecutive stops from routes that are near each other."""

from typing import Final

from service.routing.solver.kernel.compiled import inlined
from service.routing.solver.strings import chance as chances
from service.routing.solver.strings import trial as trials
from service.routing.solver.strings.chance import Chance
from service.routing.solver.strings.day import (
    ACTIVE,
    ASSIGNED,
    COUNT,
    NOBODY,
    PLACE,
    STAFF,
    STOPS,
    TOUCHED,
    TRIAL,
    Day,
)
from service.routing.solver.strings.facts import Facts

LONGEST: Final = 10
"""No string is longer."""

MEAN: Final = 10
"""So many jobs are torn out on average."""

SPLIT: Final = 0.5
"""The share of strings that keep some stops in their middle."""

WIDEN: Final = 0.01
"""The chance that a split string keeps one stop more."""

draw, below = chances.draw, chances.below
touch, leave_out, compact = trials.touch, trials.leave_out, trials.compact


@inlined
def ruin(facts: Facts, day: Day, chance: Chance) -> bool:
    """Tear strings out around a job drawn at random; False when what stays breaks a hard rule."""
    if not day.totals[ACTIVE]:
        return True
    mean = day.totals[ASSIGNED] / day.totals[ACTIVE]
    longest = min(float(LONGEST), mean)
    strings = int(1 + draw(chance) * (4.0 * MEAN / (1.0 + longest) - 1.0))
    seed = below(chance, len(facts.jobs))
    for at in range(facts.near.shape[1]):
        job = facts.near[seed, at]
        person = day.where[job, STAFF]
        if person == NOBODY or day.sizes[person, TOUCHED] == day.totals[TRIAL]:
            continue
        touch(day, person)
        _string(facts, day, chance, person, day.where[job, PLACE], longest)
        if not compact(facts, day, person):
            return False
        strings -= 1
        if strings <= 0:
            return True
    return True


@inlined
def _string(facts: Facts, day: Day, chance: Chance, person: int, place: int, longest: float) -> None:
    """Take a string that contains stop `place` out of a route, or a longer one but for some stops in its middle."""
    count = day.sizes[person, COUNT]
    length = int(1 + draw(chance) * min(float(count), longest))
    length = min(length, count)
    spared = 0
    if length > 1 and length < count and draw(chance) < SPLIT:
        spared = 1
        while length + spared < count and draw(chance) < WIDEN:
            spared += 1
    whole = length + spared
    first = max(1, place - whole + 1)
    last = min(place, count - whole + 1)
    first += below(chance, last - first + 1)
    gap = first + 1 + below(chance, length - 1) if spared else first
    for at in range(first, first + whole):
        if at < gap or at >= gap + spared:
            leave_out(facts, day, day.routes[person, at, STOPS])
