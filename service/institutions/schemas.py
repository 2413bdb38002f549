"""What crosses HTTP about districts, institutions, stations and service modes."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from service.core.dates import WRITTEN
from service.core.places import Place
from service.core.text import Code, Text
from service.institutions import rules

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31)), WRITTEN]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+][0-9\- ]{2,29}$")]


class Body(BaseModel):
    """A request's body: a field that the contract does not name is refused."""

    model_config = ConfigDict(extra="forbid")


class Licence(Body):
    """医疗机构执业许可证; both days included, no `valid_to` = without end."""

    no: Text = Field(examples=["PDY10001-264020211A1001"])
    valid_from: Day
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "Licence":
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("许可证截止日期早于起始日期")
        return self


class DistrictCreate(Body):
    """A district to register."""

    code: Code = Field(examples=["640202"])
    name: Text = Field(examples=["大武口区"])


class DistrictUpdate(Body):
    """What may change of a district."""

    name: Text = Field(examples=["大武口区"])


class DistrictRead(BaseModel):
    """A district (县/区)."""

    id: UUID
    code: str
    name: str

    @classmethod
    def of(cls, facts: rules.DistrictFacts) -> "DistrictRead":
        """Return what is shown of a district."""
        return cls(id=facts.id, code=facts.code, name=facts.name)


class InstitutionCreate(Body):
    """An institution to register."""

    code: Code = Field(examples=["CY01"])
    name: Text = Field(examples=["朝阳社区卫生服务中心"])
    kind: rules.InstitutionKind
    district_id: UUID
    address: Text = Field(examples=["大武口区朝阳西街1号"])
    place: Place
    licence: Licence | None = None
    published_phone: Phone | None = Field(default=None, examples=["0952-2012345"])
    level: rules.InstitutionLevel | None = Field(default=None, description="等级，决定适用哪一级的区域价格")


class InstitutionUpdate(Body):
    """What may change of an institution; what is left out stays, `null` takes a licence, phone or level away."""

    name: Text | None = Field(default=None, examples=["朝阳社区卫生服务中心"])
    address: Text | None = Field(default=None, examples=["大武口区朝阳西街1号"])
    place: Place | None = None
    licence: Licence | None = None
    published_phone: Phone | None = Field(default=None, examples=["0952-2012345"])
    level: rules.InstitutionLevel | None = Field(default=None, description="等级，由统筹区管理员核定，自今天起生效")


class LicenceRead(BaseModel):
    """医疗机构执业许可证."""

    no: str
    valid_from: date
    valid_to: date | None


class InstitutionRead(BaseModel):
    """An institution; coordinates WGS-84."""

    id: UUID
    code: str
    name: str
    kind: rules.InstitutionKind
    district_id: UUID
    address: str
    lon: float
    lat: float
    licence: LicenceRead | None
    published_phone: str | None
    level: rules.InstitutionLevel | None = Field(
        description="今天的等级；历次的见 /institutions/{institution_id}/levels"
    )

    @classmethod
    def of(cls, facts: rules.InstitutionFacts, level: rules.InstitutionLevel | None) -> "InstitutionRead":
        """Return what is shown of an institution that has a level today."""
        licence = None
        if facts.licence_no is not None and facts.licence_from is not None:
            licence = LicenceRead(no=facts.licence_no, valid_from=facts.licence_from, valid_to=facts.licence_to)
        return cls(
            id=facts.id,
            code=facts.code,
            name=facts.name,
            kind=facts.kind,
            district_id=facts.district_id,
            address=facts.address,
            lon=facts.lon,
            lat=facts.lat,
            licence=licence,
            published_phone=facts.published_phone,
            level=level,
        )


class StationCreate(Body):
    """A station to register."""

    code: Code = Field(examples=["S1"])
    name: Text = Field(examples=["朝阳一站"])
    place: Place


class StationUpdate(Body):
    """What may change of a station; what is left out stays."""

    name: Text | None = Field(default=None, examples=["朝阳一站"])
    place: Place | None = None


class StationRead(BaseModel):
    """A station; coordinates WGS-84."""

    id: UUID
    institution_id: UUID
    code: str
    name: str
    lon: float
    lat: float

    @classmethod
    def of(cls, facts: rules.StationFacts) -> "StationRead":
        """Return what is shown of a station."""
        return cls(
            id=facts.id,
            institution_id=facts.institution_id,
            code=facts.code,
            name=facts.name,
            lon=facts.lon,
            lat=facts.lat,
        )


class ModeCreate(Body):
    """服务方式 to register, as the licence says."""

    mode: rules.ServiceMode
    registration_no: Text = Field(examples=["石卫医登〔2026〕12号"])
    valid_from: Day
    valid_to: Day | None = None


class ModeUpdate(Body):
    """When a registration ends; `null` = without end. A change of mode is a new registration."""

    valid_to: Day | None = Field(examples=["2026-12-31"])


class ModeRead(BaseModel):
    """A registration of a service mode; both days included."""

    id: UUID
    institution_id: UUID
    mode: rules.ServiceMode
    registration_no: str
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, facts: rules.ModeFacts) -> "ModeRead":
        """Return what is shown of a registration."""
        return cls(
            id=facts.id,
            institution_id=facts.institution_id,
            mode=facts.mode,
            registration_no=facts.registration_no,
            valid_from=facts.valid_from,
            valid_to=facts.valid_to,
        )
