"""What crosses HTTP about practitioners, qualifications and shifts."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictInt

from service.core.dates import WRITTEN
from service.core.places import Place
from service.core.text import Code, Text, distinct
from service.patients.rules import Sex
from service.practitioners import rules
from service.practitioners.place_schemas import END_PLACE, START_PLACE, OwnPlaceRead

_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _of_this_age(at: datetime) -> datetime:
    # a moment at the edge of the calendar cannot be shown in another time zone
    if not _EARLIEST <= at < _LATEST:
        raise ValueError("时间须在 2000 年至 2199 年之间")
    return at.astimezone(UTC)


PACES: Final = (50, 300)
"""Between which per cent of the usual time somebody takes for a service."""
MOST_LANGUAGES: Final = 10
MOST_GRIDS: Final = 50

Pace = Annotated[StrictInt, Field(ge=PACES[0], le=PACES[1], examples=[120])]
Carries = Annotated[StrictInt, Field(ge=0, le=10_000, examples=[12])]
Languages = Annotated[list[Code], Field(max_length=MOST_LANGUAGES, examples=[["hui"]]), AfterValidator(distinct)]
Grids = Annotated[list[Code], Field(max_length=MOST_GRIDS, examples=[["CY-03"]]), AfterValidator(distinct)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2199, 12, 31)), WRITTEN]
Moment = Annotated[AwareDatetime, AfterValidator(_of_this_age), WRITTEN]


class Body(BaseModel):
    """A request's body: a field that the contract does not name is refused."""

    model_config = ConfigDict(extra="forbid")


class PractitionerCreate(Body):
    """A practitioner to register."""

    institution_id: UUID
    staff_no: Code = Field(examples=["N0012"])
    name: Text = Field(examples=["护士甲"])
    sex: Sex
    role: rules.PractitionerRole
    title: rules.Title = rules.Title.none
    station_id: UUID = Field(description="每天出发和返回的站点（另有本人起止地点的除外），须属于本机构")
    travel_mode: rules.Travels = Field(
        description="出行方式，决定路程时间；shared 为共用车辆：没有自己的车，步行或与他人同乘"
    )
    account_id: UUID | None = Field(default=None, description="登录账号，须属于本机构")
    active: StrictBool = True
    pace_percent: Pace = Field(default=100, description="完成服务所需时间为标准时长的百分之几")
    languages: Languages = Field(default_factory=list, description="会说的方言或语言，与居民登记的代码一致")
    team: Code | None = Field(default=None, examples=["T01"], description="所属家庭医生团队的代码，机构内通用")
    grids: Grids = Field(default_factory=list, description="负责的网格的代码，与住址登记的代码一致")
    start_place: Place | None = Field(default=None, description=START_PLACE)
    end_place: Place | None = Field(default=None, description=END_PLACE)
    carries: Carries | None = Field(
        default=None, description="一个班次最多携带多少份物资（见服务项目的 load），空为不限"
    )


class PractitionerUpdate(Body):
    """What may change of a practitioner; what is left out stays, null takes away what need not be there."""

    name: Text | None = Field(default=None, examples=["护士甲"])
    role: rules.PractitionerRole | None = None
    title: rules.Title | None = None
    station_id: UUID | None = None
    travel_mode: rules.Travels | None = None
    account_id: UUID | None = None
    active: StrictBool | None = None
    pace_percent: Pace | None = None
    languages: Languages | None = Field(default=None, examples=[["hui"]])
    team: Code | None = Field(default=None, examples=["T01"])
    grids: Grids | None = Field(default=None, examples=[["CY-03"]])
    start_place: Place | None = Field(default=None, description=START_PLACE)
    end_place: Place | None = Field(default=None, description=END_PLACE)
    carries: Carries | None = Field(default=None, description="null 为不限")


class PractitionerRead(BaseModel):
    """A practitioner; his own places only for those who may change them, and for himself."""

    id: UUID
    institution_id: UUID
    staff_no: str
    name: str
    sex: Sex
    role: rules.PractitionerRole
    title: rules.Title
    station_id: UUID
    travel_mode: rules.Travels
    account_id: UUID | None
    active: bool
    pace_percent: int
    languages: list[str]
    team: str | None
    grids: list[str]
    start_place: OwnPlaceRead | None
    end_place: OwnPlaceRead | None
    carries: int | None

    @classmethod
    def of(cls, facts: rules.PractitionerFacts, *, private: bool = False) -> "PractitionerRead":
        """Return what is shown of a practitioner; `private`: his own places, too."""
        return cls(
            id=facts.id,
            institution_id=facts.institution_id,
            staff_no=facts.staff_no,
            name=facts.name,
            sex=facts.sex,
            role=facts.role,
            title=facts.title,
            station_id=facts.station_id,
            travel_mode=facts.travel_mode,
            account_id=facts.account_id,
            active=facts.active,
            pace_percent=facts.pace_percent,
            languages=list(facts.languages),
            team=facts.team,
            grids=list(facts.grids),
            start_place=OwnPlaceRead.of(facts.start_place) if private else None,
            end_place=OwnPlaceRead.of(facts.end_place) if private else None,
            carries=facts.carries,
        )


class QualificationCreate(Body):
    """A licence or a skill to register; both days included, no `valid_to` = without end."""

    kind: rules.QualificationKind
    code: Code = Field(examples=["wound_care"], description="执业证类别或技能代码；项目目录按技能代码要求人员")
    certificate_no: Text = Field(examples=["201764020000123"])
    valid_from: Day
    valid_to: Day | None = None


class QualificationUpdate(Body):
    """When a qualification ends; null = without end."""

    valid_to: Day | None = Field(examples=["2026-12-31"])


class QualificationRead(BaseModel):
    """A licence or a skill; both days included."""

    id: UUID
    practitioner_id: UUID
    kind: rules.QualificationKind
    code: str
    certificate_no: str
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, facts: rules.QualificationFacts) -> "QualificationRead":
        """Return what is shown of a qualification."""
        return cls(
            id=facts.id,
            practitioner_id=facts.practitioner_id,
            kind=facts.kind,
            code=facts.code,
            certificate_no=facts.certificate_no,
            valid_from=facts.valid_from,
            valid_to=facts.valid_to,
        )


class Qualifications(BaseModel):
    """Every qualification of a practitioner, past and future ones included."""

    items: list[QualificationRead]


class Lunch(Body):
    """A break: `minutes` somewhere between `opens` and `closes`."""

    opens: Moment = Field(examples=["2026-03-02T11:30:00+08:00"])
    closes: Moment = Field(examples=["2026-03-02T13:30:00+08:00"])
    minutes: Annotated[StrictInt, Field(ge=1, le=180, examples=[60])]
    at_station: StrictBool = Field(default=False, description="true 须回站点用餐；false 就近休息")


class ShiftCreate(Body):
    """A shift; its service day is the local date of its start."""

    start: Moment = Field(examples=["2026-03-02T08:00:00+08:00"])
    end: Moment = Field(examples=["2026-03-02T17:00:00+08:00"])
    lunch: Lunch | None = None


class ShiftUpdate(Body):
    """What may change of a shift that has not begun; what is left out stays, `lunch` null takes the break away."""

    start: Moment | None = None
    end: Moment | None = None
    lunch: Lunch | None = None


class LunchRead(BaseModel):
    """A break: `minutes` somewhere between `opens` and `closes`."""

    opens: datetime
    closes: datetime
    minutes: int
    at_station: bool


class ShiftRead(BaseModel):
    """A working span [start, end)."""

    id: UUID
    practitioner_id: UUID
    service_on: date
    start: datetime
    end: datetime
    lunch: LunchRead | None

    @classmethod
    def of(cls, facts: rules.ShiftFacts) -> "ShiftRead":
        """Return what is shown of a shift."""
        lunch = None
        if facts.lunch_from is not None and facts.lunch_to is not None:
            lunch = LunchRead(
                opens=facts.lunch_from,
                closes=facts.lunch_to,
                minutes=facts.lunch_minutes,
                at_station=facts.lunch_at_station,
            )
        return cls(
            id=facts.id,
            practitioner_id=facts.practitioner_id,
            service_on=facts.service_on,
            start=facts.start,
            end=facts.end,
            lunch=lunch,
        )


class Shifts(BaseModel):
    """A practitioner's shifts of some days, in their order."""

    items: list[ShiftRead]


class DutyRead(BaseModel):
    """What a member of staff may do on a day that he works, and from where he starts."""

    practitioner_id: UUID
    name: str
    role: rules.PractitionerRole
    sex: Sex
    licensed: bool
    certificate_nos: list[str] = Field(description="当天有效的执业证和技能证书编号，供派人前核对")
    skills: list[str]
    travel_mode: rules.Travels
    lon: float
    lat: float
    shift_start: datetime
    shift_end: datetime

    @classmethod
    def of(cls, day: rules.StaffDay, certificate_nos: Sequence[str]) -> "DutyRead":
        """Return what is shown of a day on duty and of the certificates in force on it."""
        return cls(
            practitioner_id=day.practitioner_id,
            name=day.name,
            role=day.role,
            sex=day.sex,
            licensed=day.licensed,
            certificate_nos=list(certificate_nos),
            skills=sorted(day.skills),
            travel_mode=rules.Travels.shared if day.rides else rules.Travels(day.travel_mode),
            lon=day.lon,
            lat=day.lat,
            shift_start=day.shift_start,
            shift_end=day.shift_end,
        )


class Duties(BaseModel):
    """Who of an institution is on duty on a day, by id."""

    on: date
    items: list[DutyRead]
