"""What crosses HTTP: packages, contracts with their balances, enrolments, and a person's entitlements in words."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, model_validator

from service.catalog.rules import IncomeClass
from service.contracts import rules
from service.core.dates import WRITTEN
from service.core.text import Code, Text

Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2999, 12, 31)), WRITTEN]


class _Dated(BaseModel, extra="forbid"):
    valid_from: Day = Field(examples=["2026-01-01"])
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "_Dated":
        if self.valid_to is not None and self.valid_to < self.valid_from:
            raise ValueError("结束日期不能早于开始日期")
        return self


class ContractEnding(BaseModel, extra="forbid"):
    """The last day of a dated row."""

    valid_to: Day = Field(examples=["2026-12-31"])


class PackageItem(BaseModel, extra="forbid"):
    """Units of a service; `visit`: one use pays all units of a visit."""

    code: Code = Field(examples=["BP"])
    quantity: int = Field(strict=True, ge=1, le=9999, examples=[8])
    counting: rules.Counting = rules.Counting.quantity


class PackageCreate(_Dated):
    """A version of a service package. It is never changed: a new version is a new row."""

    code: Code = Field(examples=["ELDER-BASIC"])
    name: Text = Field(examples=["老年人基础服务包"])
    covers_visit_fee: StrictBool = False
    capitated_codes: list[Code] = Field(default_factory=list, max_length=50, examples=[["CONSULT"]])
    items: list[PackageItem] = Field(default_factory=list, max_length=100)
    valid_at: list[UUID] = Field(default_factory=list, max_length=500, description="除签约机构外，还在哪些机构可用")
    valid_region_wide: StrictBool = Field(default=False, description="全统筹区的机构都可用")
    income_class: IncomeClass = IncomeClass.unified

    @model_validator(mode="after")
    def _grants_something_once(self) -> "PackageCreate":
        codes = [*self.capitated_codes, *(item.code for item in self.items)]
        if len(set(codes)) != len(codes):
            raise ValueError("同一项目在服务包里只能出现一次（按人头付费的项目不再计次）")
        if not codes and not self.covers_visit_fee:
            raise ValueError("服务包里没有任何内容")
        if len(set(self.valid_at)) != len(self.valid_at):
            raise ValueError("同一机构只能写一次")
        if self.valid_at and self.valid_region_wide:
            raise ValueError("全统筹区可用的服务包不必再写机构")
        return self


class PackageRead(PackageCreate):
    """A version of a service package of an institution."""

    id: UUID
    institution_id: UUID


class ContractCreate(BaseModel, extra="forbid"):
    """A family-doctor contract (家庭医生签约)."""

    person_id: UUID
    package_id: UUID
    doctor_id: UUID
    signed_on: Day = Field(examples=["2026-03-02"])
    valid_from: Day = Field(examples=["2026-03-02"])
    valid_to: Day = Field(examples=["2027-03-01"])


class ContractItemRead(BaseModel):
    """What a contract grants of a service, and what is left of it."""

    code: str
    name: str
    quantity: int
    counting: rules.Counting
    used: int
    reserved: int
    remaining: int


class ContractRead(BaseModel):
    """A contract with its balances; on `terminated_on` it is no more."""

    id: UUID
    institution_id: UUID
    person_id: UUID
    package_id: UUID
    package_name: str
    doctor_id: UUID
    signed_on: date
    valid_from: date
    valid_to: date
    terminated_on: date | None
    termination_reason: rules.TerminationReason | None
    covers_visit_fee: bool
    capitated_codes: list[str]
    items: list[ContractItemRead]


class Termination(BaseModel, extra="forbid"):
    """The first day without the contract, and why it ends early."""

    on: Day = Field(examples=["2026-06-01"])
    reason: rules.TerminationReason


class EnrolmentCreate(_Dated):
    """A person's enrolment in a public programme."""

    person_id: UUID
    programme_id: UUID


class EnrolmentRead(EnrolmentCreate):
    """An enrolment in a public programme."""

    id: UUID


class EntitlementRead(BaseModel):
    """What is left of something that pays for a person; `text` says it to him. Insurance counts in fen."""

    source: rules.Source
    code: str
    name: str
    period: str
    cap: int
    used: int
    reserved: int
    remaining: int
    text: str = Field(examples=["签约服务包“血压测量”共 8 次，已用 3 次，已预约 1 次，还可用 4 次。"])


class EntitlementsRead(BaseModel):
    """Everything that pays for a person on a day, apart from himself."""

    person_id: UUID
    on: date
    items: list[EntitlementRead]
