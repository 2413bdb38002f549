"""What crosses HTTP about dispatch areas, plans and one's own day."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from service.core.dates import WRITTEN
from service.core.text import Code, Text
from service.orders.rules import OrderState
from service.routing.states import LeftOutOfPublication, PlanState, StopKind

Pins = Annotated[
    list[UUID],
    Field(
        default_factory=list,
        max_length=500,
        description="锁定的订单：保持当天生效计划所约定的人员与时间；无法保持的不排，不改人改时",
        examples=[["0195b4a2-7c1e-7d3a-9f10-2b6c5d4e3f21"]],
    ),
]
Institutions = Annotated[
    list[UUID], Field(min_length=1, max_length=50, description="一起排班的机构（本统筹区内，不重复）")
]


class DispatchAreaCreate(BaseModel):
    """A new dispatch area."""

    model_config = ConfigDict(extra="forbid")

    code: Code = Field(examples=["DWK-1"])
    name: Text = Field(examples=["大武口城区调度区"])
    institution_ids: Institutions


class DispatchAreaUpdate(BaseModel):
    """What changes about a dispatch area; plans made before keep the institutions they were made for."""

    model_config = ConfigDict(extra="forbid")

    name: Text | None = Field(default=None, examples=["大武口城区调度区"])
    institution_ids: Institutions | None = None


class DispatchAreaRead(BaseModel):
    """A dispatch area."""

    id: UUID
    code: str
    name: str
    institution_ids: list[UUID]


class PlanRequest(BaseModel):
    """Which day of which area to plan."""

    model_config = ConfigDict(extra="forbid")

    area_id: UUID
    service_on: Annotated[date, WRITTEN] = Field(examples=["2026-03-03"])
    seconds_limit: int = Field(default=30, ge=1, le=600, description="求解时间上限（秒）")
    seed: int = Field(default=1, ge=0, le=2**31 - 1, description="随机数种子；相同输入与种子便于复核")
    pinned_order_ids: Pins


class PlanProgressRead(BaseModel):
    """How far the solver is: seconds since it began, the best cost so far (seconds of travel), orders left out."""

    seconds: float
    cost: int
    unassigned: int
    phase: str


class PlanSummaryRead(BaseModel):
    """A plan in figures; orders = planned + unassigned, beside those standing. `cost` is in seconds of travel."""

    orders: int
    planned: int
    unassigned: int
    standing: int = Field(default=0, description="排此计划时已经开始、照原约定列出的订单")
    staff: int = Field(description="当天有执业资格且在岗的人员")
    staff_used: int
    travel_metres: int
    travel_seconds: int
    travel_pairs: int | None = Field(default=None, description="路程矩阵中的地点对数；早先的计划没有")
    travel_pairs_estimated: int | None = Field(default=None, description="其中按直线距离估算的对数")
    service_seconds: int
    cost: int
    seconds: float = Field(description="求解用时（秒）")
    referee: str = Field(description="独立复核结论", examples=["passed"])


class PlanHead(BaseModel):
    """A plan in a list."""

    id: UUID
    area_id: UUID
    institution_ids: list[UUID]
    service_on: date
    state: PlanState
    seconds_limit: int
    seed: int
    requested_at: datetime
    solved_at: datetime | None
    published_at: datetime | None
    cancelled_at: datetime | None = Field(default=None, description="何时被取消")
    progress: PlanProgressRead | None
    summary: PlanSummaryRead | None
    travel_source: str | None = Field(description="路程数据来源", examples=["great_circle"])
    failure: str | None
    repairs_plan_id: UUID | None = Field(description="本计划所修复的计划；不是修复的为空")
    pinned_order_ids: list[UUID] = Field(default_factory=list, description="排此计划时锁定的订单")


class RideRead(BaseModel):
    """A ride in a shared vehicle: one gets on where the stop before was, and off where the next one is."""

    vehicle_id: UUID
    plate_no: str
    on_at: datetime = Field(description="上车时刻，在上一站（首站为站点）上车")
    off_at: datetime = Field(description="下车时刻")


class RiderRead(BaseModel):
    """Somebody who gets on or off."""

    practitioner_id: UUID
    practitioner_name: str


class TourStopRead(BaseModel):
    """A shared vehicle stands somewhere: who gets off when it arrives, who gets on when it leaves."""

    lon: float
    lat: float
    arrive_at: datetime
    depart_at: datetime
    off: list[RiderRead] = Field(description="到达时下车")
    on: list[RiderRead] = Field(description="离开时上车")


class PlanTourRead(BaseModel):
    """A shared vehicle's tour from its station and back."""

    vehicle_id: UUID
    plate_no: str
    seats: int
    start_at: datetime
    end_at: datetime
    travel_seconds: int
    travel_metres: int
    stops: list[TourStopRead]


class PlanStopRead(BaseModel):
    """A stop: a visit; without an order a lunch break or a specimen's delivery. Travel is the way to it."""

    seq: int
    kind: StopKind = Field(description="visit 上门、lunch 午休、delivery 送回标本")
    order_id: UUID | None
    order_no: str | None
    specimen_of: UUID | None = Field(description="送回的标本属于哪个订单")
    institution_id: UUID | None
    start_at: datetime
    end_at: datetime
    travel_seconds: int
    travel_metres: int
    overflow_agreement_id: UUID | None = Field(default=None, description="按此互助协议由其他机构的人员上门；空为本机构")
    part: int = Field(description="分次服务的第几次；不分次为 1")
    parts: int = Field(description="共几次")
    ride: RideRead | None = Field(default=None, description="乘共用车辆到这一站；空为自行前往")
    stands: bool = Field(
        default=False, description="排此计划时已经开始的上门（及其后几次、送标本）：照原约定，不再变动"
    )


class PlanRouteRead(BaseModel):
    """One member of staff's route."""

    practitioner_id: UUID
    practitioner_name: str
    travel_metres: int
    travel_seconds: int
    service_seconds: int
    home_seconds: int = Field(description="最后一站之后的路程秒数，已含在 travel_seconds 中")
    home_ride: RideRead | None = Field(default=None, description="最后一站之后乘共用车辆返回；空为自行返回")
    stops: list[PlanStopRead]


class PlanUnassignedRead(BaseModel):
    """An order left out: the checked reason, in words, and the figures that bind."""

    order_id: UUID
    order_no: str
    reason: str = Field(examples=["no_qualified_staff"])
    explanation: str = Field(examples=["当天没有（足够的）人员具备该服务所需资质"])
    facts: dict[str, Any]


class PlanRead(PlanHead):
    """A plan with everything in it."""

    area_name: str = Field(description="调度区域的名称")
    routes: list[PlanRouteRead]
    unassigned: list[PlanUnassignedRead]
    tours: list[PlanTourRead] = Field(default_factory=list, description="共用车辆的行程")


class PlanEvent(BaseModel):
    """What followers of a plan hear."""

    state: PlanState
    progress: PlanProgressRead | None
    failure: str | None


class LeftOutRead(BaseModel):
    """An order of the plan that got no appointment."""

    order_id: UUID
    reason: LeftOutOfPublication
    explanation: str


class PublicationRead(BaseModel):
    """What a publication did: the orders that are scheduled now, those left out, those that wait for a plan again."""

    plan_id: UUID
    published_at: datetime
    orders: int
    appointments: int
    left_out: list[LeftOutRead]
    returned_order_ids: list[UUID] = Field(description="原计划中有、本计划未排上，已退回“已接单”的订单")
    superseded_plan_id: UUID | None


class GeoFeature(BaseModel):
    """A GeoJSON feature, WGS-84."""

    type: str
    geometry: dict[str, Any]
    properties: dict[str, Any]


class GeoFeatures(BaseModel):
    """A GeoJSON FeatureCollection: a LineString per member of staff and per shared vehicle, a Point per stop."""

    type: str = "FeatureCollection"
    features: list[GeoFeature]


class MyItemRead(BaseModel):
    """A service to give."""

    code: str
    name: str
    quantity: int


class MyStopRead(BaseModel):
    """One appointment of one's own, with the address opened for the one who goes there."""

    order_id: UUID
    order_no: str
    order_state: OrderState
    person_id: UUID
    person_name: str
    address: str
    lon: float
    lat: float
    floor: int
    has_lift: bool
    items: list[MyItemRead]
    crew: list[str] = Field(description="同去人员（含本人）")
    start_at: datetime
    end_at: datetime
    part: int = Field(description="分次服务的第几次；不分次为 1")
    parts: int = Field(description="共几次")
    part_note: str | None = Field(description="分次服务时显示；不分次为 null", examples=["第2次/共2次"])
    trip_key: UUID = Field(description="相同者为同一住处的连续服务")
    ride: RideRead | None = Field(default=None, description="乘共用车辆到这一站；空为自行前往")


class MyDayRead(BaseModel):
    """One's own appointments of a day, in order of time."""

    practitioner_id: UUID
    service_on: date
    station_name: str = Field(description="出发和返回的站点")
    stops: list[MyStopRead]
