"""The visit fee (上门服务费): distance tiers, staff, night, and one fee per trip and home shared by its visits."""

from collections.abc import Iterable, Sequence
from typing import Final

from service.billing.rules import bills, funding, gate, terms, words
from service.core import money

_FREEING: Final = frozenset(
    {bills.Source.public_program, bills.Source.bed_per_diem, bills.Source.capitation, bills.Source.contract}
)
"""Sources that, having paid for all services of a visit, free it from its fee."""


def find_own_fee(visit: words.Visit, holds: terms.Terms) -> bills.OwnFee | None:
    """Return the fee of a visit on its own data, or None when no tariff applies.

    Also None for a distance beyond the last tier, which the gate refuses. R046, R050.
    """
    tariff = holds.find_tariff(visit.service_on)
    if tariff is None:
        return None
    tier = next((tier for tier in tariff.tiers if tier.reaches(visit.distance_km)), None)
    if tier is None:
        return None
    units = len(set(visit.staff)) if tariff.unit is words.FeeUnit.visit_staff else 1
    night = tariff.night if tariff.night is not None and tariff.night.covers(visit.starts_at) else None
    factors = (units,) if night is None else (units, night.multiplier)
    amount = money.product_fen(tier.price, *factors)
    return bills.OwnFee(tariff, tier.price, units, night.multiplier if night else None, amount)


def find_share(visit: words.Visit, peers: Iterable[words.Visit], holds: terms.Terms) -> bills.FeeShare | None:
    """Return a visit's share of the fee of its trip and home, or None when it has no fee.

    `peers` are other visits, of any trip: those of the same trip and home are counted, settled or not, unless the
    gate would refuse them; so a share never depends on what happens to the others. The highest of the fees is split
    in proportion to them: a share never exceeds the visit's own fee.
    """
    own = find_own_fee(visit, holds)
    if own is None:
        return None
    if holds.policy.fee_sharing is words.FeeSharing.per_patient or visit.trip is None or visit.home is None:
        return bills.FeeShare(own, ((visit.id, own.amount_fen),), own.amount_fen, own.amount_fen)
    fees = {visit.id: own.amount_fen}
    for peer in peers:
        if (peer.trip, peer.home) == (visit.trip, visit.home) and peer.id != visit.id:
            peer_fee = find_own_fee(peer, holds) if gate.find_refusal(peer, holds) is None else None
            if peer_fee is not None:
                fees[peer.id] = peer_fee.amount_fen
    # ties of the split go to the earlier position: ids in code point order, as `str` compares
    counted = tuple(sorted(fees.items()))
    home_fen = max(fees.values())
    shares = money.split_largest_remainder(home_fen, [amount for _, amount in counted])
    return bills.FeeShare(own, counted, home_fen, shares[counted.index((visit.id, own.amount_fen))])


def charge_fee(share: bills.FeeShare, lines: Sequence[bills.Line], desk: funding.Desk) -> bills.FeeLine:
    """Decide who pays a visit's share of the fee, `lines` being funded already.

    In this order: waived in an open bed cycle; paid by a contract that covers visit fees; waived when those who
    fund the services have paid for all of them; else by insurance and the patient. A share that is waived stays as it
    is for the others. R040, R046, R070.
    """
    policy, on = desk.terms.policy, desk.visit.service_on
    if policy.fee_in_bed_cycle is words.Leniency.waive and any(bed.is_open(on) for bed in desk.patient.beds):
        return bills.FeeLine(bills.LineStatus.waived, bills.LineReason.fee_waived_in_bed_cycle, share, 0)
    covering = next((deal for deal in desk.contracts if deal.covers_visit_fee), None)
    if covering is not None:
        return _covered(share, covering)
    if policy.fee_when_fully_funded is words.Leniency.waive and _is_fully_funded(lines):
        return bills.FeeLine(bills.LineStatus.waived, bills.LineReason.fee_waived_fully_funded, share, 0)
    reason = bills.LineReason.fee_shared if share.sharers > 1 else bills.LineReason.fee
    paid = funding.fund_fee(share.amount_fen, share.own.tariff, desk)
    return bills.FeeLine(bills.LineStatus.charged, reason, share, share.amount_fen, paid)


def _covered(share: bills.FeeShare, contract: words.Contract) -> bills.FeeLine:
    amount, reason = share.amount_fen, bills.FundingReason.contract_covers_fee
    paid = (bills.Funding(bills.Source.contract, amount, reason, ref=contract.id),) if amount else ()
    return bills.FeeLine(bills.LineStatus.charged, bills.LineReason.fee_covered_by_contract, share, amount, paid)


def _is_fully_funded(lines: Sequence[bills.Line]) -> bool:
    """Return whether some service costs money and all such money was paid for the patient by units."""
    costly = [line for line in lines if line.status is bills.LineStatus.charged and line.gross_fen > 0]
    return bool(costly) and all(paid.source in _FREEING for line in costly for paid in line.funding)
