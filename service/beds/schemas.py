"""What crosses HTTP about beds."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.beds.rules import BedPayment, ClosingReason
from service.catalog.per_diem_rules import StayKind
from service.core.dates import WRITTEN
from service.core.text import Code, Text


class BedOpening(BaseModel):
    """建床: for whom, of which kind, by which doctor, since when, how it is paid."""

    model_config = ConfigDict(extra="forbid")

    institution_id: UUID
    person_id: UUID
    doctor_id: UUID = Field(description="责任医生")
    opened_on: Annotated[date, WRITTEN] = Field(description="建床日期，不晚于今天", examples=["2026-03-02"])
    kind: StayKind = Field(
        default=StayKind.treatment,
        description="家庭病床：treatment 治疗型、rehabilitation 康复型、palliative 舒缓型；"
        "hospice_ward 住院安宁疗护、medical_rehabilitation 医疗康复",
    )
    payment: BedPayment = Field(
        default=BedPayment.per_item, description="per_diem 按床日付费，依建床当天有效的按床日付费协议"
    )
    excluded_codes: Annotated[list[Code], Field(max_length=50)] | None = Field(
        default=None,
        description="按床日付费时仍按项目收费的编码，须在协议的除外项目之内；不填则为协议的全部除外项目",
        examples=[["BLOOD_DRAW"]],
    )

    @model_validator(mode="after")
    def _exclusions_need_a_per_diem(self) -> Self:
        if self.excluded_codes and self.payment is not BedPayment.per_diem:
            raise ValueError("只有按床日付费才有除外项目")
        if len(set(self.excluded_codes or ())) != len(self.excluded_codes or ()):
            raise ValueError("除外项目不能重复")
        return self


class BedClosing(BaseModel):
    """撤床: when and with which result."""

    model_config = ConfigDict(extra="forbid")

    closed_on: Annotated[date, WRITTEN] = Field(description="撤床日期，当天不计床日", examples=["2026-03-20"])
    reason: ClosingReason = Field(description="撤床情况", examples=["好转"])


class BedPausing(BaseModel):
    """暂停: from when until when a bed is not used (住院、外出), and why. The last day is not paused any more."""

    model_config = ConfigDict(extra="forbid")

    first: Annotated[date, WRITTEN] = Field(
        alias="from", description="从这天起暂停，不晚于今天", examples=["2026-03-05"]
    )
    until: Annotated[date, WRITTEN] | None = Field(
        default=None, alias="to", description="这天恢复，当天不再暂停；不填则到恢复为止", examples=["2026-03-09"]
    )
    reason: Text = Field(description="暂停原因", examples=["住院治疗"])

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.until is not None and self.until <= self.first:
            raise ValueError("恢复日期必须晚于暂停日期")
        return self


class BedResuming(BaseModel):
    """恢复: from which day on the bed is used again."""

    model_config = ConfigDict(extra="forbid")

    on: Annotated[date, WRITTEN] = Field(description="从这天起恢复，不晚于今天", examples=["2026-03-09"])


class PauseRead(BaseModel):
    """Days on which a bed is paused; on `until` it is used again."""

    first: date
    until: date | None
    reason: str


class BedRead(BaseModel):
    """A bed: 家庭病床, 住院安宁疗护 or 医疗康复."""

    id: UUID
    bed_no: str = Field(examples=["JC2026-0001"])
    kind: StayKind
    institution_id: UUID
    person_id: UUID
    doctor_id: UUID
    opened_on: date
    closed_on: date | None
    payment: BedPayment
    agreement_id: UUID | None = Field(description="所依按床日付费协议")
    excluded_codes: list[str]
    pauses: list[PauseRead]
    closing_reason: ClosingReason | None
