"""What crosses HTTP about how often something may be charged."""

from datetime import date
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from service.catalog.limit_rules import LimitPer
from service.catalog.schemas import Codes, Day
from service.core.text import Code, Text


class PriceLimitCreate(BaseModel, extra="forbid"):
    """How often something may be charged to one person from a day on, at all institutions of the region together."""

    code: Code = Field(description="限次规则的编码；同一编码的新规则替代旧规则，重新计数", examples=["CONSULT_DAILY"])
    title: Text = Field(description="账单上写明的理由", examples=["同日会诊只收一次"])
    codes: Codes = Field(
        min_length=1,
        description="受限的项目；多个项目合并计数，即互斥。VISIT_FEE 为上门服务费",
        examples=[["CONSULT"]],
    )
    per: LimitPer = Field(description="day 每日、week 每周（周一至周日）、bed_cycle 每建床周期、year 每年")
    maximum: Annotated[int, Field(strict=True, ge=1, le=9999)] = Field(description="最多收几次", examples=[1])
    valid_from: Day = Field(examples=["2026-01-01"])
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("结束日期不能早于开始日期")
        return self


class PriceLimitRead(BaseModel):
    """How often something may be charged to one person; both days included."""

    id: UUID
    code: str
    title: str
    codes: list[str]
    per: LimitPer
    maximum: int
    valid_from: date
    valid_to: date | None
