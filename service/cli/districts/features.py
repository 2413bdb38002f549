"""What a district's day may have beyond visits with one hard window and staff with a shift, and the chance of each."""

import random
from enum import StrEnum
from typing import Final

HOUR: Final = 3600
MINUTE: Final = 60


class Feature(StrEnum):
    """One thing that a day has or has not."""

    modes = "modes"
    """on foot, by e-bike, by car; else everybody by e-bike"""
    traffic = "traffic"
    """slow roads when everybody drives"""
    lunches = "lunches"
    canteen = "canteen"
    """some have their lunch at the station and nowhere else"""
    skills = "skills"
    any_skills = "any_skills"
    """an injection by a nurse or a doctor"""
    crews = "crews"
    """visits of two"""
    soft = "soft"
    """lateness has a price, except where a visit is punctual"""
    several = "several"
    """two windows for some visits"""
    ending = "ending"
    """some visits must be over by the end of the window"""
    fasting = "fasting"
    """blood is drawn before breakfast, and the one who draws it brings it to the laboratory in time"""
    same_nurse = "same_nurse"
    """morning and evening by the same hands"""
    second_opinion = "second_opinion"
    """two doctors, not the same one twice"""
    gaps = "gaps"
    """two visits of one elder lie apart, in either order"""
    ranks = "ranks"
    """who catches anything comes first, who is infectious last"""
    institutions = "institutions"
    """care homes with many residents; arriving has a price"""
    priorities = "priorities"
    wishes = "wishes"
    """wanted, only admitted and refused members of staff"""
    pace = "pace"
    max_work = "max_work"
    two_shifts = "two_shifts"
    """some people have two shifts a day"""
    loads = "loads"
    promises = "promises"
    """starts and people that families were told, at a price when it comes otherwise"""
    balance = "balance"
    """the way is shared fairly"""
    vehicles = "vehicles"
    """most people have no vehicle: they walk, or share the station's with others; without modes all of them"""


ALL: Final = frozenset(Feature) - {Feature.vehicles}
"""Everything but what asks for a search of its own."""
PLAIN: Final = frozenset({Feature.skills, Feature.lunches, Feature.modes, Feature.priorities})
"""What the open solvers know too."""
SHARED: Final = frozenset(
    {Feature.skills, Feature.lunches, Feature.modes, Feature.priorities, Feature.crews, Feature.vehicles}
)
"""A station with shared vehicles."""


class Chance:
    """The chance of one thing on one day."""

    def __init__(self, seed: int, what: str) -> None:
        # text, because numbers near each other would begin alike
        self.draw = random.Random(f"{seed} {what}")

    def minutes(self, low: int, high: int, step: int = 5) -> int:
        """Draw a length or a time, in seconds, from so many to so many minutes.

        Raises: nothing.
        """
        return self.draw.randrange(low, high + 1, step) * MINUTE

    def happens(self, per_cent: int) -> bool:
        """Tell whether something happens that does so in so many of a hundred cases.

        Raises: nothing.
        """
        return self.draw.randrange(100) < per_cent
