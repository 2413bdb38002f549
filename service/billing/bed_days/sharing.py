"""The parts of bed days: who bears each day, and what lines and bills come to. Pure.

The kernel splits a day between fund and rest; the rest is split here between the institution and the patient
(患者与医疗机构按比例分担, R064), day by day, so that days can be taken back one by one. Of the patient's part
reductions are taken off (减免).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from service.billing import rules
from service.billing.bed_days import reducing
from service.core import money

INSURANCE: Final = "medical_insurance"
INSTITUTION: Final = "institution"
REDUCTION: Final = "reduction"
PATIENT: Final = "self_pay"
SOURCES: Final = (INSURANCE, INSTITUTION, REDUCTION, PATIENT)
"""Who pays a bed day, in the order of the bill; the words are those of the bills of visits."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Who bears some days: Σ = gross."""

    gross_fen: int
    fund_fen: int
    institution_fen: int
    reduction_fen: int = 0

    @property
    def patient_fen(self) -> int:
        """What is left for the patient."""
        return self.gross_fen - self.fund_fen - self.institution_fen - self.reduction_fen

    def in_fen(self) -> dict[str, Any]:
        """Return the parts by the names that rows and answers give them."""
        return {
            "gross_fen": self.gross_fen,
            "fund_fen": self.fund_fen,
            "institution_fen": self.institution_fen,
            "reduction_fen": self.reduction_fen,
            "patient_fen": self.patient_fen,
        }

    def by_source(self) -> dict[str, int]:
        """Return who pays how much, in the order of the bill, without those who pay nothing."""
        amounts = (self.fund_fen, self.institution_fen, self.reduction_fen, self.patient_fen)
        return {source: amount for source, amount in zip(SOURCES, amounts, strict=True) if amount}


@dataclass(frozen=True, slots=True)
class DayBill:
    """One billed day with the part that it added to its line."""

    on: date
    parts: Parts


@dataclass(frozen=True, slots=True)
class Split:
    """The days of a bill, year by year, each with those who bear it; and what was taken off runs of days."""

    years: tuple[tuple[DayBill, ...], ...]
    reduced: tuple[reducing.Applied, ...]


def share_rest(days: Iterable[rules.BedDay], institution_share: Decimal) -> list[DayBill]:
    """Return the days of one line with the institution's part of what the fund does not pay.

    Of the line it bears its share, rounded once; each day has what it adds to that.
    """
    rest = borne = 0
    shared = []
    for day in days:
        rest += day.gross_fen - day.fund_fen
        part = money.ratio_fen(rest, institution_share) - borne
        borne += part
        shared.append(DayBill(day.on, Parts(day.gross_fen, day.fund_fen, part)))
    return shared


def split(bill: rules.BedSettlement, institution_share: Decimal, offers: reducing.Offers) -> Split:
    """Return the kernel's days year by year, with the institution's part, and what is taken off the patient's."""
    years = [share_rest(days, institution_share) for _, days in groupby(bill.days, key=lambda day: day.on.year)]
    taken = reducing.apply([[(day.on, day.parts.patient_fen) for day in days] for days in years], offers)
    reduced = [[_reduced(day, taken.days.get(day.on, 0)) for day in days] for days in years]
    return Split(tuple(map(tuple, reduced)), taken.applied)


def sum_of(days: Iterable[Parts]) -> Parts:
    """Return what days come to together."""
    known = list(days)
    return Parts(
        sum(each.gross_fen for each in known),
        sum(each.fund_fen for each in known),
        sum(each.institution_fen for each in known),
        sum(each.reduction_fen for each in known),
    )


def _reduced(day: DayBill, reduction_fen: int) -> DayBill:
    return replace(day, parts=replace(day.parts, reduction_fen=reduction_fen))
