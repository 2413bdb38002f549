"""What crosses HTTP about designations (定点)."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from service.core.text import Code
from service.institutions import rules
from service.institutions.schemas import Body, Day


class DesignationCreate(Body):
    """An insurance that pays at the institution, from when until when; both days included."""

    plan_code: Code = Field(examples=["RESIDENT"], description="险种编码；长期护理保险为 LTCI")
    valid_from: Day
    valid_to: Day | None = None


class DesignationUpdate(Body):
    """When a designation ends; `null` = without end."""

    valid_to: Day | None = Field(examples=["2026-12-31"])


class DesignationRead(BaseModel):
    """An insurance that pays at the institution; both days included."""

    id: UUID
    institution_id: UUID
    plan_code: str
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, facts: rules.DesignationFacts) -> "DesignationRead":
        """Return what is shown of a designation."""
        return cls(
            id=facts.id,
            institution_id=facts.institution_id,
            plan_code=facts.plan_code,
            valid_from=facts.valid_from,
            valid_to=facts.valid_to,
        )
