"""What crosses HTTP about home beds."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.beds.rules import BedPayment, ClosingReason
from service.core.dates import WRITTEN
from service.core.text import Code


class BedOpening(BaseModel):
    """建床: for whom, by which doctor, since when, how it is paid."""

    model_config = ConfigDict(extra="forbid")

    institution_id: UUID
    person_id: UUID
    doctor_id: UUID = Field(description="责任医生")
    opened_on: Annotated[date, WRITTEN] = Field(description="建床日期，不晚于今天", examples=["2026-03-02"])
    payment: BedPayment = BedPayment.per_item
    excluded_codes: Annotated[list[Code], Field(max_length=50)] = Field(
        default_factory=list, description="按床日付费时仍按项目收费的编码"
    )

    @model_validator(mode="after")
    def _exclusions_need_a_per_diem(self) -> Self:
        if self.excluded_codes and self.payment is not BedPayment.per_diem:
            raise ValueError("只有按床日付费才有除外项目")
        if len(set(self.excluded_codes)) != len(self.excluded_codes):
            raise ValueError("除外项目不能重复")
        return self


class BedClosing(BaseModel):
    """撤床: when and with which result."""

    model_config = ConfigDict(extra="forbid")

    closed_on: Annotated[date, WRITTEN] = Field(description="撤床日期，当天不计床日", examples=["2026-03-20"])
    reason: ClosingReason = Field(description="撤床情况", examples=["好转"])


class BedRead(BaseModel):
    """A home bed (家庭病床)."""

    id: UUID
    bed_no: str = Field(examples=["JC2026-0001"])
    institution_id: UUID
    person_id: UUID
    doctor_id: UUID
    opened_on: date
    closed_on: date | None
    payment: BedPayment
    excluded_codes: list[str]
    closing_reason: ClosingReason | None
