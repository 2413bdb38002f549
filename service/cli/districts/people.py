"""The people on duty: what they can do, how they travel, when they work and eat."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Final

from service.cli.districts.features import HOUR, MINUTE, Chance, Feature
from service.cli.districts.land import Land
from service.routing.problem import Lunch, Staff, Vehicle, Window

ROLES: Final = (
    ("nurse", "wound", "catheter"),
    ("doctor",),
    ("carer",),
    ("nurse", "wound"),
    ("therapist",),
    ("nurse", "catheter"),
    ("carer", "nurse"),
    ("nurse",),
    ("doctor",),
    ("carer",),
)
"""Skills of ten people in turn; five are enough for one of every trade."""

SHIFTS: Final = ((6, 0, 14, 30), (8, 0, 17, 30), (8, 0, 17, 30), (7, 0, 16, 0), (10, 0, 19, 0))
SPLIT: Final = (Window(6 * HOUR + 30 * MINUTE, 11 * HOUR), Window(15 * HOUR, 19 * HOUR + 30 * MINUTE))
LUNCH: Final = Lunch(11 * HOUR + 15 * MINUTE, 14 * HOUR, 40 * MINUTE)
WORK: Final = 7 * HOUR
PER_STATION: Final = 40
PER_VEHICLE: Final = 10
SEATS: Final = 4
DRIVEN: Final = Window(6 * HOUR + 30 * MINUTE, 19 * HOUR)
ON_FOOT, BY_CAR = 0, 2
"""Matrices of those who share a vehicle, and of the vehicle."""


@dataclass(frozen=True, slots=True)
class Team:
    """The rows of all people, and where the stations are."""

    rows: tuple[Staff, ...]
    stations: tuple[int, ...]

    def able(self, skills: AbstractSet[str]) -> list[int]:
        """List the rows of those who have all of the skills.

        Raises: nothing.
        """
        return [at for at, row in enumerate(self.rows) if skills <= row.skills]


def team(land: Land, number: int, seed: int, features: AbstractSet[Feature]) -> Team:
    """Draw so many people.

    Raises: nothing.
    """
    stations = tuple(land.town() for _ in range(1 + number // PER_STATION))
    hands = {feature: Chance(seed, f"staff {feature}") for feature in Feature}
    rows: list[Staff] = []
    for who in range(number):
        hour, minute, until, past = SHIFTS[who % len(SHIFTS)]
        row = Staff(
            id=f"s{who}",
            skills=frozenset(ROLES[who % len(ROLES)]) if Feature.skills in features else frozenset(),
            start_point=stations[who % len(stations)],
            end_point=stations[who % len(stations)],
            shift=Window(hour * HOUR + minute * MINUTE, until * HOUR + past * MINUTE),
            lunch=LUNCH if Feature.lunches in features else None,
        )
        rows += _shifts(_equipped(row, who, hands, features), who, hands, features)
    return Team(tuple(rows), stations)


def _equipped(row: Staff, who: int, hands: dict[Feature, Chance], features: AbstractSet[Feature]) -> Staff:
    """Give the row its mode, pace, bag, longest day and canteen; every chance is drawn whether it is wanted or not."""
    mode = hands[Feature.modes].draw.choice((0, 1, 1, 1, 2))
    pace = hands[Feature.pace].draw.choice((850, 1000, 1000, 1000, 1150, 1300))
    canteen = hands[Feature.canteen].happens(20) and row.lunch is not None
    shares = hands[Feature.vehicles].happens(70) or Feature.modes not in features
    changes: dict[Feature, dict[str, Any]] = {
        Feature.modes: {"matrix": mode},
        Feature.pace: {"pace": pace},
        Feature.loads: {"capacity": 12 + 4 * mode},
        Feature.max_work: {"max_work": WORK, "person": who},
        Feature.canteen: {"lunch": replace(LUNCH, point=row.start_point)} if canteen else {},
        Feature.vehicles: {"matrix": ON_FOOT, "rides": True} if shares else {},
    }
    for feature in sorted(changes.keys() & features):
        row = replace(row, **changes[feature])
    return row


def _shifts(row: Staff, who: int, hands: dict[Feature, Chance], features: AbstractSet[Feature]) -> list[Staff]:
    if not hands[Feature.two_shifts].happens(15) or Feature.two_shifts not in features:
        return [row]
    return [
        replace(row, id=f"{row.id}-{at}", shift=shift, lunch=None, person=who)
        for at, shift in enumerate(SPLIT, start=1)
    ]


def vehicles(team: Team, number: int, features: AbstractSet[Feature]) -> tuple[Vehicle, ...]:
    """Tell which vehicles so many people share, if they do.

    Raises: nothing.
    """
    if Feature.vehicles not in features:
        return ()
    places = [team.stations[at % len(team.stations)] for at in range(max(1, number // PER_VEHICLE))]
    return tuple(Vehicle(f"c{at}", SEATS, place, place, DRIVEN, BY_CAR) for at, place in enumerate(places))
