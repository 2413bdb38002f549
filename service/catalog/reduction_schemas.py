"""What crosses HTTP about 减免. Money comes in as decimal text."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from service.catalog.schemas import Codes, Day, Ratio, Yuan
from service.core.text import Code, Text, distinct
from service.patients.rules import KeyGroup


def _positive(number: Decimal) -> Decimal:
    if number == 0:
        raise ValueError("须大于 0")
    return number


class ReductionRuleCreate(BaseModel, extra="forbid"):
    """What is taken off from a day on, for whom and of what."""

    code: Code = Field(description="减免规则的编码；同一编码的新规则替代旧规则", examples=["LOW_INCOME"])
    title: Text = Field(description="账单上写明的名目", examples=["低收入老人减免"])
    key_groups: Annotated[list[KeyGroup], Field(max_length=20), AfterValidator(distinct)] = Field(
        default_factory=list, description="对象：任一重点人群；不填则对所有居民", examples=[["low_income"]]
    )
    codes: Codes = Field(
        default_factory=list,
        description="减免的项目；不填则所有服务项目和床日（不含上门服务费）。VISIT_FEE 为上门服务费，BED_DAY 为床日",
        examples=[["WOUND_DRESSING", "VISIT_FEE"]],
    )
    ratio: Annotated[Ratio, AfterValidator(_positive)] = Field(description="减免个人自付部分的比例", examples=["0.5"])
    bill_cap: Annotated[Yuan, AfterValidator(_positive)] | None = Field(
        default=None, description="每张账单最多减免（元）", examples=["50.00"]
    )
    valid_from: Day = Field(examples=["2026-01-01"])
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("结束日期不能早于开始日期")
        return self


class ReductionRuleRead(BaseModel):
    """What is taken off a family's own part; both days included."""

    id: UUID
    institution_id: UUID | None = Field(description="为 null 时全区域适用")
    code: str
    title: str
    key_groups: list[KeyGroup]
    codes: list[str]
    ratio: Ratio
    bill_cap_fen: int | None
    valid_from: date
    valid_to: date | None
