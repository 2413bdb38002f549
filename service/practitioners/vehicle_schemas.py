"""What crosses HTTP about shared vehicles."""

from datetime import date, time
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StrictInt

from service.core.dates import OF_DAY, WRITTEN
from service.core.text import Code
from service.practitioners.schemas import Body, Day


def _of_the_minute(at: time) -> time:
    if at.tzinfo is not None or at.second or at.microsecond:
        raise ValueError("请写当地的整分时刻，如 07:30")
    return at


Clock = Annotated[time, AfterValidator(_of_the_minute), WRITTEN, OF_DAY]
Seats = Annotated[StrictInt, Field(ge=1, le=60, examples=[4], description="座位数，不含司机")]


class VehicleCreate(Body):
    """A vehicle that several staff share, with its driver."""

    institution_id: UUID
    station_id: UUID = Field(description="停放的站点，须属于本机构：从这里出发，也回到这里")
    plate_no: Code = Field(examples=["NA00001"])
    seats: Seats
    away_from: Clock = Field(examples=["07:30"], description="每天最早几点离开")
    away_to: Clock = Field(examples=["18:00"], description="每天最晚几点回来")
    out_from: Day | None = Field(default=None, examples=["2026-05-01"], description="停用的第一天")
    out_to: Day | None = Field(default=None, examples=["2026-05-07"], description="停用的最后一天；空为长期")


class VehicleUpdate(Body):
    """What may change of a vehicle; what is left out stays, `out_from` null puts it back into service."""

    station_id: UUID | None = None
    seats: Seats | None = None
    away_from: Clock | None = Field(default=None, examples=["07:30"])
    away_to: Clock | None = Field(default=None, examples=["18:00"])
    out_from: Day | None = Field(default=None, examples=["2026-05-01"])
    out_to: Day | None = Field(default=None, examples=["2026-05-07"])


class VehicleRead(BaseModel):
    """A vehicle that several staff share."""

    id: UUID
    institution_id: UUID
    station_id: UUID
    plate_no: str
    seats: int
    away_from: Annotated[time, OF_DAY]
    away_to: Annotated[time, OF_DAY]
    out_from: date | None
    out_to: date | None
