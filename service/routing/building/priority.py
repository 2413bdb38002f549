"""How much it weighs to leave somebody out: the dated weights of the institution, and the key groups (R015)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from service.patients import rules as patients
from service.patients.rules import KeyGroup

ADVANCED_AGE: Final = 80
_WEIGHED: Final = frozenset({KeyGroup.disabled, KeyGroup.dementia, KeyGroup.advanced_age})


@dataclass(frozen=True, slots=True)
class Weights:
    """The points of an institution's settings `plan.priority_*`."""

    plain: int
    aged: int
    advanced_age: int
    disabled: int


def priority(weights: Weights, groups: Iterable[KeyGroup], age: int) -> int:
    """Return how many points an order has: everybody `plain`, more for age and for each key group (R015).

    失能 (失智 with it) counts once with its weight, 80 years or the group 高龄 once with theirs; every other group has
    the points that `patients.priority_of` gives it. Points are a weight, not a rank: several visits of few points are
    worth more than one of many.
    """
    groups = set(groups)
    points = weights.plain + patients.priority_of(groups - _WEIGHED, 0)
    if age >= patients.OLD_AGE:
        points += weights.aged
    if age >= ADVANCED_AGE or KeyGroup.advanced_age in groups:
        points += weights.advanced_age
    if not groups.isdisjoint({KeyGroup.disabled, KeyGroup.dementia}):
        points += weights.disabled
    return points
