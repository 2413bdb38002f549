"""What crosses HTTP about the proof of a bill."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from service.billing.schemas import LineRead
from service.catalog.book_schemas import PriceInForceRead
from service.catalog.schemas import TariffRead
from service.contracts.rules import Counting, Source
from service.visits.schemas import EventRead, EvidenceRead, ExceptionRead, ItemRead


class DistanceRead(BaseModel):
    """How far the home was, and how that was measured."""

    metres: int
    note: str = Field(examples=["自机构所在地起，按直线距离计算"])


class LicenceRead(BaseModel):
    """A licence to practise; both days included."""

    valid_from: date
    valid_to: date | None


class CrewLicencesRead(BaseModel):
    """Who began the service, with the licences that stood when it was settled."""

    practitioner_id: UUID
    name: str | None = Field(description="排班中的姓名；临时替班的不在排班中时为 null")
    licences: list[LicenceRead]


class EntitlementEntryRead(BaseModel):
    """What the bill (or its reversal) did to an entitlement: what was used and reserved before and after."""

    source: Source
    ref_id: UUID
    code: str
    period: str
    cap: int
    counting: Counting
    seq: int
    kind: str
    units: int
    used_before: int
    reserved_before: int
    used_after: int
    reserved_after: int
    posted_at: datetime


class VisitEvidenceRead(BaseModel):
    """What proves the visit: service, person, staff, date, place, beginning and end; the doubts decided."""

    visit_id: UUID
    person_id: UUID
    service_on: date
    started_at: datetime | None
    ended_at: datetime | None
    verified: bool
    items: list[ItemRead]
    events: list[EventRead]
    evidence: list[EvidenceRead]
    exceptions: list[ExceptionRead]


class AcceptedQuoteRead(BaseModel):
    """The quote on which the order was placed."""

    id: UUID
    quoted_at: datetime
    distance_metres: int
    gross_fen: int
    patient_fen: int
    lines: list[LineRead]


class RestsOnRead(BaseModel):
    """What the bill rests on."""

    price_rows: list[PriceInForceRead]
    tariff: TariffRead | None
    distance: DistanceRead
    crew: list[CrewLicencesRead]
    entitlements: list[EntitlementEntryRead]
    visit: VisitEvidenceRead
    quote: AcceptedQuoteRead | None


class ProofRead(BaseModel):
    """The proof of a bill of a visit or a cancellation: `xunzhen bill --proof` redoes it, and compares `evidence`."""

    settlement_id: UUID
    format: str = Field(examples=["xunzhen.proof/1"])
    rules: str = Field(description="计费规则的版本", examples=["xunzhen.billing-rules/1"])
    limits: dict[str, Any] = Field(description="第一步：限次规则、已用次数，以及因此不收的项目")
    case: dict[str, Any] = Field(description="第二步：收费案例；同户其他居民用代号 P2、P3 …")
    reductions: dict[str, Any] = Field(description="第三步：减免规则与减免金额")
    ceiling: dict[str, Any] | None = Field(
        default=None,
        description="第四步：报价、当时已用额度、知情同意、人工放行，以及由此得出的不收、由医疗机构承担的金额；"
        "账单不高于报价的为 null",
    )
    cancellation: dict[str, Any] | None = Field(
        default=None, description="上门服务取消费：出发时间、本次上门服务费、收取比例、报价；上门账单为 null"
    )
    result: dict[str, Any] = Field(description="账单")
    evidence: RestsOnRead
