"""Priority points: the institution's weights for age and disability, each once, and the other groups' own points."""

from itertools import pairwise

import pytest

from service.institutions.rules import settings
from service.patients import rules
from service.patients.rules import KeyGroup
from service.routing.building import Weights, priority

WEIGHTS = Weights(plain=1, aged=10, advanced_age=100, disabled=1000)
USUAL = Weights(
    plain=settings.PLAN_PRIORITY_PLAIN.default,
    aged=settings.PLAN_PRIORITY_AGED.default,
    advanced_age=settings.PLAN_PRIORITY_ADVANCED_AGE.default,
    disabled=settings.PLAN_PRIORITY_DISABLED.default,
)
IN_TURN: list[tuple[tuple[KeyGroup, ...], int]] = [
    ((), 82),
    ((KeyGroup.severe_illness,), 70),
    ((KeyGroup.disabled,), 70),
    ((KeyGroup.semi_disabled,), 70),
    ((KeyGroup.special_family,), 70),
    ((KeyGroup.low_income,), 70),
    ((), 70),
    ((), 40),
]
"""As the policy names them: 高龄, 重病, 失能, 半失能, 计生特殊家庭, all of 65 and more, then everybody else."""


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
        ((KeyGroup.severe_illness,), 40, 251),
        ((KeyGroup.semi_disabled, KeyGroup.special_family), 70, 161),
        ((KeyGroup.chronic,), 40, 1),
    ],
)
def test_each_counts_as_the_rule_says(groups: tuple[KeyGroup, ...], age: int, points: int) -> None:
    assert priority(WEIGHTS, groups, age) == points


@pytest.mark.requirement("R015")
@pytest.mark.parametrize(("first", "second"), list(pairwise(IN_TURN)))
def test_of_neighbours_the_one_named_before_goes_first(
    first: tuple[tuple[KeyGroup, ...], int], second: tuple[tuple[KeyGroup, ...], int]
) -> None:
    assert priority(USUAL, *first) > priority(USUAL, *second)


@pytest.mark.requirement("R015")
def test_points_are_a_weight_four_plain_visits_outweigh_one_of_a_disabled_elder() -> None:
    elder, plain = priority(USUAL, {KeyGroup.disabled}, 70), priority(USUAL, (), 40)
    assert 3 * plain < elder < 4 * plain


@pytest.mark.requirement("R015")
@pytest.mark.parametrize("group", [KeyGroup.disabled, KeyGroup.advanced_age, KeyGroup.severe_illness])
def test_by_default_a_person_s_record_tells_the_points_that_plans_add(group: KeyGroup) -> None:
    assert rules.priority_of({group}, 70) == priority(USUAL, {group}, 70) - USUAL.plain
