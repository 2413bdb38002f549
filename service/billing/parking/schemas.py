"""What crosses HTTP about parked bills."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StrictBool

from service.billing.parking.rules import ParkingState, Why
from service.core.text import Text


class ParkingReasonRead(BaseModel):
    """One bound that a bill met."""

    why: Why
    sentence: str = Field(examples=["该居民自2026-03-01起在第二人民医院住院"])
    facts: dict[str, Any]


class ParkedRead(BaseModel):
    """A bill that waits for a human, or what was decided about it."""

    id: UUID
    visit_id: UUID
    person_id: UUID
    institution_id: UUID
    service_on: date
    reasons: list[ParkingReasonRead]
    gross_fen: int = Field(description="转人工时算得的合计（分）")
    patient_fen: int = Field(description="转人工时算得的家庭自付（分）")
    parked_at: AwareDatetime
    state: ParkingState
    reason: str | None = Field(description="放行或驳回的理由")
    collect_rise: bool | None = Field(description="额度用尽而多出的自付是否收取；驳回的为 null")
    decided_by_account_id: UUID | None
    decided_at: AwareDatetime | None
    settlement_id: UUID | None = Field(description="放行后的结算单")


class ReleaseCreate(BaseModel, extra="forbid"):
    """Why a parked bill is sent after all."""

    reason: Text = Field(examples=["已与家属电话核实，服务属实"])
    collect_rise: StrictBool = Field(
        default=False, description="额度被其他账单使用而多出的自付是否向家庭收取；false 由医疗机构承担"
    )


class RejectionCreate(BaseModel, extra="forbid"):
    """Why a parked bill is never sent."""

    reason: Text = Field(examples=["当天老人住院，上门记录有误"])
