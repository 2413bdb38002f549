"""The words of per-diem agreements (按床日付费协议): which stays are paid by the day, and who bears the rest."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from service.catalog.rules import IncomeClass


class StayKind(StrEnum):
    """The kinds of stay that may be paid by the day (R062, R063)."""

    treatment = "treatment"
    """家庭病床（治疗型）"""
    rehabilitation = "rehabilitation"
    """家庭病床（康复型）"""
    palliative = "palliative"
    """家庭病床（舒缓照顾型）"""
    hospice_ward = "hospice_ward"
    """住院安宁疗护"""
    medical_rehabilitation = "medical_rehabilitation"
    """医疗康复（住院）"""


AT_HOME: Final = frozenset({StayKind.treatment, StayKind.rehabilitation, StayKind.palliative})
"""Stays in the person's own bed (家庭病床); the others are in the institution's."""


@dataclass(frozen=True, slots=True)
class PerDiemFacts:
    """What a day of a stay costs in yuan, what the fund pays of it, and who bears the rest.

    `plan_code` None: whatever the insurance. Of what the fund does not pay the institution bears `institution_share`
    (患者与医疗机构按比例分担), the patient the rest.
    """

    id: UUID
    institution_id: UUID
    kind: StayKind
    plan_code: str | None
    daily_rate: Decimal
    pay_ratio: Decimal
    year_cap_fen: int
    excluded_codes: frozenset[str]
    institution_share: Decimal
    income_class: IncomeClass
    valid_from: date
    valid_to: date | None
