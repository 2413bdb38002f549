"""Priority points: the institution's weights for age and disability, each once, and the other groups' own points."""

import pytest

from service.patients.rules import KeyGroup
from service.routing.building import Weights, priority

WEIGHTS = Weights(plain=1, aged=10, advanced_age=100, disabled=1000)


@pytest.mark.requirement("R015")
@pytest.mark.parametrize(
    ("groups", "age", "points"),
    [
        ((), 40, 1),
        ((), 65, 11),
        ((), 80, 111),
        ((KeyGroup.advanced_age,), 80, 111),
        ((KeyGroup.advanced_age,), 40, 101),
        ((KeyGroup.disabled,), 40, 1001),
        ((KeyGroup.disabled, KeyGroup.dementia), 40, 1001),
        ((KeyGroup.severe_illness,), 40, 41),
        ((KeyGroup.semi_disabled, KeyGroup.special_family), 70, 51),
        ((KeyGroup.chronic,), 40, 1),
    ],
)
def test_each_counts_as_the_rule_says(groups: tuple[KeyGroup, ...], age: int, points: int) -> None:
    assert priority(WEIGHTS, groups, age) == points
