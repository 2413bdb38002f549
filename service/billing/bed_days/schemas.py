"""What crosses HTTP about bed days (床日)."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.billing.bed_days.leaving_out import Why
from service.billing.bed_days.rules import MOST_DAYS
from service.billing.proof.schemas import EntitlementEntryRead
from service.catalog.per_diem_rules import StayKind
from service.catalog.per_diem_schemas import PerDiemAgreementRead
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
    """Who bears some days, in fen: fund + institution + reduction + patient = gross."""

    gross_fen: Fen
    fund_fen: int = Field(description="医保基金支付（分）")
    institution_fen: int = Field(description="医疗机构分担（分）")
    reduction_fen: int = Field(description="减免（分）")
    patient_fen: int = Field(description="家庭自付（分）")


class BedFundingRead(BaseModel):
    """One payer's part of a line."""

    source: str = Field(
        description="medical_insurance 基本医保、institution 医疗机构、reduction 减免、self_pay 个人自付"
    )
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


class BedDayLeftOutRead(BaseModel):
    """A day of the period on which the bed was open, and which is not billed all the same."""

    on: date
    why: Why = Field(description="deceased 已去世（去世当天仍计）、in_hospital 在其他医院住院")
    reason: str = Field(examples=["自2026-03-04起在第二人民医院住院，不计床日"])


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
    left_out: list[BedDayLeftOutRead] = Field(description="结算时已知住院或去世而未计的日子")
    reversals: list[BedTakenBackRead]


class BedReversalRead(BedPartsRead):
    """What was taken back of the bills of a period."""

    days: list[date]
    settlement_ids: list[UUID]


class StayPauseRead(BaseModel):
    """A pause of a stay: from … (included) to … (excluded)."""

    first: date
    until: date | None = Field(description="到这天止，当天不计；为 null 时尚未恢复")


class StayRead(BaseModel):
    """The stay as it stands today: on paused days there is nothing to bill."""

    bed_id: UUID
    person_id: UUID
    kind: StayKind
    opened_on: date
    closed_on: date | None
    pauses: list[StayPauseRead]


class BedRestsOnRead(BaseModel):
    """What a bill of bed days rests on."""

    agreement: PerDiemAgreementRead
    stay: StayRead
    entitlements: list[EntitlementEntryRead] = Field(description="本单及其冲销前后的年度限额")


class BedProofRead(BaseModel):
    """The proof of a bill of bed days: `xunzhen bill --proof` redoes it from all but `evidence`."""

    settlement_id: UUID
    format: str = Field(examples=["xunzhen.bed-days-proof/1"])
    rules: str = Field(description="计费规则的版本", examples=["xunzhen.billing-rules/1"])
    limits: dict[str, Any] = Field(description="限次：床日没有限次")
    case: dict[str, Any] = Field(description="第一步：收费案例，最后一个事件结算这些床日；未计的日子按暂停写入")
    sharing: dict[str, Any] = Field(description="第二步：医保不支付的部分中由医疗机构分担的比例")
    reductions: dict[str, Any] = Field(description="第三步：减免规则、居民所属人群与减免金额")
    result: dict[str, Any] = Field(description="账单：每年一行，以及每一天的金额")
    left_out: list[BedDayLeftOutRead] = Field(default=[], description="结算时已知住院或去世而未计的日子")
    evidence: BedRestsOnRead
