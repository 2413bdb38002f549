"""What a cancelled visit costs (上门服务取消费): a share of its own fee, paid by the family alone. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from service.billing import rules
from service.billing.ledger.rules import Income
from service.billing.statement import FundingFacts, LineFacts
from service.billing.words import LineStatus, Payer
from service.core import money
from service.core.clock import LOCAL

CANCELLATION: Final = "CANCELLATION"
"""The code of the line; never a code of a price book."""
NAME: Final = "上门服务取消费"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the charge stands on: when the crew set out, the visit's own fee, the institution's share of it.

    `quoted_fee_fen` is what the family was to pay as the fee by the accepted quote; None without one.
    """

    service_on: date
    departed_at: datetime
    own: rules.OwnFee
    ratio: Decimal
    quoted_fee_fen: int | None
    deceased_on: date | None
    is_in_hospital: bool

    @property
    def amount_fen(self) -> int:
        """What is charged: never more than the fee that the family accepted, nothing on death or admission."""
        if self.is_in_hospital or (self.deceased_on is not None and self.deceased_on <= self.service_on):
            return 0
        share = money.ratio_fen(self.own.amount_fen, self.ratio)
        return share if self.quoted_fee_fen is None else min(share, self.quoted_fee_fen)


def line_of(known: Facts, income_class: str) -> LineFacts:
    """Return the one line of the charge: paid by the family alone, using no unit of anything."""
    amount, own = money.format_yuan(known.amount_fen), money.format_yuan(known.own.amount_fen)
    at = known.departed_at.astimezone(LOCAL)
    percent = f"{(known.ratio * 100).normalize():f}%"
    capped = (
        "，不超过报价中的上门服务费" if known.amount_fen < money.ratio_fen(known.own.amount_fen, known.ratio) else ""
    )
    why = f"{NAME}：医护已于{at:%H:%M}出发，上门服务费{own}元×{percent}{capped}＝{amount}元"
    return LineFacts(
        code=CANCELLATION,
        name=NAME,
        quantity=None,
        charged_quantity=None,
        status=LineStatus.charged,
        gross_fen=known.amount_fen,
        patient_fen=known.amount_fen,
        price_from=known.own.tariff.valid.first,
        reason=why,
        fundings=(FundingFacts(Payer.self_pay, known.amount_fen, None, None, f"{NAME}，您自付{amount}元"),),
        income=Income(income_class),
        sentence=f"{NAME}：您付{amount}元",
    )
