"""What crosses HTTP about round plans."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.core.dates import WRITTEN
from service.core.text import Code, Text
from service.orders.rounds.rules import HalfDay, RoundPlanFacts
from service.orders.rules import OrderKind

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31)), WRITTEN]
"""A day of the rounds' calendar."""


class RoundItem(BaseModel):
    """A service given at each round, and how many units of it."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(examples=["BEDROUND"])
    quantity: int = Field(default=1, ge=1, le=99)


class RoundPlanCreate(BaseModel):
    """How often somebody is to be seen; a home-bed round goes to the bed that is open on the day."""

    model_config = ConfigDict(extra="forbid")

    institution_id: UUID
    person_id: UUID = Field(description="家庭病床患者、养老机构入住者或签约随访对象")
    kind: OrderKind
    items: Annotated[list[RoundItem], Field(min_length=1, max_length=20)]
    every_days: int = Field(ge=1, le=366, description="每几天一次", examples=[7])
    minimum_days: int = Field(default=1, ge=1, le=366, description="两次之间最少间隔几天", examples=[5])
    weekdays: Annotated[
        list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7, description="可安排的星期，1 为周一")
    ] = Field(default=[1, 2, 3, 4, 5, 6, 7], examples=[[1, 2, 3, 4, 5]])
    half_day: HalfDay = Field(default=HalfDay.any, description="上午、下午或不限")
    mobility_reason: Annotated[Text, Field(description="行动不便或确有困难的原因", examples=["偏瘫，无法自行下楼"])]
    valid_from: Day = Field(examples=["2026-03-02"])
    valid_to: Day | None = Field(default=None, description="最后一天（含）；不填为长期")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        codes = [item.code for item in self.items]
        if len(set(codes)) != len(codes):
            raise ValueError("同一项目只能出现一次，请改数量")
        if len(set(self.weekdays)) != len(self.weekdays):
            raise ValueError("同一星期只能出现一次")
        return self


class RoundPlanEnd(BaseModel):
    """The last day of a round plan; null = without end."""

    model_config = ConfigDict(extra="forbid")

    valid_to: Day | None = Field(examples=["2026-06-30"])


class RoundPlanRead(BaseModel):
    """A round plan; both days included."""

    id: UUID
    institution_id: UUID
    person_id: UUID
    kind: OrderKind
    items: list[RoundItem]
    every_days: int
    minimum_days: int
    weekdays: list[int]
    half_day: HalfDay
    mobility_reason: str
    valid_from: date
    valid_to: date | None
    entered_by_account_id: UUID
    entered_at: datetime

    @classmethod
    def of(cls, facts: RoundPlanFacts) -> "RoundPlanRead":
        """Return what is shown of a round plan."""
        return cls(
            id=facts.id,
            institution_id=facts.institution_id,
            person_id=facts.person_id,
            kind=facts.kind,
            items=[RoundItem(code=code, quantity=quantity) for code, quantity in facts.items],
            every_days=facts.every_days,
            minimum_days=facts.minimum_days,
            weekdays=sorted(facts.weekdays),
            half_day=facts.half_day,
            mobility_reason=facts.mobility_reason,
            valid_from=facts.valid_from,
            valid_to=facts.valid_to,
            entered_by_account_id=facts.entered_by_account_id,
            entered_at=facts.entered_at,
        )
