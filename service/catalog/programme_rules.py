"""The words of public programmes, and who belongs to one without having been enrolled by hand."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from service.patients.diagnosis_rules import begins


class ProgrammeKind(StrEnum):
    """The kinds of public programme: 基本公卫, 老年健康与医养结合, 失能老年人健康服务行动, 政府购买, 公益义诊."""

    basic_public_health = "basic_public_health"
    elder_health = "elder_health"
    disabled_action = "disabled_action"
    government_purchase = "government_purchase"
    free_clinic = "free_clinic"


@dataclass(frozen=True, slots=True)
class Criteria:
    """Who belongs to a programme by himself: by age (周岁), key group (重点人群) and diagnosis (ICD-10).

    Of the groups one is enough, and of the diagnoses one whose code begins with one of the prefixes. All that is given
    must hold; with nothing given nobody belongs to it, and enrolment is by hand only.
    """

    minimum_age: int | None = None
    key_groups: frozenset[str] = frozenset()
    diagnosis_prefixes: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Return whether there is a criterion at all."""
        return self.minimum_age is not None or bool(self.key_groups) or bool(self.diagnosis_prefixes)

    def met_by(self, age: int, groups: AbstractSet[str], diagnoses: Iterable[str]) -> bool:
        """Return whether a person of an age, of some key groups and with some diagnoses' codes belongs to it."""
        old_enough = self.minimum_age is None or age >= self.minimum_age
        grouped = not self.key_groups or not self.key_groups.isdisjoint(groups)
        diagnosed = not self.diagnosis_prefixes or any(begins(each, self.diagnosis_prefixes) for each in diagnoses)
        return bool(self) and old_enough and grouped and diagnosed


BY_HAND: Final = Criteria()
"""Nobody belongs to the programme by himself."""
