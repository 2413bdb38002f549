"""What a cancelled visit costs (上门服务取消费): a share of its own fee, paid by the family alone. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
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


class Waiver(StrEnum):
    """Why a crew that went in vain costs nothing."""

    deceased = "deceased"
    in_hospital = "in_hospital"


WAIVED: Final[Mapping[Waiver, str]] = {
    Waiver.deceased: "居民当天已去世，不收取消费，自动冲销",
    Waiver.in_hospital: "居民当天住院，不收取消费，自动冲销",
}
"""What a charge says that was taken back for it."""


def waiver_of(service_on: date, *, deceased_on: date | None, is_in_hospital: bool) -> Waiver | None:
    """Return why nothing is charged on a day: the person died on it or before, or lay in a hospital."""
    if deceased_on is not None and deceased_on <= service_on:
        return Waiver.deceased
    return Waiver.in_hospital if is_in_hospital else None


@dataclass(frozen=True, slots=True)
class Trip:
    """The visits of one trip that share the one fee of a home with a visit in vain.

    `in_vain` are those whose crew went in vain, by id, each with its own fee; the visit is the one `at`. `served_fen`
    is the fee that those have who were served.
    """

    in_vain: tuple[tuple[str, int], ...]
    at: int
    served_fen: int

    def share_fen(self, ratio: Decimal) -> int:
        """Return the visit's part of what is charged for the ways in vain: a ratio of what the served leave of the fee.

        The fee of a home is the highest of its visits; it is shared like that of visits that were served. So a home
        never pays more for a trip than the one fee.
        """
        fees = [fee for _, fee in self.in_vain]
        left = max(0, max(fees) - self.served_fen)
        return money.split_largest_remainder(money.ratio_fen(left, ratio), fees)[self.at]


def trip_of(visit: rules.Visit, peers: Iterable[rules.Visit], holds: rules.Terms) -> Trip | None:
    """Return with whom a visit in vain shares the fee of its trip and home, None when it stands alone.

    `peers` are the trip's other visits, `verified` or in vain; those without a fee are not counted. Where each patient
    pays his own fee nobody shares.
    """
    if holds.policy.fee_sharing is rules.FeeSharing.per_patient:
        return None
    fees, served = {}, [0]
    for each in (visit, *peers):
        own = rules.find_own_fee(each, holds) if (each.trip, each.home) == (visit.trip, visit.home) else None
        if own is not None and each.verified:
            served.append(own.amount_fen)
        elif own is not None:
            fees[each.id] = own.amount_fen
    if visit.id not in fees or (len(fees) == 1 and len(served) == 1):
        return None
    counted = sorted(fees.items())
    return Trip(tuple(counted), [each for each, _ in counted].index(visit.id), max(served))


@dataclass(frozen=True, slots=True)
class Facts:
    """What the charge stands on: when the crew set out, the visit's own fee, the institution's share of it.

    `quoted_fee_fen` is what the family was to pay as the fee by the accepted quote; None without one. `trip`: with whom
    the fee is shared; None: with nobody.
    """

    service_on: date
    departed_at: datetime
    own: rules.OwnFee
    ratio: Decimal
    quoted_fee_fen: int | None
    deceased_on: date | None
    is_in_hospital: bool
    trip: Trip | None = None

    @property
    def share_fen(self) -> int:
        """The institution's ratio of the own fee, or of what falls on the visit of its home's one fee."""
        if self.trip is None:
            return money.ratio_fen(self.own.amount_fen, self.ratio)
        return self.trip.share_fen(self.ratio)

    @property
    def amount_fen(self) -> int:
        """What is charged: never more than the fee that the family accepted, nothing on death or admission."""
        if waiver_of(self.service_on, deceased_on=self.deceased_on, is_in_hospital=self.is_in_hospital) is not None:
            return 0
        return self.share_fen if self.quoted_fee_fen is None else min(self.share_fen, self.quoted_fee_fen)


def line_of(known: Facts, income_class: str) -> LineFacts:
    """Return the one line of the charge: paid by the family alone, using no unit of anything."""
    amount, own = money.format_yuan(known.amount_fen), money.format_yuan(known.own.amount_fen)
    at = known.departed_at.astimezone(LOCAL)
    percent = f"{(known.ratio * 100).normalize():f}%"
    capped = "，不超过报价中的上门服务费" if known.amount_fen < known.share_fen else ""
    why = f"{NAME}：医护已于{at:%H:%M}出发，上门服务费{own}元×{percent}{_shared(known.trip)}{capped}＝{amount}元"
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


def _shared(trip: Trip | None) -> str:
    if trip is None:
        return ""
    others = f"，同一次上门同住{len(trip.in_vain)}人未遇，按一次上门服务费分摊" if len(trip.in_vain) > 1 else ""
    served = money.format_yuan(trip.served_fen)
    return others + (f"，已服务的同住者上门服务费{served}元不再重复收取" if trip.served_fen else "")
