"""What crosses HTTP about an absence and the visits that it hits."""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from service.orders.rules import OrderState
from service.practitioners.absence_rules import AbsenceFacts
from service.practitioners.absence_schemas import AbsenceRead


class AbsenceHit(BaseModel):
    """An order that an absence hits: promised at that time by a published plan, or wished for from this person.

    Of a neighbour institution's order that he was to serve by agreement no more is told than its number and when.
    """

    order_id: UUID
    order_no: str
    order_state: OrderState
    plan_id: UUID | None = Field(description="已发布的计划；空表示尚未排班、但指名由该人员上门")
    start_at: datetime
    end_at: datetime
    institution_id: UUID = Field(description="订单所属机构；是其他机构的，请告知该机构重新安排")
    overflow_agreement_id: UUID | None = Field(default=None, description="按此互助协议代其他机构上门；空为本机构的订单")


class AbsenceWithHits(AbsenceRead):
    """An absence and the orders to be planned anew because of it: those promised, then those that wish for him."""

    hits: list[AbsenceHit]


def shown(absence: AbsenceFacts) -> dict[str, Any]:
    """Return the fields that an absence is shown with."""
    return asdict(absence)
