"""The words of public programmes, and who belongs to one without having been enrolled by hand."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ProgrammeKind(StrEnum):
    """The kinds of public programme: 基本公卫, 老年健康与医养结合, 失能老年人健康服务行动, 政府购买, 公益义诊."""

    basic_public_health = "basic_public_health"
    elder_health = "elder_health"
    disabled_action = "disabled_action"
    government_purchase = "government_purchase"
    free_clinic = "free_clinic"


@dataclass(frozen=True, slots=True)
class Criteria:
    """Who belongs to a programme by himself: from an age on (周岁), and in one of some key groups (重点人群).

    Both hold where both are given; with neither nobody does, and enrolment is by hand only.
    """

    minimum_age: int | None = None
    key_groups: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Return whether there is a criterion at all."""
        return self.minimum_age is not None or bool(self.key_groups)

    def met_by(self, age: int, groups: AbstractSet[str]) -> bool:
        """Return whether a person of an age and of some key groups belongs to the programme."""
        old_enough = self.minimum_age is None or age >= self.minimum_age
        return bool(self) and old_enough and (not self.key_groups or not self.key_groups.isdisjoint(groups))


BY_HAND: Final = Criteria()
"""Nobody belongs to the programme by himself."""
