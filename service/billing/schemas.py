"""What crosses HTTP about quotes, bills and their reversals."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from service.billing.parking.schemas import ParkedRead
from service.billing.words import LineStatus, Payer
from service.core.dates import WRITTEN
from service.core.text import Code, Text
from service.orders.rules import OrderKind

_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2100, 1, 1, tzinfo=UTC)


def _refuse_out_of_bounds(at: datetime) -> datetime:
    # local time would leave the calendar at its ends
    if not _FIRST <= at < _LAST:
        raise ValueError("时间超出 2000–2099 年")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_refuse_out_of_bounds), WRITTEN]
Fen = Annotated[int, Field(description="金额（分）")]


class QuoteItem(BaseModel, extra="forbid"):
    """A service and how many units of it."""

    code: Code = Field(examples=["WOUND_DRESSING"])
    quantity: int = Field(default=1, ge=1, le=99)


class QuoteCreate(BaseModel):
    """What somebody would like to know the price of; nothing is booked or reserved."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "institution_id": "0195a7c0-0000-7000-8000-000000000001",
                    "person_id": "0195a7c0-0000-7000-8000-000000000002",
                    "kind": "home_visit",
                    "start_at": "2026-03-03T08:00:00+08:00",
                    "items": [{"code": "WOUND_DRESSING", "quantity": 1}],
                }
            ]
        },
    )

    institution_id: UUID
    person_id: UUID = Field(description="为哪位居民询价")
    kind: OrderKind
    start_at: Moment = Field(description="上门的大致时刻：决定服务日期和是否夜间")
    items: Annotated[list[QuoteItem], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _codes_once(self) -> Self:
        codes = [item.code for item in self.items]
        if len(set(codes)) != len(codes):
            raise ValueError("同一项目只能出现一次，请改数量")
        return self


class FundingRead(BaseModel):
    """One payer's part of a line."""

    source: Payer
    amount_fen: Fen
    units: int | None = Field(description="支付的次数或数量；按金额支付时为 null")
    ref_id: UUID | None = Field(description="签约、公共项目、家庭病床或减免规则的编号")
    reason: str = Field(examples=["血压测量由家庭医生签约（2026-01-05签）支付，余7次"])
    remaining: int | None = Field(default=None, description="支付后该来源还剩：次数，或金额（分）；没有余额的为 null")


class LineRead(BaseModel):
    """One line of a bill: what it costs, why, who pays."""

    code: str
    name: str
    quantity: int | None
    charged_quantity: int | None
    status: LineStatus = Field(description="limited：超出限次，未收费，理由见 reason")
    gross_fen: Fen
    patient_fen: Fen
    price_from: date | None = Field(description="所用价格的起始日期")
    reason: str = Field(examples=["换药（小）28.00元×1＝28.00元"])
    sentence: str | None = Field(
        default=None, description="给老人看的一句话", examples=["血压测量：签约服务包第7次/共8次，免费"]
    )
    national_code: str | None = Field(default=None, description="国家项目编码")
    unit: str | None = Field(default=None, description="计价单位", examples=["次"])
    fundings: list[FundingRead]


class PayerRead(BaseModel):
    """What one kind of payer pays of a whole bill."""

    source: Payer
    label: str = Field(examples=["家庭医生签约"])
    amount_fen: Fen


class BillRead(BaseModel):
    """医药服务价格 + 上门服务费: the two sums apart, who pays, line by line."""

    gross_fen: Fen
    reduction_fen: int = Field(description="减免（分）")
    patient_fen: Fen = Field(description="减免后家庭自付（分）")
    services_fen: int = Field(description="医药服务价格合计（分）")
    visit_fee_fen: int = Field(description="上门服务费（分）")
    payers: list[PayerRead]
    lines: list[LineRead]


class QuoteRead(BillRead):
    """What a visit would cost."""

    id: UUID
    institution_id: UUID
    person_id: UUID
    order_id: UUID | None = Field(description="用这份报价下的订单")
    service_on: date
    distance_metres: int
    quoted_at: AwareDatetime
    valid_until: AwareDatetime | None = Field(
        default=None, description="此刻之前可凭编号（quote_id）预约；预约时直接产生的报价为 null"
    )
    token: str | None = Field(default=None, description="本服务对报价内容的签名（quote_token）")
    accepted_at: AwareDatetime | None = Field(default=None, description="何时随预约接受；接受的报价即家庭支付的上限")


class ReversalCreate(BaseModel, extra="forbid"):
    """Why a bill is taken back."""

    reason: Text = Field(examples=["项目数量录入有误，更正后重新结算"])


class ReversalRead(BaseModel):
    """A bill taken back: everything that it used was returned."""

    reason: str
    reason_code: str | None = Field(
        default=None,
        description="系统自动冲销取消费的原因：deceased 当天已去世、in_hospital 当天住院；由人办理的为 null",
    )
    gross_fen: Fen
    patient_fen: Fen
    reversed_by_account_id: UUID
    reversed_at: AwareDatetime


class SettlementSummary(BaseModel):
    """A settlement as a list shows it."""

    id: UUID
    visit_id: UUID
    institution_id: UUID
    person_id: UUID
    service_on: date
    seq: int = Field(description="这次上门的第几次结算")
    gross_fen: Fen
    patient_fen: Fen
    settled_at: AwareDatetime
    reversed: bool


class SettlementRead(SettlementSummary, BillRead):
    """A visit's bill, and its reversal if it was taken back."""

    reversal: ReversalRead | None


class SettlementStatus(StrEnum):
    """Where the settlement of a visit stands."""

    open = "open"
    settled = "settled"
    refused = "refused"
    parked = "parked"
    reversed = "reversed"


class RefusalRead(BaseModel):
    """Why the visit could not be settled; once the cause is gone, settle it again."""

    code: str
    reason: str
    facts: dict[str, Any]
    refused_at: AwareDatetime


class VisitSettlementRead(BaseModel):
    """A visit's live bill, or why there is none."""

    visit_id: UUID
    status: SettlementStatus
    settlement: SettlementRead | None
    refusal: RefusalRead | None
    parked: ParkedRead | None = Field(default=None, description="转人工核对、或已驳回的；机构可见")


@dataclass(frozen=True, slots=True)
class Period:
    """The service dates of a report, both included."""

    first: date
    last: date


class SourceTotal(BaseModel):
    """What one kind of payer paid in a period."""

    source: Payer
    label: str
    parts: int = Field(description="支付的账目条数")
    amount_fen: Fen


class TotalsRead(BaseModel):
    """Sums of the live bills of one's institutions: lines = payers, to the fen."""

    first: date
    last: date
    bills: int
    gross_fen: Fen
    lines_fen: int = Field(description="各账目合计（分），等于 gross_fen")
    paid_fen: int = Field(description="各付费方合计（分），等于 gross_fen")
    services_fen: int = Field(description="医药服务价格合计（分）")
    visit_fee_fen: int = Field(description="上门服务费合计（分）")
    patient_fen: Fen
    by_source: list[SourceTotal]
    prevented_parts: int = Field(description="避免的重复收费条数：已有经费保障、未向居民收取的账目")
    prevented_fen: int = Field(description="避免的重复收费金额（分）")
    fees_waived: int = Field(description="免收上门服务费的次数")
