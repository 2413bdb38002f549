"""What crosses HTTP about absences."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from service.core.text import LongText
from service.practitioners.absence_rules import AbsenceFacts, AbsenceReason
from service.practitioners.schemas import Body, Moment


class AbsenceCreate(Body):
    """An absence [start, end); part of a day is enough."""

    start: Moment = Field(examples=["2026-03-03T00:00:00+08:00"])
    end: Moment = Field(description="不含此刻", examples=["2026-03-06T00:00:00+08:00"])
    reason: AbsenceReason = Field(description="leave 休假，sick 病假，training 培训，secondment 借调，rotation 轮转")
    note: Annotated[LongText, Field(description="说明", examples=["全科转岗培训"])] = ""


class AbsenceEnd(Body):
    """When an absence ends earlier than entered."""

    end: Moment = Field(description="返岗时刻，早于原结束时刻", examples=["2026-03-05T00:00:00+08:00"])


class AbsenceRead(BaseModel):
    """An absence [start, end); `ended_at` where it was cut short."""

    id: UUID
    institution_id: UUID
    practitioner_id: UUID
    start: datetime
    end: datetime
    reason: AbsenceReason
    note: str
    entered_by_account_id: UUID
    entered_at: datetime
    ended_by_account_id: UUID | None
    ended_at: datetime | None

    @classmethod
    def of(cls, facts: AbsenceFacts) -> "AbsenceRead":
        """Return what is shown of an absence."""
        return cls.model_validate(facts, from_attributes=True)


class Absences(BaseModel):
    """A practitioner's absences that touch some days, in their order."""

    items: list[AbsenceRead]
