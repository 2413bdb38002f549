"""What crosses HTTP: services, prices, tariffs, programmes, insurance rules. Money comes in as decimal text."""

import re
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    PlainSerializer,
    StrictBool,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from service.catalog import crew_rules, part_rules, rules
from service.catalog.claim_schemas import ClaimCodes
from service.catalog.programme_rules import ProgrammeKind
from service.core.dates import OF_DAY, WRITTEN
from service.core.paging import Page
from service.core.text import Code, LongText, Text, distinct
from service.patients import diagnosis_rules
from service.patients.rules import KeyGroup


def _decimal(places: int) -> Any:
    pattern = rf"^[0-9]{{1,9}}(\.[0-9]{{1,{places}}})?$"

    def read(text: object) -> Decimal:
        if isinstance(text, Decimal):
            return text  # the database's own
        # a JSON number has been a float on its way: never money
        if not isinstance(text, str) or not re.fullmatch(pattern, text):
            raise ValueError(f'请写成小数字符串，最多 {places} 位小数，例如 "78.00"')
        return Decimal(text)

    # one way to write a number, whether it was just sent or comes from the database: “28”, not “28.0000”
    written = PlainSerializer(lambda number: f"{number.normalize():f}", return_type=str, when_used="json")
    return BeforeValidator(read), written, WithJsonSchema({"type": "string", "pattern": pattern})


def _clock_time(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("请写本地时间，不带时区")
    return at


def _at_most_one(ratio: Decimal) -> Decimal:
    if ratio > 1:
        raise ValueError("比例不能大于 1")
    return ratio


_FOUR, _FOUR_WRITTEN, _FOUR_SCHEMA = _decimal(4)
_TWO, _TWO_WRITTEN, _TWO_SCHEMA = _decimal(2)
Decimal4 = Annotated[Decimal, _FOUR, _FOUR_WRITTEN, _FOUR_SCHEMA]
"""A decimal number as text: 1–9 digits, up to four decimals, no sign, no exponent."""
Yuan = Annotated[Decimal, _TWO, _TWO_WRITTEN, _TWO_SCHEMA]
"""Whole fen in yuan, as text."""
Ratio = Annotated[Decimal, _FOUR, AfterValidator(_at_most_one), _FOUR_WRITTEN, _FOUR_SCHEMA]
"""A share between 0 and 1, as text."""
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31)), WRITTEN]
ClockTime = Annotated[time, AfterValidator(_clock_time), OF_DAY]
Skill = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:\-]{0,39}$")]
Codes = Annotated[list[Code], Field(max_length=50), AfterValidator(distinct)]
Skills = Annotated[list[Skill], Field(max_length=20, examples=[["role:nurse"]]), AfterValidator(distinct)]
IcdPrefix = Annotated[str, StringConstraints(pattern=diagnosis_rules.PREFIX, max_length=11)]
"""The beginning of an ICD-10 code: a chapter's letter, a category, up to a whole code."""
Kinds = Annotated[list[rules.OrderKind], Field(min_length=1, max_length=3), AfterValidator(distinct)]
Minutes = Annotated[int, Field(strict=True, ge=1, le=600)]
Staff = Annotated[int, Field(strict=True, ge=1, le=4)]
Tolerance = Annotated[int, Field(strict=True, ge=0, le=240, examples=[15])]
Specimen = Annotated[int, Field(strict=True, ge=10, le=600, examples=[120])]
Load = Annotated[int, Field(strict=True, ge=0, le=1000, examples=[3])]
MinutesBetween = Annotated[int, Field(strict=True, ge=1, le=600)]
CrewLag = Annotated[int, Field(strict=True, ge=0, le=crew_rules.LONGEST_LAG, examples=[60])]
EMPTIED = frozenset(
    {
        "latest_start",
        "refusal_note",
        "tolerance_minutes",
        "specimen_minutes",
        "crew_lag_min_minutes",
        "crew_lag_max_minutes",
    }
)
"""What a change may take away from a service."""


class _Dated(BaseModel, extra="forbid"):
    valid_from: Day = Field(examples=["2026-01-01"])
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "_Dated":
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("结束日期不能早于开始日期")
        return self


class _Insured(_Dated):
    insurance_class: rules.InsuranceClass = rules.InsuranceClass.C
    self_ratio: Ratio = Field(default=Decimal(0), examples=["0.10"])
    income_class: rules.IncomeClass = Field(
        default=rules.IncomeClass.unified, description="收入归类：统一管理 unified、单列备查 memorandum"
    )

    @model_validator(mode="after")
    def _only_b_has_a_ratio(self) -> "_Insured":
        if self.self_ratio and self.insurance_class is not rules.InsuranceClass.B:
            raise ValueError("只有乙类（B）才有先行自付比例")
        return self


class CatalogEnding(BaseModel, extra="forbid"):
    """The last day of a dated row."""

    valid_to: Day = Field(examples=["2026-12-31"])


class ServicePart(BaseModel, extra="forbid"):
    """A further part: whoever gave the one before comes back that long after its end."""

    duration_minutes: Minutes = Field(description="这一次的时长", examples=[10])
    after_min_minutes: MinutesBetween = Field(description="距上一次结束至少几分钟", examples=[120])
    after_max_minutes: MinutesBetween = Field(description="距上一次结束至多几分钟", examples=[150])

    @model_validator(mode="after")
    def _least_before_most(self) -> "ServicePart":
        if self.after_max_minutes < self.after_min_minutes:
            raise ValueError("间隔的上限不能小于下限")
        return self


Parts = Annotated[list[ServicePart], Field(max_length=part_rules.MOST)]


class ServiceItemCreate(BaseModel, extra="forbid"):
    """A service for the region's list."""

    code: Code = Field(examples=["BLOOD_FASTING"])
    name: Text = Field(examples=["空腹采血"])
    duration_minutes: Minutes = Field(examples=[20])
    staff_count: Staff = 1
    skills: Skills = Field(default_factory=list, description="上门人员须全部具备")
    any_skills: Skills = Field(default_factory=list, description="上门人员至少具备其中一项；空为不要求")
    order_kinds: Kinds = Field(examples=[["home_visit"]])
    latest_start: ClockTime | None = Field(default=None, examples=["09:30"])
    tolerance_minutes: Tolerance | None = Field(
        default=None,
        description="须在可开始时段的中点前后几分钟内开始（如注射胰岛素）；null 不要求",
    )
    specimen_minutes: Specimen | None = Field(
        default=None,
        description="标本须在离开后几分钟内送回机构（排入路线，多人上门由其中一人送，分次服务每次都送）；null 无标本",
    )
    home_allowed: StrictBool = True
    refusal_note: Text | None = Field(default=None, examples=["静脉输液不能上门进行，请到门诊输液室。"])
    parts: Parts = Field(
        default_factory=list,
        description="分次服务的后续各次（如餐后两小时再测血糖）：同一人做完第一次离开，过后再来；空为一次做完",
        examples=[[{"duration_minutes": 10, "after_min_minutes": 120, "after_max_minutes": 150}]],
    )
    load: Load = Field(default=0, description="上门的每个人为它全天携带多少份物资（乘以数量）；人员的 carries 为其上限")
    crew_sync: crew_rules.CrewSync = Field(
        default=crew_rules.CrewSync.simultaneous,
        description="多人怎样上门：simultaneous 同时；sequential 先后，服务者在前；independent 各自在约定时段内",
    )
    crew_lag_min_minutes: CrewLag | None = Field(
        default=None, description="先后上门时，后一人至少比前一人晚几分钟开始；其他方式为 null"
    )
    crew_lag_max_minutes: CrewLag | None = Field(
        default=None, description="先后上门时，后一人至多比前一人晚几分钟开始；其他方式为 null"
    )


class ServiceItemUpdate(BaseModel, extra="forbid"):
    """What changes about a service; what is left out stays, null takes away what need not be there."""

    name: Text | None = Field(default=None, examples=["空腹采血"])
    duration_minutes: Minutes | None = Field(default=None, examples=[20])
    staff_count: Staff | None = None
    skills: Skills | None = Field(default=None, examples=[["role:nurse"]])
    any_skills: Skills | None = Field(default=None, examples=[["picc", "port"]])
    order_kinds: Kinds | None = None
    latest_start: ClockTime | None = Field(default=None, examples=["09:30"])
    tolerance_minutes: Tolerance | None = None
    specimen_minutes: Specimen | None = None
    home_allowed: StrictBool | None = None
    refusal_note: Text | None = Field(default=None, examples=["静脉输液不能上门进行，请到门诊输液室。"])
    parts: Parts | None = Field(
        default=None,
        description="分次服务的后续各次，整体替换；[] 改为一次做完",
        examples=[[{"duration_minutes": 10, "after_min_minutes": 120, "after_max_minutes": 150}]],
    )
    load: Load | None = None
    crew_sync: crew_rules.CrewSync | None = Field(default=None, description="多人服务怎样上门：同时、先后、各自")
    crew_lag_min_minutes: CrewLag | None = Field(default=None, description="先后上门时，后一人至少晚几分钟开始")
    crew_lag_max_minutes: CrewLag | None = Field(default=None, description="先后上门时，后一人至多晚几分钟开始")

    @model_validator(mode="after")
    def _says_something(self) -> "ServiceItemUpdate":
        if not self.model_fields_set:
            raise ValueError("没有要修改的内容")
        for name in self.model_fields_set - EMPTIED:
            if getattr(self, name) is None:
                raise ValueError(f"{name} 不能为空")
        return self


class ServiceItemRead(ServiceItemCreate):
    """A service of the region's list."""

    id: UUID


class Surcharge(BaseModel, extra="forbid"):
    """加收项: what may be charged on top in a named case, in yuan; shown with the price."""

    name: Text = Field(examples=["儿童加收"])
    price: Decimal4 = Field(examples=["5.00"])


class PriceCreate(_Insured):
    """A price from a day on. `name` is the price book's; left out, it is the service's."""

    code: Code = Field(examples=["WOUND_DRESSING"])
    name: Text | None = Field(default=None, examples=["换药（小）"])
    unit_price: Decimal4 = Field(examples=["28.00"])
    per_visit_max: int | None = Field(default=None, strict=True, ge=1, le=99)
    includes: Codes = Field(default_factory=list, examples=[["WOUND_CLEANING"]])
    excludes: Codes = Field(default_factory=list, examples=[["WOUND_DRESSING_LARGE"]])
    category: rules.PriceCategory = Field(
        default=rules.PriceCategory.service, description="药品 drug、耗材 consumable 上门使用时须登记批号"
    )
    national_code: Code | None = Field(default=None, description="国家项目编码", examples=["011101000010000"])
    unit: Text | None = Field(default=None, description="计价单位", examples=["次"])
    output: LongText | None = Field(default=None, description="服务产出", examples=["完成创面换药并记录"])
    composition: LongText | None = Field(
        default=None, description="价格构成", examples=["包括评估、清洁、消毒、换药及人力资源消耗"]
    )
    surcharges: list[Surcharge] = Field(default_factory=list, max_length=20, description="加收项")
    note: LongText | None = Field(default=None, description="计价说明", examples=["每处计一次"])


class PriceRead(PriceCreate):
    """A price of an institution, in yuan."""

    id: UUID
    institution_id: UUID


class Tier(BaseModel, extra="forbid"):
    """A fee up to a distance, bound included; null = without end."""

    up_to_km: Decimal4 | None = Field(examples=["3"])
    price: Decimal4 = Field(examples=["78.00"])


class Night(BaseModel, extra="forbid"):
    """Local times in which the fee is multiplied; over midnight when it starts later than it ends."""

    starts_at: ClockTime = Field(examples=["18:00"])
    ends_at: ClockTime = Field(examples=["06:00"])
    multiplier: Decimal4 = Field(examples=["2"])

    @model_validator(mode="after")
    def _is_a_time(self) -> "Night":
        if self.starts_at == self.ends_at:
            raise ValueError("夜间时段的起止不能相同")
        return self


class TariffCreate(_Insured):
    """上门服务费标准 from a day on."""

    unit: rules.FeeUnit
    tiers: list[Tier] = Field(min_length=1, max_length=20)
    night: Night | None = None
    distance_base: rules.DistanceBase
    distance_method: rules.DistanceMethod

    @model_validator(mode="after")
    def _tiers_ascend(self) -> "TariffCreate":
        if not rules.tiers_ascend([tier.up_to_km for tier in self.tiers]):
            raise ValueError("距离档须从小到大，只有最后一档可以不封顶")
        return self


class TariffRead(TariffCreate):
    """A tariff of an institution; `distance_note` says how its kilometres are counted."""

    id: UUID
    institution_id: UUID
    distance_note: str


class ProgrammeItem(BaseModel, extra="forbid"):
    """Units of a service per person and calendar year."""

    code: Code = Field(examples=["BP"])
    per_year: int = Field(strict=True, ge=1, le=366, examples=[4])


class ProgrammeCreate(_Dated):
    """A public programme and who pays it."""

    code: Code = Field(examples=["BPHS-2026"])
    name: Text = Field(examples=["国家基本公共卫生服务"])
    payer: Text = Field(examples=["基本公共卫生服务补助资金"])
    items: list[ProgrammeItem] = Field(min_length=1, max_length=100)
    kind: ProgrammeKind = ProgrammeKind.basic_public_health
    minimum_age: Annotated[int, Field(strict=True, ge=0, le=150)] | None = Field(
        default=None, examples=[65], description="满多少周岁自动纳入"
    )
    key_groups: list[KeyGroup] = Field(
        default_factory=list,
        max_length=len(KeyGroup),
        description="属于其中之一的自动纳入；与年龄、诊断同时填写时须都符合",
    )
    diagnosis_prefixes: list[IcdPrefix] = Field(
        default_factory=list,
        max_length=100,
        examples=[["E11", "I10"]],
        description="当天有诊断代码（医保版 ICD-10）以其中之一开头的自动纳入",
    )

    @model_validator(mode="after")
    def _each_code_once(self) -> "ProgrammeCreate":
        distinct([item.code for item in self.items])
        distinct([str(group) for group in self.key_groups])
        distinct(self.diagnosis_prefixes)
        return self


class ProgrammeRead(ProgrammeCreate):
    """A public programme of the region."""

    id: UUID


class InsuranceRuleCreate(_Dated, ClaimCodes):
    """What a medical insurance pays from a day on."""

    plan_code: Code = Field(examples=["RESIDENT"])
    name: Text = Field(examples=["城乡居民基本医疗保险"])
    deductible: Yuan = Field(examples=["100.00"])
    pay_ratio: Ratio = Field(examples=["0.80"])
    yearly_cap: Yuan = Field(examples=["12000.00"])


class PublishedMode(BaseModel):
    """A registered 服务方式, its number and its days."""

    mode: str
    registration_no: str
    valid_from: date
    valid_to: date | None


class PublishedInstitution(BaseModel):
    """An institution that may serve at home, as published."""

    id: UUID
    code: str
    name: str
    district_code: str
    district_name: str
    address: str
    phone: str | None
    licence_no: str | None = Field(description="医疗机构执业许可证编号")
    modes: list[PublishedMode]


class PublishedInstitutions(Page[PublishedInstitution]):
    """The published list of a day (R006); `published_at` is renewed every minute."""

    on: date
    published_at: AwareDatetime


class InsuranceRuleRead(_Dated, ClaimCodes):
    """What a medical insurance of the region pays."""

    id: UUID
    plan_code: str
    name: str
    deductible_fen: int
    pay_ratio: Ratio
    yearly_cap_fen: int
