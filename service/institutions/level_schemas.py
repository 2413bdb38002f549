"""What crosses HTTP about the levels (等级) of an institution."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field

from service.institutions import rules
from service.institutions.schemas import Body, Day


class LevelCreate(Body):
    """An institution's level from a day on; both days included. `null`: it has none then."""

    level: rules.InstitutionLevel | None = Field(description="等级；null 为自该日起没有等级", examples=["primary"])
    valid_from: Day = Field(examples=["2026-01-01"])
    valid_to: Day | None = None


class LevelUpdate(Body):
    """When a level ends; `null` = without end."""

    valid_to: Day | None = Field(examples=["2026-12-31"])


class LevelRead(BaseModel):
    """An institution's level; both days included."""

    id: UUID
    institution_id: UUID
    level: rules.InstitutionLevel | None
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, facts: rules.LevelFacts) -> "LevelRead":
        """Return what is shown of a level."""
        return cls.model_validate(facts, from_attributes=True)
