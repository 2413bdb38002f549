"""What crosses HTTP about dated settings."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StrictInt

from service.core.text import Code, Text
from service.institutions import rules
from service.institutions.schemas import Body, Day

SettingValue = StrictBool | Annotated[StrictInt, Field(ge=-(10**9), le=10**9)] | Text
"""A decimal is a string; `GET /settings` says what each setting takes."""


class SettingCreate(Body):
    """A value to set from a day on; without `institution_id` for the whole region."""

    institution_id: UUID | None = None
    key: Code = Field(examples=["travel.detour_factor"])
    value: SettingValue = Field(examples=["1.4"])
    valid_from: Day
    valid_to: Day | None = None


class SettingUpdate(Body):
    """A correction of a value: its end, or, before it is in force, the value itself. What is left out stays."""

    value: SettingValue | None = Field(default=None, examples=["1.5"])
    valid_to: Day | None = None


class SettingRowRead(BaseModel):
    """One dated value of a setting."""

    id: UUID
    institution_id: UUID | None
    key: str
    value: bool | int | str
    valid_from: date
    valid_to: date | None
    set_by_account_id: UUID
    set_at: datetime


class SettingRead(BaseModel):
    """A setting on a day: the value in force and whose it is."""

    key: str
    about: str
    expected: str
    value: Any = Field(description="生效的值")
    default: Any = Field(description="没有设置时的值")
    source: rules.SettingSource
    valid_from: date | None
    valid_to: date | None


class SettingList(BaseModel):
    """All settings on a day."""

    on: date
    items: list[SettingRead]
