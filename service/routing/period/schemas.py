"""What crosses HTTP about period plans."""

from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.orders.rounds.rules import HalfDay
from service.orders.rounds.schemas import Day
from service.routing.period.states import LONGEST_DAYS, NotKept, PeriodState


class PeriodRequest(BaseModel):
    """Over which days of which institutions to spread the rounds that are due."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "institution_id": "0195a7c0-0000-7000-8000-000000000001",
                    "from": "2026-03-03",
                    "to": "2026-03-09",
                    "travel_minutes": 15,
                }
            ]
        },
    )

    area_id: UUID | None = Field(default=None, description="调度区域；与机构只填一个")
    institution_id: UUID | None = Field(default=None, description="只排一家机构")
    first: Day = Field(alias="from", description="第一天")
    last: Day = Field(alias="to", description=f"最后一天（含），最多 {LONGEST_DAYS} 天")
    travel_minutes: int = Field(default=15, ge=0, le=120, description="每到一处的路程，分钟")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.area_id is None) == (self.institution_id is None):
            raise ValueError("调度区域和机构须填写其中一个")
        if not 0 <= (self.last - self.first).days < LONGEST_DAYS:
            raise ValueError(f"一次安排 1 至 {LONGEST_DAYS} 天")
        return self


class PeriodSummary(BaseModel):
    """A period plan in figures: how often rounds are due, how many of them are planned, how many only too late.

    `proven`: no other distribution keeps more of them, sooner, on fewer ways.
    """

    due: int
    planned: int
    late: int
    proven: bool


class RefusalRead(BaseModel):
    """Why a planned round became no order."""

    code: str = Field(examples=["bed-missing"])
    detail: str


class PeriodRoundRead(BaseModel):
    """A due round: its day and half, or why it cannot be kept; once accepted, its order or why there is none."""

    round_plan_id: UUID
    seq: int = Field(description="本期内第几次")
    institution_id: UUID
    person_id: UUID
    due_on: date
    planned_on: date | None
    half_day: HalfDay | None
    late_days: int = Field(description="比到期日晚几天")
    reason: NotKept | None
    explanation: str | None = Field(examples=["到期之前允许的日子里，具备资质的人员已排满"])
    overflow_agreement_ids: list[UUID] = Field(description="指望邻近机构人员上门所依据的互助协议；空：本机构人员即可")
    order_id: UUID | None
    refusal: RefusalRead | None


class PeriodHead(BaseModel):
    """A period plan without its rounds."""

    id: UUID
    area_id: UUID | None
    institution_ids: list[UUID]
    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    travel_minutes: int
    state: PeriodState
    requested_at: datetime
    solved_at: datetime | None
    accepted_at: datetime | None
    cancelled_at: datetime | None = Field(default=None, description="何时被取消")
    summary: PeriodSummary | None
    failure: str | None


class PeriodRead(PeriodHead):
    """A period plan with its rounds, by the day they are due."""

    rounds: list[PeriodRoundRead]


def shown(row: Any) -> dict[str, Any]:
    """Return the fields of a row that a head shows."""
    return {name: getattr(row, name) for name in PeriodHead.model_fields}
