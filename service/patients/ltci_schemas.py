"""What crosses HTTP about long-term care assessments."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from service.patients import ltci_rules
from service.patients.schemas import Body, Day

Grade = Annotated[int, Field(strict=True, ge=0, le=5, examples=[3])]


class AssessmentCreate(Body):
    """A grade (0 基本正常 … 5 重度失能Ⅲ级) from a day on, and the district in which it was assessed."""

    grade: Grade
    district_id: UUID
    valid_from: Day
    valid_to: Day | None = None


class AssessmentRead(BaseModel):
    """A grade of a person; both days included."""

    id: UUID
    grade: int
    grade_name: str = Field(examples=["重度失能Ⅰ级"])
    district_id: UUID
    district_name: str
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, facts: ltci_rules.AssessmentFacts) -> "AssessmentRead":
        """Return what is shown of an assessment."""
        return cls(
            id=facts.id,
            grade=facts.grade,
            grade_name=ltci_rules.GRADES[facts.grade],
            district_id=facts.district_id,
            district_name=facts.district_name,
            valid_from=facts.valid_from,
            valid_to=facts.valid_to,
        )


class Assessments(BaseModel):
    """Every long-term care assessment of a person, past and future ones included."""

    items: list[AssessmentRead]
