"""What crosses HTTP about bed days (床日)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.billing.bed_days.rules import MOST_DAYS
from service.catalog.rules import IncomeClass
from service.core.dates import WRITTEN
from service.core.text import Text

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31)), WRITTEN]
Fen = Annotated[int, Field(description="分")]


class BedDaysCreate(BaseModel):
    """Which days are billed: from … (included) to … (excluded, 计入不计出)."""

    model_config = ConfigDict(extra="forbid")

    first: Day = Field(alias="from", description="从这天起（计入）", examples=["2026-03-01"])
    until: Day = Field(
        alias="to",
        description=f"到这天止（不计），一次最多 {MOST_DAYS} 天；尚未过完的日子不计",
        examples=["2026-03-11"],
    )


class BedReversalCreate(BedDaysCreate):
    """Which billed days are taken back, and why."""

    reason: Text = Field(examples=["住院期间未及时暂停，更正后重新结算"])


class BedPartsRead(BaseModel):
    """Who bears some days, in fen: fund + institution + patient = gross."""

    gross_fen: Fen
    fund_fen: int = Field(description="医保基金支付（分）")
    institution_fen: int = Field(description="医疗机构分担（分）")
    patient_fen: int = Field(description="家庭自付（分）")


class BedFundingRead(BaseModel):
    """One payer's part of a line."""

    source: str = Field(description="medical_insurance 基本医保、institution 医疗机构、self_pay 个人自付")
    amount_fen: Fen
    reason: str = Field(examples=["床日费由医保按床日支付760.00元，今年还可支付14240.00元"])


class BedLineRead(BaseModel):
    """The days of one calendar year."""

    year: int
    days: int
    gross_fen: Fen
    patient_fen: Fen
    reason: str = Field(examples=["2026年家庭病床（治疗型）10个床日，共800.00元（计入不计出）"])
    fundings: list[BedFundingRead]


class BedDayRead(BedPartsRead):
    """One billed day with the part that it added to its line."""

    on: date
    reversed: bool


class BedTakenBackRead(BedPartsRead):
    """Days of a bill taken back: what they used was returned."""

    id: UUID
    reason: str
    reversed_by_account_id: UUID
    reversed_at: AwareDatetime


class BedSettlementSummary(BedPartsRead):
    """A bill of bed days as a list shows it."""

    id: UUID
    bed_id: UUID
    institution_id: UUID
    person_id: UUID
    first: date
    until: date = Field(description="到这天止，当天不计")
    days: int
    reversed_days: int
    settled_at: AwareDatetime


class BedSettlementRead(BedSettlementSummary):
    """A bill of bed days."""

    agreement_id: UUID = Field(description="所依按床日付费协议")
    income_class: IncomeClass
    lines: list[BedLineRead]
    bed_days: list[BedDayRead]
    reversals: list[BedTakenBackRead]


class BedReversalRead(BedPartsRead):
    """What was taken back of the bills of a period."""

    days: list[date]
    settlement_ids: list[UUID]
