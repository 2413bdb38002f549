"""A bill made in three pure steps: limits before the kernel, the kernel, reductions after it.

A quote, a settlement and the proof of a bill all go through `make`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from service.billing import limits as limiting
from service.billing import reductions, rules

Line: TypeAlias = rules.Line | rules.FeeLine | limiting.Cut
"""A line of a bill: the kernel's, or one that did not reach it."""


@dataclass(frozen=True, slots=True)
class Made:
    """A bill: what reached the kernel (`visit` on `terms`), what the kernel made of it, and what stands around it.

    `share` is the visit's share of its trip's fee, also where a limit lets it cost nothing.
    """

    visit: rules.Visit
    terms: rules.Terms
    limited: limiting.Limited
    settlement: rules.Settlement
    share: rules.FeeShare | None
    reduced: tuple[reductions.Reduced, ...]
    uses: tuple[limiting.Use, ...]

    @property
    def bill(self) -> rules.Bill:
        """The kernel's bill."""
        return self.settlement.bill

    @property
    def lines(self) -> tuple[tuple[Line, reductions.Reduced | None], ...]:
        """All lines in the order of the bill, each with what is taken off it: services, what was cut, the fee."""
        taken = {each.at: each for each in self.reduced}
        kernel = kernel_lines(self.bill)
        told: list[tuple[Line, reductions.Reduced | None]] = [(line, taken.get(at)) for at, line in enumerate(kernel)]
        cut: list[tuple[Line, reductions.Reduced | None]] = [(each, None) for each in self.limited.cut]
        services = len(self.bill.lines)
        fee: list[tuple[Line, reductions.Reduced | None]] = told[services:]
        if self.limited.fee is not None:
            fee = [(self.limited.fee, None)]
        return (*told[:services], *cut, *fee)

    @property
    def reduction_fen(self) -> int:
        """What is taken off the family's part."""
        return sum(each.amount_fen for each in self.reduced)

    @property
    def patient_fen(self) -> int:
        """What the family pays."""
        return self.bill.patient_fen - self.reduction_fen


def make(
    visit: rules.Visit,
    *,
    terms: rules.Terms,
    patient: rules.Patient,
    used: rules.Used,
    peers: Sequence[rules.Visit] = (),
    limits: Sequence[limiting.Limit] = (),
    offer: reductions.Offer = reductions.NOTHING,
) -> Made:
    """Make the bill of a visit.

    The gate is asked about the visit as it was, before anything is cut. A fee that a limit cuts is still counted for
    the others of the trip: their shares do not depend on it.

    Raises:
        rules.Refused: the gate's reason and facts.
    """
    refusal = rules.find_refusal(visit, terms)
    if refusal is not None:
        raise rules.Refused(refusal.reason, **refusal.facts)
    share = rules.find_share(visit, peers, terms)
    limited = limiting.apply(visit.items, limits, has_fee=share is not None)
    served = replace(visit, items=limited.items)
    holds = terms if limited.fee is None else without_fee(terms)
    settlement = rules.settle_visit(served, terms=holds, patient=patient, used=used, peers=peers)
    own = [(code_of(line), line.patient_fen) for line in kernel_lines(settlement.bill)]
    return Made(
        visit=served,
        terms=holds,
        limited=limited,
        settlement=settlement,
        share=share,
        reduced=reductions.apply(own, offer),
        uses=limiting.uses_of(settlement.bill, limits),
    )


def without_fee(terms: rules.Terms) -> rules.Terms:
    """Return the terms of an institution as if it charged no visit fee."""
    return replace(terms, policy=replace(terms.policy, fee=rules.FeePolicy.none))


def kernel_lines(bill: rules.Bill) -> tuple[rules.Line | rules.FeeLine, ...]:
    """Return the lines of the kernel's bill, the fee last."""
    return (*bill.lines, *([bill.fee] if bill.fee else []))


def dated_row(line: Line, made: Made) -> rules.PriceRow | rules.Tariff:
    """Return the price row of a line, or the tariff of the fee's: the gate has seen to it that there is one.

    Raises:
        ValueError: there is none.
    """
    if isinstance(line, rules.Line):
        return line.price
    found: rules.PriceRow | rules.Tariff | None = made.terms.find_price(code_of(line), made.visit.service_on)
    if code_of(line) == rules.VISIT_FEE:
        found = made.share.own.tariff if made.share else None
    if found is None:
        raise ValueError(f"{code_of(line)}: a line without a price")
    return found


def code_of(line: Line) -> str:
    """Return the code of a line."""
    return rules.VISIT_FEE if isinstance(line, rules.FeeLine) else line.code
