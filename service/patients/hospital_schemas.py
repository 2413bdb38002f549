"""What crosses HTTP about stays in hospital."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from service.core.text import Text
from service.patients import hospital_rules
from service.patients.schemas import Body, Day


class HospitalStayCreate(Body):
    """Since when a person is in which hospital, and until when, if that is known."""

    hospital: Text = Field(examples=["第二人民医院"])
    admitted_on: Day = Field(description="入院日（当天算住院）")
    discharged_on: Day | None = Field(default=None, description="出院日（当天不算住院）；null 尚未出院")


class HospitalStayUpdate(Body):
    """The day of discharge; null: still there."""

    discharged_on: Day | None = Field(description="出院日（当天不算住院）；null 尚未出院", examples=["2026-03-09"])


class HospitalStayRead(BaseModel):
    """Days that a person spends in a hospital: from the day of admission, up to the day before the discharge."""

    id: UUID
    hospital: str
    admitted_on: date
    discharged_on: date | None

    @classmethod
    def of(cls, facts: hospital_rules.StayFacts) -> "HospitalStayRead":
        """Return what is shown of a stay."""
        return cls.model_validate(facts, from_attributes=True)


class HospitalStays(BaseModel):
    """Every stay in hospital that is known of a person, the oldest first."""

    items: list[HospitalStayRead]
