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
    """An order that an absence hits: promised at that time by a published plan, or wished for from this person."""

    order_id: UUID
    order_no: str
    order_state: OrderState
    plan_id: UUID | None = Field(description="已发布的计划；空表示尚未排班、但指名由该人员上门")
    start_at: datetime
    end_at: datetime


class AbsenceWithHits(AbsenceRead):
    """An absence and the orders that must be planned anew because of it, the earliest first."""

    hits: list[AbsenceHit]


def shown(absence: AbsenceFacts) -> dict[str, Any]:
    """Return the fields that an absence is shown with."""
    return asdict(absence)
