"""What crosses HTTP about long-term care insurance. Money comes in as decimal text."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from service.catalog.claim_schemas import ClaimCodes
from service.catalog.schemas import Codes, Day, Ratio, Yuan
from service.core.text import Text

Grade = Annotated[int, Field(strict=True, ge=0, le=5, examples=[3])]


class GradeCap(BaseModel, extra="forbid"):
    """The most that is paid in a calendar month for a person of a grade; it does not carry over."""

    grade: Grade
    monthly_cap: Yuan = Field(examples=["1550.00"])


class LtciRuleCreate(ClaimCodes, extra="forbid"):
    """What long-term care insurance pays from a day on: for which grades, which services, how much."""

    name: Text = Field(examples=["长期护理保险（居家护理）"])
    codes: Codes = Field(min_length=1, examples=[["BATH"]])
    pay_ratio: Ratio = Field(examples=["1"])
    grades: list[GradeCap] = Field(min_length=1, max_length=6)
    valid_from: Day = Field(examples=["2026-01-01"])
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _is_sound(self) -> "LtciRuleCreate":
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("结束日期不能早于开始日期")
        if len({each.grade for each in self.grades}) != len(self.grades):
            raise ValueError("同一失能等级只能写一次")
        return self


class GradeCapRead(BaseModel):
    """The most that is paid in a calendar month for a person of a grade."""

    grade: int
    monthly_cap_fen: int


class LtciRuleRead(ClaimCodes):
    """What long-term care insurance of the region pays; both days included."""

    id: UUID
    name: str
    codes: list[str]
    pay_ratio: Ratio
    grades: list[GradeCapRead]
    valid_from: date
    valid_to: date | None
