"""Bed days beside the kernel: which days are insured, and who bears what the fund does not pay. Pure.

The kernel splits a day between fund and rest; the rest is split here between the institution and the patient
(患者与医疗机构按比例分担, R064), day by day, so that days can be taken back one by one.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Final
from uuid import UUID

from service.billing import rules
from service.billing.bed_days import errors
from service.billing.ledger.rules import Charge, Income, Part
from service.catalog.per_diem_rules import StayKind
from service.contracts.rules import Claim, Source
from service.core import money

MOST_DAYS: Final = 366
INSURANCE: Final = "medical_insurance"
INSTITUTION: Final = "institution"
PATIENT: Final = "self_pay"
SOURCES: Final = (INSURANCE, INSTITUTION, PATIENT)
"""Who pays a bed day, in the order of the bill; the words are those of the bills of visits."""

KIND_NAMES: Final[Mapping[StayKind, str]] = {
    StayKind.treatment: "家庭病床（治疗型）",
    StayKind.rehabilitation: "家庭病床（康复型）",
    StayKind.palliative: "家庭病床（舒缓照顾型）",
    StayKind.hospice_ward: "住院安宁疗护",
    StayKind.medical_rehabilitation: "医疗康复",
}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Parts:
    """Who bears some days: Σ = gross."""

    gross_fen: int
    fund_fen: int
    institution_fen: int

    @property
    def patient_fen(self) -> int:
        """What is left for the patient."""
        return self.gross_fen - self.fund_fen - self.institution_fen

    def by_source(self) -> dict[str, int]:
        """Return who pays how much, in the order of the bill, without those who pay nothing."""
        paid = zip(SOURCES, (self.fund_fen, self.institution_fen, self.patient_fen), strict=True)
        return {source: amount for source, amount in paid if amount}


@dataclass(frozen=True, slots=True)
class DayBill:
    """One billed day with the part that it added to its line."""

    on: date
    parts: Parts


@dataclass(frozen=True, slots=True)
class Funding:
    """What one source pays of a line, and why."""

    source: str
    amount_fen: int
    reason: str


@dataclass(frozen=True, slots=True)
class LineBill:
    """The days of one calendar year."""

    year: int
    parts: Parts
    reason: str
    fundings: tuple[Funding, ...]
    days: tuple[DayBill, ...]


def refuse_long(first: date, until: date) -> None:
    """Refuse more than a year at once.

    Raises:
        errors.BedPeriodTooLong: names how many days are possible.
    """
    if (until - first).days > MOST_DAYS:
        raise errors.BedPeriodTooLong(most_days=MOST_DAYS)


def due_days(bed: rules.Bed, first: date, until: date, billed: Collection[date]) -> list[date]:
    """Return the days of [first, until) on which a bed is open and that are in no bill, as the kernel counts them."""
    days = (first + _DAY * at for at in range((until - first).days))
    return [on for on in days if bed.is_open(on) and on not in billed]


def insured_period(due: Sequence[date], insured: Collection[date]) -> rules.Period | None:
    """Return the period in which the insurance pays for days that are due, None when it pays for none.

    Raises:
        errors.InsuranceInterrupted: it pays, pays not, and pays again; names the day from which it pays again.
    """
    paid = [at for at, on in enumerate(due) if on in insured]
    if not paid:
        return None
    for before, at in pairwise(paid):
        if at != before + 1:
            raise errors.InsuranceInterrupted(until=due[at])
    return rules.Period(due[paid[0]], due[paid[-1]])


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


def lines_of(bill: rules.BedSettlement, institution_share: Decimal, kind: StayKind) -> tuple[LineBill, ...]:
    """Return the kernel's lines with the institution's part, each with its days and in words."""
    by_year = {year: list(days) for year, days in groupby(bill.days, key=lambda day: day.on.year)}
    return tuple(_line(line, by_year[int(line.year)], institution_share, kind) for line in bill.lines)


def sum_of(days: Iterable[Parts]) -> Parts:
    """Return what days come to together."""
    known = list(days)
    return Parts(
        sum(each.gross_fen for each in known),
        sum(each.fund_fen for each in known),
        sum(each.institution_fen for each in known),
    )


def charge_of(parts: Parts, income_class: str) -> Charge:
    """Return the days as the ledger books them; the institution's part is a line of the journal, not of the family."""
    paid = tuple(Part(source, amount) for source, amount in parts.by_source().items())
    return Charge(rules.BED_DAY, Income(income_class), paid)


def claims_of(person_id: UUID, fund_fen_by_year: Mapping[int, int]) -> list[Claim]:
    """Return what is used of the fund's yearly cap."""
    return [claim(person_id, year, fen) for year, fen in sorted(fund_fen_by_year.items()) if fen]


def claim(person_id: UUID, year: int, fen: int) -> Claim:
    """Return a part of the yearly cap, of the person in the region: whatever the institution and the kind of stay."""
    return Claim(Source.per_diem, person_id, "", f"{year:04d}", fen)


def _line(line: rules.BedLine, days: Iterable[rules.BedDay], share: Decimal, kind: StayKind) -> LineBill:
    shared = share_rest(days, share)
    parts = sum_of(day.parts for day in shared)
    left = next((paid.left or 0 for paid in line.funding if paid.source is rules.Source.medical_insurance), 0)
    gross, name = money.format_yuan(parts.gross_fen), KIND_NAMES[kind]
    return LineBill(
        year=int(line.year),
        parts=parts,
        reason=f"{line.year}年{name}{len(shared)}个床日，共{gross}元（计入不计出）",
        fundings=tuple(
            Funding(source, amount, _explain(source, amount, parts, left, share))
            for source, amount in parts.by_source().items()
        ),
        days=tuple(shared),
    )


def _explain(source: str, amount_fen: int, parts: Parts, left_fen: int, share: Decimal) -> str:
    yuan = money.format_yuan(amount_fen)
    if source == INSURANCE:
        return f"床日费由医保按床日支付{yuan}元，今年还可支付{money.format_yuan(left_fen)}元"
    if source == INSTITUTION:
        return f"医保不支付的部分由医疗机构按协议分担{(share * 100).normalize():f}%，计{yuan}元"
    before = [name for paid, name in ((parts.fund_fen, "医保支付"), (parts.institution_fen, "医疗机构分担")) if paid]
    return f"床日费{'、'.join(before)}后，您自付{yuan}元" if before else f"床日费没有可用的经费来源，您自付{yuan}元"
