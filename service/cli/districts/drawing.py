"""Puts a district's day together."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from service.cli.districts import land, people, visits
from service.cli.districts.features import ALL, HOUR, Feature
from service.routing.problem import Band, Matrix, Problem, Rules

MODES: Final = (land.WALK, land.EBIKE, land.CAR)

TRAFFIC: Final = (
    (),
    (Band(0, 1000), Band(7 * HOUR, 1100), Band(9 * HOUR, 1000), Band(17 * HOUR, 1150), Band(19 * HOUR, 1000)),
    (Band(0, 900), Band(7 * HOUR, 1400), Band(9 * HOUR, 1000), Band(17 * HOUR, 1500), Band(19 * HOUR, 900)),
)
"""On foot nobody is held up."""

NOT_PREFERRED: Final = 900
LATE: Final = 2
ARRIVAL: Final = 180
CHANGED: Final = 900
MOVED: Final = 60


@dataclass(frozen=True, slots=True, eq=False)
class District:
    """A day, and how long the ways between its points are in metres (None = not known)."""

    problem: Problem
    metres: Matrix | None


def district_day(number: int, staff: int, seed: int, features: AbstractSet[Feature] = ALL) -> Problem:
    """Draw a day of so many visits and people; the same arguments give the same day. Times are seconds of the day.

    Raises: nothing.
    """
    return district(number, staff, seed, features).problem


def places(number: int, staff: int, seed: int, features: AbstractSet[Feature] = ALL) -> list[land.Place]:
    """Draw a day and tell where its points lie.

    Raises: nothing.
    """
    return _asked(number, staff, seed, features).land.places


def district(number: int, staff: int, seed: int, features: AbstractSet[Feature] = ALL) -> District:
    """Draw a day together with the length of its ways.

    Raises: nothing.
    """
    asked = _asked(number, staff, seed, features)
    ground, team = asked.land, asked.team
    ways = land.metres(ground.places)
    several = bool(features & {Feature.modes, Feature.vehicles})
    modes = MODES if several else (land.EBIKE,)
    slow = TRAFFIC if several else TRAFFIC[1:2]
    problem = Problem(
        points=len(ground.places),
        matrices=tuple(land.seconds(ground.places, ways, mode) for mode in modes),
        staff=team.rows,
        jobs=tuple(asked.jobs),
        rules=_rules(features),
        links=tuple(asked.links),
        traffic=slow if Feature.traffic in features else (),
        vehicles=people.vehicles(team, staff, features),
    )
    return District(problem, ways)


def _asked(number: int, staff: int, seed: int, features: AbstractSet[Feature]) -> visits.Asked:
    ground = land.Land(seed, number)
    team = people.team(ground, staff, seed, features)
    homes = tuple(ground.anywhere() for _ in range(1 + number // 60))
    asked = visits.Asked(ground, team, seed, features, ground.town(), homes)
    visits.draw(asked, number)
    return asked


def _rules(features: AbstractSet[Feature]) -> Rules:
    return Rules(
        travel=1,
        tardiness=LATE if Feature.soft in features else None,
        not_preferred=NOT_PREFERRED if Feature.wishes in features else 0,
        arrival=ARRIVAL if Feature.institutions in features else 0,
        changed=CHANGED if Feature.promises in features else 0,
        moved=MOVED if Feature.promises in features else 0,
        travel_balance=1 if Feature.balance in features else 0,
    )
