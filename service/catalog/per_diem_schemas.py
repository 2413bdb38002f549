"""What crosses HTTP about per-diem agreements (按床日付费协议)."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from service.catalog import rules
from service.catalog.per_diem_rules import StayKind
from service.catalog.schemas import Codes, Day, Decimal4, Ratio, Yuan


class PerDiemAgreementCreate(BaseModel, extra="forbid"):
    """What a day of a stay costs from a day on, what the fund pays of it, and who bears the rest."""

    kind: StayKind = Field(
        description="家庭病床：treatment 治疗型、rehabilitation 康复型、palliative 舒缓型；"
        "hospice_ward 住院安宁疗护、medical_rehabilitation 医疗康复",
        examples=["treatment"],
    )
    plan_code: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,39}$")] | None = Field(
        default=None, description="只对这一险种；不填则不分险种", examples=["EMPLOYEE"]
    )
    daily_rate: Decimal4 = Field(description="每床日金额（元）", examples=["80.00"])
    pay_ratio: Ratio = Field(description="统筹基金支付比例", examples=["0.95"])
    year_cap: Yuan = Field(description="每人每年基金支付限额（元）", examples=["15000.00"])
    excluded_codes: Codes = Field(
        default_factory=list, description="床日费之外、仍按项目收费的编码", examples=[["BLOOD_DRAW"]]
    )
    institution_share: Ratio = Field(
        default=Decimal(0), description="基金不支付的部分中由医疗机构分担的比例，其余由患者承担", examples=["0.50"]
    )
    income_class: rules.IncomeClass = Field(
        default=rules.IncomeClass.unified, description="收入归类：unified 统一管理、memorandum 单列备查"
    )
    valid_from: Day = Field(examples=["2026-01-01"])
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "PerDiemAgreementCreate":
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("结束日期不能早于开始日期")
        return self


class PerDiemAgreementRead(BaseModel):
    """A per-diem agreement of an institution."""

    id: UUID
    institution_id: UUID
    kind: StayKind
    plan_code: str | None
    daily_rate: Decimal4
    pay_ratio: Ratio
    year_cap_fen: int
    excluded_codes: list[str]
    institution_share: Ratio
    income_class: rules.IncomeClass
    valid_from: date
    valid_to: date | None
