"""What crosses HTTP about changing a plan: one more visit, repairs, explanations, figures, comparisons."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.routing.schemas import Pins


class InsertionAsk(BaseModel):
    """Which order to find places for."""

    model_config = ConfigDict(extra="forbid")

    order_id: UUID = Field(
        description="已接单、尚未排入该计划的订单", examples=["0195b4a2-7c1e-7d3a-9f10-2b6c5d4e3f21"]
    )


class InsertionCrewRead(BaseModel):
    """Who would come, and when; of an order in parts once for each of them."""

    practitioner_id: UUID
    practitioner_name: str
    start_at: datetime
    end_at: datetime
    part: int = Field(default=1, description="分次服务的第几次；不分次为 1")
    parts: int = Field(default=1, description="共几次")


class AffectedRead(BaseModel):
    """A visit that would begin at another time; `minutes` later, or earlier when negative."""

    order_id: UUID
    order_no: str
    practitioner_id: UUID
    practitioner_name: str
    start_at: datetime
    new_start_at: datetime
    minutes: int = Field(description="推迟的分钟数；提前为负")


class InsertionPlaceRead(BaseModel):
    """A place in the plan: the crew, what the day then costs more (seconds of travel), who else is affected."""

    crew: list[InsertionCrewRead]
    added_cost: int = Field(description="增加的代价（折合路程秒数）")
    affected: list[AffectedRead]
    affected_minutes: int


class InsertionsRead(BaseModel):
    """The best places, the cheapest first; none comes with its reason. Nothing was changed."""

    order_id: UUID
    order_no: str
    places: list[InsertionPlaceRead]
    reason: str | None = Field(examples=["no_capacity"])
    explanation: str | None


class AbsenceAsk(BaseModel):
    """Somebody who is away from a moment on."""

    model_config = ConfigDict(extra="forbid")

    practitioner_id: UUID
    from_at: AwareDatetime = Field(examples=["2026-03-03T10:00:00+08:00"])


class LongerAsk(BaseModel):
    """A visit that takes longer than planned."""

    model_config = ConfigDict(extra="forbid")

    order_id: UUID
    minutes: int = Field(ge=1, le=600, description="比原计划多用的分钟数", examples=[20])


Orders = Annotated[list[UUID], Field(default_factory=list, max_length=200)]


class RepairAsk(BaseModel):
    """What happened, and until when nothing may be changed any more."""

    model_config = ConfigDict(extra="forbid")

    frozen_until: AwareDatetime | None = Field(
        default=None,
        description="此刻之前开始的站点不再变动；不填或早于现在时为现在",
        examples=["2026-03-03T10:00:00+08:00"],
    )
    absent: list[AbsenceAsk] = Field(default_factory=list, max_length=100, description="临时缺勤的人员")
    cancelled_order_ids: Orders = Field(description="不再上门的订单")
    urgent_order_ids: Orders = Field(description="须优先安排的订单")
    longer: list[LongerAsk] = Field(default_factory=list, max_length=200, description="超时的服务")
    seconds_limit: int = Field(
        default=5,
        ge=0,
        le=600,
        description="求解时间上限（秒）；0 只就地修补（可保留的都保留），不再另行求解，立即得到结果",
    )
    seed: int = Field(default=1, ge=0, le=2**31 - 1, description="随机数种子；相同输入与种子便于复核")
    pinned_order_ids: Pins


class ShareRead(BaseModel):
    """`kept` of `of`, and the quotient; none where there was nothing to keep."""

    kept: int
    of: int
    share: float | None


class SpreadRead(BaseModel):
    """The least, the greatest and the mean of those sent out, in seconds."""

    least: int
    greatest: int
    mean: int


class KpisRead(BaseModel):
    """A plan in figures."""

    plan_id: UUID
    travel_metres: int
    travel_seconds: int
    service_seconds: int
    on_time: ShareRead = Field(description="在约定时段内开始的上门")
    wished_staff: ShareRead = Field(description="由指定人员上门的，占有指定者")
    same_staff: ShareRead = Field(description="由上一次的人员上门的，占有过上门者")
    work: SpreadRead = Field(description="每人工作量（路程与服务）")
    travel: SpreadRead = Field(description="每人路程")
    unassigned: dict[str, int] = Field(description="未排订单数，按原因")


class DifferenceRead(BaseModel):
    """An order that two plans treat otherwise."""

    order_id: UUID
    order_no: str
    staff: list[str]
    other_staff: list[str]
    start_at: datetime | None
    other_start_at: datetime | None
    minutes: int | None = Field(description="另一计划晚几分钟；早为负；有一方未排为空")


class ComparisonRead(BaseModel):
    """Two plans of one day: what the other one (`with`) does otherwise, and how much more of everything it takes."""

    plan_id: UUID
    other_plan_id: UUID
    changed_staff: int
    moved: int
    travel_metres: int
    travel_seconds: int
    service_seconds: int
    cost: int | None
    differences: list[DifferenceRead]


class WhyRead(BaseModel):
    """Why somebody gives a service of an order: the reason as a code and in words, and the next best person."""

    order_id: UUID
    order_no: str
    practitioner_id: UUID
    practitioner_name: str
    because: str = Field(examples=["cheapest"])
    explanation: str
    others: int = Field(description="其他符合资质与要求的人员数")
    next_practitioner_id: UUID | None
    next_practitioner_name: str | None
    next_added_cost: int | None = Field(description="换成该人员多出的代价（折合路程秒数）；负数为更少")
    overflow_agreement_id: UUID | None = Field(default=None, description="按此互助协议由其他机构的人员上门；空为本机构")


class ExplanationRead(BaseModel):
    """Why a plan gives each visit to whom; each reason was checked by trying the others."""

    plan_id: UUID
    assignments: list[WhyRead]


class OpenWindowRead(BaseModel):
    """A half hour in which the visit can begin; who would then come, and at what time."""

    start_at: datetime
    end_at: datetime
    visit_at: datetime
    staff: list[str]
    returns_at: list[datetime] = Field(default_factory=list, description="分次服务以后各次的开始时间；不分次为空")


class OpenWindowsRead(BaseModel):
    """The half hours that the plan can keep for an order, in order of time."""

    order_id: UUID
    windows: list[OpenWindowRead]
