"""What crosses HTTP about orders."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from service.core.text import Text
from service.orders.rules import OrderKind, OrderState
from service.patients.rules import Sex


class OrderItemRead(BaseModel):
    """A service asked for."""

    code: str
    quantity: int


class OrderMoveRead(BaseModel):
    """One move of the order: when, by whom (null = the system), why."""

    seq: int
    from_state: OrderState | None
    to_state: OrderState
    moved_at: datetime
    moved_by_account_id: UUID | None
    because: str


class WindowRead(BaseModel):
    """A window in which the service may be given."""

    start: datetime
    end: datetime = Field(description="服务（分次的为第1次）应在此之前结束")


class OrderSummary(BaseModel):
    """An order in a list."""

    id: UUID
    order_no: str = Field(examples=["20260302-0001"])
    institution_id: UUID
    kind: OrderKind
    person_id: UUID
    home_id: UUID
    state: OrderState
    service_on: date
    wished_start: datetime
    wished_end: datetime = Field(description="服务（分次的为第1次）应在此之前结束；有最晚开始时间的项目会把它提前")
    also_wished: list[WindowRead] = Field(description="当天其他也可以上门的时间段，按时间先后；排班可用其中任一")
    staff_count: int
    items: list[OrderItemRead]
    preferred_practitioner_id: UUID | None
    staff_sex: Sex | None = Field(description="由这一性别的人员上门；null 不限")
    staff_sex_required: bool = Field(description="true 只由这一性别的人员上门；false 只是愿望，排不开时由他人上门")
    preferred_only: bool = Field(description="只由所希望的人上门，不换他人")
    excluded_practitioner_ids: list[UUID] = Field(description="不要由这些人上门")
    same_staff: bool = Field(description="当天各次（一人的）上门由同一人")


class OrderRead(OrderSummary):
    """An order with everything that happened to it."""

    parts: int = Field(description="分几次上门：1 为一次做完", examples=[2])
    parts_note: str | None = Field(
        description="分次上门时告诉居民：每次约多久、隔多久再来；一次做完为 null",
        examples=["同一人分2次上门：第1次约10分钟；第2次约10分钟，在第1次结束后120至150分钟之间再来。"],
    )
    mobility_reason: str
    distance_metres: int | None = Field(description="报价时确定的上门距离（米），结算沿用；草稿为 null")
    placed_by_account_id: UUID
    placed_at: datetime
    moves: list[OrderMoveRead]


class OrderRejection(BaseModel):
    """Why an order is sent back."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Text, Field(description="退回原因，居民可见", examples=["当天康复治疗师外出培训，请改约周四"])]
