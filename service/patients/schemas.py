"""What crosses HTTP about people: the person, key groups, insurance, proxies."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from service.core.dates import WRITTEN
from service.core.text import Code, Text, refuse_unstorable
from service.patients import rules

_LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _before_the_end_of_calendars(at: datetime) -> datetime:
    # a moment at the edge of the calendar cannot be shown in another time zone
    if at >= _LATEST:
        raise ValueError("时间须早于 2200 年")
    return at


Day = Annotated[date, Field(ge=date(1880, 1, 1), le=date(2199, 12, 31)), WRITTEN]
Moment = Annotated[AwareDatetime, AfterValidator(_before_the_end_of_calendars), WRITTEN]
IdNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{17}[0-9Xx]$")]
Phone = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=5, max_length=30), AfterValidator(refuse_unstorable)
]


class Body(BaseModel):
    """A request's body: a field that the contract does not name is refused."""

    model_config = ConfigDict(extra="forbid")


PRECAUTION = "上门须注意：immunocompromised 免疫力低下，当天先看；infectious 有传染性，当天最后看"
LANGUAGE = "居民使用的方言或语言，与医护人员登记的代码一致；null 不限"
REQUIRED = "true 只派会这种语言的人；false 尽量；没有登记语言时不起作用"


class PatientCreate(Body):
    """A person to register, by the card."""

    institution_id: UUID = Field(description="登记机构，须为本机构；登记后即建立服务关系")
    name: Text = Field(examples=["居民甲"])
    sex: rules.Sex
    born_on: Day = Field(examples=["1945-05-01"])
    id_number: IdNumber = Field(examples=["640202194505010025"])
    phone: Phone | None = Field(default=None, examples=["13812345678"])
    home_id: UUID | None = Field(default=None, description="住址；预约上门前须登记")
    precaution: rules.Precaution = Field(default=rules.Precaution.none, description=PRECAUTION)
    language: Code | None = Field(default=None, description=LANGUAGE, examples=["hui"])
    language_required: StrictBool = Field(default=False, description=REQUIRED)


class PatientUpdate(Body):
    """What may change of a person; what is left out stays, null takes phone, home, day of death or language away."""

    name: Text | None = Field(default=None, examples=["居民甲"])
    phone: Phone | None = Field(default=None, examples=["0952-2012345"])
    home_id: UUID | None = None
    deceased_on: Day | None = None
    precaution: rules.Precaution | None = Field(default=None, description=PRECAUTION)
    language: Code | None = Field(default=None, description=LANGUAGE, examples=["hui"])
    language_required: StrictBool | None = Field(default=None, description=REQUIRED)


class AdmissionCreate(Body):
    """A person registered elsewhere, whom one's institution will care for."""

    institution_id: UUID
    id_number: IdNumber = Field(examples=["640202194505010025"])
    name: Text = Field(examples=["居民甲"])
    because: Text = Field(examples=["转入本辖区居住"])


class PatientSearch(BaseModel):
    """What a list of people is narrowed to."""

    name: Text | None = Field(default=None, description="姓名中含有")
    id_number: IdNumber | None = Field(default=None, description="证件号码（完整）")
    phone: Phone | None = Field(default=None, description="电话号码（完整）")
    key_group: rules.KeyGroup | None = Field(default=None, description="当天属于此类重点人群")
    on: Day | None = Field(default=None, description="按哪一天的重点人群查，默认今天")


class PatientRead(BaseModel):
    """A person; identity number and phone only as far as one may show them."""

    id: UUID
    name: str
    sex: rules.Sex
    born_on: date
    id_number_masked: str = Field(examples=["6402**********0025"])
    phone_masked: str | None = Field(examples=["+86138****5678"])
    home_id: UUID | None
    deceased_on: date | None
    precaution: rules.Precaution
    language: str | None
    language_required: bool
    excluded_practitioner_ids: list[UUID] = Field(description="长期不要由这些人上门")


class PatientDetail(PatientRead):
    """A person as he stands today, and what follows for service at home."""

    key_groups: list[rules.KeyGroup]
    may_be_served_at_home: bool = Field(description="是否属于可预约上门服务的人群（在世）")
    priority: int = Field(description="排班优先分；0 为普通")
    has_carer: bool = Field(description="是否有在效的照护者（家属、监护人或护理员）")
    cared_for_because: str | None = Field(description="本机构因何照护该居民；本人与代办人看到 null", examples=["登记"])


class KeyGroupCreate(Body):
    """A key group to register; both days included, no `valid_to` = without end."""

    key_group: rules.KeyGroup = Field(examples=["disabled"])
    valid_from: Day = Field(examples=["2026-03-02"])
    valid_to: Day | None = None


class DatedUpdate(Body):
    """When a dated row ends; null = without end."""

    valid_to: Day | None = Field(examples=["2026-12-31"])


class KeyGroupRead(BaseModel):
    """A key group of a person; both days included."""

    id: UUID
    key_group: rules.KeyGroup
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, facts: rules.KeyGroupFacts) -> "KeyGroupRead":
        """Return what is shown of a key group."""
        return cls(id=facts.id, key_group=facts.key_group, valid_from=facts.valid_from, valid_to=facts.valid_to)


class KeyGroups(BaseModel):
    """Every key group of a person, past and future ones included."""

    items: list[KeyGroupRead]


class CoverageCreate(Body):
    """A medical insurance to register; both days included, no `valid_to` = without end."""

    plan_code: Code = Field(examples=["resident"])
    valid_from: Day
    valid_to: Day | None = None


class CoverageRead(BaseModel):
    """A medical insurance of a person; both days included."""

    id: UUID
    plan_code: str
    valid_from: date
    valid_to: date | None

    @classmethod
    def of(cls, facts: rules.CoverageFacts) -> "CoverageRead":
        """Return what is shown of a medical insurance."""
        return cls(id=facts.id, plan_code=facts.plan_code, valid_from=facts.valid_from, valid_to=facts.valid_to)


class Coverages(BaseModel):
    """Every medical insurance of a person, past and future ones included."""

    items: list[CoverageRead]


ProxyRight = Literal[rules.Right.view, rules.Right.book, rules.Right.pay]


class ProxyCreate(Body):
    """An account that may act for the person: until `valid_to`, or until it is revoked."""

    account_id: UUID
    relation: rules.Kinship
    rights: Annotated[list[ProxyRight], Field(min_length=1, max_length=3, examples=[["view", "book"]])]
    valid_to: Moment | None = Field(default=None, examples=["2027-03-02T00:00:00+08:00"])
    paper_no: Text | None = Field(
        default=None, description="纸质授权书编号；工作人员代为登记时必填", examples=["授权〔2026〕12号"]
    )


class ProxyRead(BaseModel):
    """A proxy: who may act for the person, how far, from when until when (null = until revoked)."""

    id: UUID
    person_id: UUID
    account_id: UUID
    account_name: str = Field(description="代办人账号的名称")
    relation: rules.Kinship
    rights: list[rules.Right]
    valid_from: datetime
    valid_to: datetime | None
    because: str


class Proxies(BaseModel):
    """The proxies of a person who are in force."""

    items: list[ProxyRead]


class BindingCreate(Body):
    """An elder's account that is to be the person's own."""

    account_id: UUID
    id_number: IdNumber = Field(examples=["640202194505010025"])
    name: Text = Field(examples=["居民甲"])


class BindingRead(BaseModel):
    """A person's own account."""

    person_id: UUID
    account_id: UUID


class ActsForRead(BaseModel):
    """A person whom the logged-in account may act for."""

    person_id: UUID
    name: str
    kind: rules.RelationKind
    relation: rules.Kinship | None
    rights: list[rules.Right]
    valid_to: datetime | None

    @classmethod
    def of(cls, facts: rules.ActsFor) -> "ActsForRead":
        """Return what is shown of such a person."""
        return cls(
            person_id=facts.person_id,
            name=facts.name,
            kind=facts.kind,
            relation=facts.relation,
            rights=rules.sorted_rights(facts.rights),
            valid_to=facts.valid_to,
        )


class MyPeople(BaseModel):
    """Whom the logged-in account may act for: the person whose own it is first."""

    items: list[ActsForRead]
