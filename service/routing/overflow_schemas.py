"""What crosses HTTP about overflow agreements."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from service.core.dates import WRITTEN
from service.orders.rules import OrderKind

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31)), WRITTEN]


class OverflowAgreementCreate(BaseModel):
    """An agreement that one institution's staff serve another one's orders; both days included."""

    model_config = ConfigDict(extra="forbid")

    giving_institution_id: UUID = Field(description="交出订单的机构：订单、价格和结算仍归它")
    helping_institution_id: UUID = Field(description="派人上门的机构")
    order_kinds: list[OrderKind] = Field(
        default_factory=list, max_length=10, examples=[["home_visit"]], description="适用的订单类型；空为全部"
    )
    price_minutes: int = Field(
        default=60, ge=0, le=600, description="每交出一次上门在排班中计的代价（折合路程分钟）：本机构人员因此优先"
    )
    valid_from: Day = Field(examples=["2026-01-01"])
    valid_to: Day | None = Field(default=None, examples=["2026-12-31"])


class OverflowAgreementUpdate(BaseModel):
    """When an agreement ends; `null` = without end. Other terms are another agreement."""

    model_config = ConfigDict(extra="forbid")

    valid_to: Day | None = Field(examples=["2026-12-31"])


class OverflowAgreementRead(BaseModel):
    """An agreement that one institution's staff serve another one's orders; both days included."""

    id: UUID
    giving_institution_id: UUID
    helping_institution_id: UUID
    order_kinds: list[OrderKind]
    price_minutes: int
    valid_from: date
    valid_to: date | None
