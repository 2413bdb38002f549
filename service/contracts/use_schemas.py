"""What crosses HTTP about uses posted from outside, and about what was used before the go-live."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from service.catalog.schemas import Yuan
from service.contracts import rules
from service.contracts.schemas import Day
from service.core import money
from service.core.text import Code, Text

Named = Literal[
    rules.Source.contract,
    rules.Source.public_program,
    rules.Source.insurance_fund,
    rules.Source.insurance_deductible,
    rules.Source.ltci,
]
NAMED: Final[tuple[rules.Source, ...]] = get_args(Named)
"""Whose entitlements may be named from outside: limits and bed days are the system's own to count."""
_WANTED: dict[rules.Source, frozenset[str]] = {
    rules.Source.contract: frozenset({"contract_id", "code", "units"}),
    rules.Source.public_program: frozenset({"programme_id", "code", "units"}),
    rules.Source.insurance_fund: frozenset({"plan_code", "amount"}),
    rules.Source.insurance_deductible: frozenset({"plan_code", "amount"}),
    rules.Source.ltci: frozenset({"amount"}),
}
_GIVEN = ("contract_id", "programme_id", "plan_code", "code", "units", "amount")


class Share(BaseModel, extra="forbid"):
    """Part of one of a person's entitlements: units of a contract or programme, yuan of an insurance."""

    person_id: UUID
    source: Named
    contract_id: UUID | None = None
    programme_id: UUID | None = None
    plan_code: Code | None = Field(default=None, examples=["RESIDENT"])
    code: Code | None = Field(default=None, examples=["BP"])
    units: Annotated[int, Field(strict=True, ge=1, le=9999)] | None = Field(default=None, examples=[1])
    amount: Yuan | None = Field(default=None, examples=["120.00"], description="医保、长护险的金额（元）")

    @model_validator(mode="after")
    def _says_what_its_source_needs(self) -> "Share":
        wanted = _WANTED[self.source]
        given = {name for name in _GIVEN if getattr(self, name) is not None}
        if given != wanted:
            raise ValueError(f"{self.source} 须填写且只填写：{'、'.join(sorted(wanted))}")
        if self.amount == Decimal(0):
            raise ValueError("金额须大于 0")
        return self

    def claim(self, on: date) -> rules.Claim:
        """Return the share as the ledger names it, of the period of a day."""
        taken = self.units if self.units is not None else money.whole_fen(self.amount or Decimal(0))
        match self.source:
            case rules.Source.contract:
                return rules.Claim(
                    self.source, self.contract_id or self.person_id, self.code or "", rules.CONTRACT_PERIOD, taken
                )
            case rules.Source.public_program:
                return rules.Claim(
                    self.source, self.programme_id or self.person_id, self.code or "", rules.year_of(on), taken
                )
            case rules.Source.ltci:
                return rules.Claim(self.source, self.person_id, "", rules.month_of(on), taken)
            case _:
                return rules.Claim(self.source, self.person_id, self.plan_code or "", rules.year_of(on), taken)


class UseCreate(Share):
    """A use that was not a visit's, under the institution's own number: sent again, it is the same use."""

    institution_id: UUID
    external_no: Text = Field(examples=["HIS-20260302-0001"], max_length=64)
    service_on: Day = Field(examples=["2026-03-02"])


class UseReversalCreate(BaseModel, extra="forbid"):
    """Why a use is taken back."""

    reason: Text = Field(examples=["退费"])


class UseRead(BaseModel):
    """A use posted from outside; `units` are fen where an insurance pays. `reversed_at`: taken back."""

    id: UUID
    institution_id: UUID
    external_no: str
    person_id: UUID
    source: rules.Source
    ref_id: UUID = Field(description="签约、公共项目，或（医保、长护险）居民")
    code: str
    period: str
    units: int
    service_on: date
    recorded_at: datetime
    reversed_at: datetime | None
    reversal_reason: str | None


class OpeningCreate(Share):
    """What was used of an entitlement before the go-live, up to and including a day, and on whose word."""

    on: Day = Field(examples=["2026-06-30"], description="截至这一天（含）已用")
    because: Text = Field(examples=["原 HIS 系统结转"], description="数据来源")
    document_no: Text | None = Field(default=None, examples=["QC-2026-001"], description="凭证号")


class OpeningRead(BaseModel):
    """What was used of an entitlement before the go-live; `opening`, `cap` and the rest in units or fen."""

    person_id: UUID
    source: rules.Source
    ref_id: UUID
    code: str
    period: str
    opening: int
    cap: int
    used: int
    remaining: int
    on: date
    because: str
    document_no: str | None
