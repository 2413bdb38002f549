"""A visit settled and reversed: gate, lines, funding and fee put together.

The same function answers for a case file, a quote and a visit of the database: a quote passes a visit that it takes
as verified, and no peers, so that its fee is a ceiling.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from service.billing.rules import bills, fee, funding, gate, lines, terms, words

VERSION: Final = "xunzhen.billing-rules/1"
"""Which rules the kernel carries out; another result of the same facts is another version."""


def settle_visit(
    visit: words.Visit,
    *,
    terms: terms.Terms,
    patient: words.Patient,
    used: words.Used,
    peers: Iterable[words.Visit] = (),
) -> bills.Settlement:
    """Settle a visit: what it costs, who pays, and what it uses of each balance.

    `peers` are the other visits that may share its fee (same trip and home); their staff and prices are in `terms`.
    `used` holds the patient's balances without this visit. The caller sees to it that a visit is settled once.

    Raises:
        Refused: the gate's reason and facts.
    """
    refusal = gate.find_refusal(visit, terms)
    if refusal is not None:
        raise bills.Refused(refusal.reason, **refusal.facts)
    desk = funding.open_desk(visit, terms, patient, used)
    # one after the other: an earlier line uses a balance first, the fee comes last
    funded = tuple(replace(line, funding=funding.fund_line(line, desk)) for line in lines.price_lines(visit, terms))
    share = fee.find_share(visit, peers, terms)
    fee_line = None if share is None else fee.charge_fee(share, funded, desk)
    bill = bills.Bill(visit.id, patient.id, visit.service_on, funded, fee_line)
    return bills.Settlement(bill, tuple(desk.purse.consumptions))


def reverse_settlement(settlement: bills.Settlement) -> bills.Reversal:
    """Return everything that a settlement has consumed; the visit may then be settled again."""
    bill = settlement.bill
    return bills.Reversal(bill.gross_fen, bill.patient_fen, bills.negate(settlement.consumptions))
