"""The land: a town on its river, villages up the valleys, and how long the ways between take."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from service.cli.districts.features import Chance
from service.routing.problem import Matrix

DETOUR: Final = 1.3
"""Ways are so much longer than the straight line."""

TOWN_METRES: Final = 1_800
VILLAGE_METRES: Final = 250
NEAR, FAR = 3_000, 12_000
"""How far villages lie from the town."""

TOWN_PER_CENT: Final = 65


@dataclass(frozen=True, slots=True)
class Mode:
    """A way of travelling: metres in a second, seconds for each leg (unlocking, parking), and for each metre uphill."""

    name: str
    pace: float
    start: int
    climb: float


WALK: Final = Mode("walk", 1.2, 0, 6.0)
EBIKE: Final = Mode("ebike", 5.0, 60, 0.5)
CAR: Final = Mode("car", 8.5, 240, 0.0)


@dataclass(frozen=True, slots=True)
class Place:
    """Metres east and north of the town's middle, and above the river."""

    east: int
    north: int
    height: int


class Land:
    """Draws places: in town, in one of the villages."""

    def __init__(self, seed: int, visits: int) -> None:
        self._chance = Chance(seed, "land")
        self.places: list[Place] = []
        self._villages = [self._village() for _ in range(2 + visits // 40)]

    def _village(self) -> Place:
        angle, far = self._chance.draw.uniform(0, 2 * math.pi), self._chance.draw.uniform(NEAR, FAR)
        return Place(round(far * math.cos(angle)), round(far * math.sin(angle)), round(far / 60))

    def town(self) -> int:
        """Add a place in town and return its point.

        Raises: nothing.
        """
        return self._near(Place(0, 0, 0), TOWN_METRES)

    def anywhere(self) -> int:
        """Add a place where people live and return its point.

        Raises: nothing.
        """
        if self._chance.happens(TOWN_PER_CENT):
            return self.town()
        return self._near(self._chance.draw.choice(self._villages), VILLAGE_METRES)

    def _near(self, middle: Place, spread: int) -> int:
        east, north = (round(self._chance.draw.gauss(0, spread)) for _ in range(2))
        height = middle.height + self._chance.draw.randrange(0, 20)
        self.places.append(Place(middle.east + east, middle.north + north, height))
        return len(self.places) - 1


def metres(places: list[Place]) -> Matrix:
    """Measure the ways between all places, in metres.

    Raises: nothing.
    """
    at = np.array([(place.east, place.north) for place in places], dtype=np.float64)
    apart = np.hypot(at[:, None, 0] - at[None, :, 0], at[:, None, 1] - at[None, :, 1])
    return np.ceil(apart * DETOUR).astype(np.int64)


def seconds(places: list[Place], ways: Matrix, mode: Mode) -> Matrix:
    """Tell how long the ways take, in seconds; uphill longer than down.

    Raises: nothing.
    """
    height = np.array([place.height for place in places], dtype=np.float64)
    climb = np.maximum(0.0, height[None, :] - height[:, None])
    found = np.ceil(ways / mode.pace + climb * mode.climb).astype(np.int64) + mode.start
    np.fill_diagonal(found, 0)
    return found
