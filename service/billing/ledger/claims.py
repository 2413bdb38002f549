"""What of a bill is claimed from medical insurance, line by line, in the terms of the national settlement (R065). Pure.

The kernel says who pays what; an insurer also asks why: which class the line was of, how much of it his policy covers
(政策范围内), how much the patient pays first (先行自付) or alone (全自费), how much fell below the deductible.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from service.billing import rules as kernel
from service.core import money

_REASONS: Final = frozenset(
    {
        kernel.FundingReason.insurance,
        kernel.FundingReason.rest_after_insurance,
        kernel.FundingReason.insurance_exhausted,
        kernel.FundingReason.class_c,
    }
)
"""Money with one of these reasons came before the insurer, whoever then paid it."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What of a line came before medical insurance: `insured_fen` of a class, of which `eligible_fen` is covered.

    Of the eligible money `deductible_fen` fell below the year's deductible.
    """

    insurance_class: str
    insured_fen: int
    eligible_fen: int
    deductible_fen: int


def claimed_of(settlement: kernel.Settlement) -> dict[str, Claimed]:
    """Return what of each line came before medical insurance; lines that did not are left out."""
    bill = settlement.bill
    below: dict[str, int] = {}
    for used in settlement.consumptions:
        if used.entitlement.balance is kernel.Balance.deductible_fen:
            below[used.code] = below.get(used.code, 0) + used.amount
    found = {
        line.code: _claimed(line.funding, line.price.insurance_class, line.price.self_ratio, below.get(line.code, 0))
        for line in bill.lines
    }
    if bill.fee is not None:
        tariff = bill.fee.share.own.tariff
        fee_below = below.get(kernel.VISIT_FEE, 0)
        found[kernel.VISIT_FEE] = _claimed(bill.fee.funding, tariff.insurance_class, tariff.self_ratio, fee_below)
    return {code: claim for code, claim in found.items() if claim is not None}


def _claimed(
    funding: Iterable[kernel.Funding], insurance_class: kernel.InsuranceClass, self_ratio: Decimal, below_fen: int
) -> Claimed | None:
    insured = sum(paid.amount_fen for paid in funding if paid.reason in _REASONS)
    if not insured:
        return None
    first: Mapping[kernel.InsuranceClass, int] = {
        kernel.InsuranceClass.A: 0,
        kernel.InsuranceClass.B: money.ratio_fen(insured, self_ratio),
        kernel.InsuranceClass.C: insured,
    }
    return Claimed(str(insurance_class), insured, insured - first[insurance_class], below_fen)
