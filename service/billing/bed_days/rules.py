"""Bed days beside the kernel: which days are insured, and what a bill says of who bears them. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final
from uuid import UUID

from service.billing import rules
from service.billing.bed_days import errors, reducing, sharing
from service.billing.ledger.rules import Charge, Income, Part
from service.catalog.per_diem_rules import StayKind
from service.contracts.rules import Claim, Source
from service.core import money

MOST_DAYS: Final = 366
KIND_NAMES: Final[Mapping[StayKind, str]] = {
    StayKind.treatment: "家庭病床（治疗型）",
    StayKind.rehabilitation: "家庭病床（康复型）",
    StayKind.palliative: "家庭病床（舒缓照顾型）",
    StayKind.hospice_ward: "住院安宁疗护",
    StayKind.medical_rehabilitation: "医疗康复",
}
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Funding:
    """What one source pays of a line, and why."""

    source: str
    amount_fen: int
    reason: str


@dataclass(frozen=True, slots=True)
class LineBill:
    """The days of one calendar year, and what was taken off them."""

    year: int
    parts: sharing.Parts
    reason: str
    fundings: tuple[Funding, ...]
    days: tuple[sharing.DayBill, ...]
    reduced: tuple[reducing.Applied, ...] = ()


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


def lines_of(
    bill: rules.BedSettlement, institution_share: Decimal, kind: StayKind, offers: reducing.Offers = reducing.NOTHING
) -> tuple[LineBill, ...]:
    """Return the kernel's lines with the institution's part and the reductions, each with its days and in words."""
    whole = sharing.split(bill, institution_share, offers)
    return tuple(
        _line(line, days, whole.reduced, institution_share, kind)
        for line, days in zip(bill.lines, whole.years, strict=True)
    )


def charge_of(parts: sharing.Parts, income_class: str) -> Charge:
    """Return the days as the ledger books them; the institution's part is a line of the journal, not of the family."""
    paid = tuple(Part(source, amount) for source, amount in parts.by_source().items())
    return Charge(rules.BED_DAY, Income(income_class), paid)


def claims_of(person_id: UUID, fund_fen_by_year: Mapping[int, int]) -> list[Claim]:
    """Return what is used of the fund's yearly cap."""
    return [claim(person_id, year, fen) for year, fen in sorted(fund_fen_by_year.items()) if fen]


def claim(person_id: UUID, year: int, fen: int) -> Claim:
    """Return a part of the yearly cap, of the person in the region: whatever the institution and the kind of stay."""
    return Claim(Source.per_diem, person_id, "", f"{year:04d}", fen)


def _line(
    line: rules.BedLine,
    days: tuple[sharing.DayBill, ...],
    applied: Iterable[reducing.Applied],
    share: Decimal,
    kind: StayKind,
) -> LineBill:
    parts, year = sharing.sum_of(day.parts for day in days), int(line.year)
    left = next((paid.left or 0 for paid in line.funding if paid.source is rules.Source.medical_insurance), 0)
    gross, name = money.format_yuan(parts.gross_fen), KIND_NAMES[kind]
    reduced = tuple(each for each in applied if each.first.year == year)
    return LineBill(
        year=year,
        parts=parts,
        reason=f"{year}年{name}{len(days)}个床日，共{gross}元（计入不计出）",
        fundings=tuple(
            Funding(source, amount, _explain(source, amount, parts, left_fen=left, share=share, reduced=reduced))
            for source, amount in parts.by_source().items()
        ),
        days=days,
        reduced=reduced,
    )


def _explain(
    source: str,
    amount_fen: int,
    parts: sharing.Parts,
    *,
    left_fen: int,
    share: Decimal,
    reduced: Iterable[reducing.Applied],
) -> str:
    yuan = money.format_yuan(amount_fen)
    match source:
        case "medical_insurance":
            return f"床日费由医保按床日支付{yuan}元，今年还可支付{money.format_yuan(left_fen)}元"
        case "institution":
            return f"医保不支付的部分由医疗机构按协议分担{(share * 100).normalize():f}%，计{yuan}元"
        case "reduction":
            titles: dict[str, int] = {}
            for each in reduced:
                titles[each.rule.title] = titles.get(each.rule.title, 0) + each.amount_fen
            return "；".join(f"床日费：{title}，减免{money.format_yuan(fen)}元" for title, fen in titles.items())
    before = [name for name, amount in _before_the_patient(parts) if amount]
    return f"床日费{'、'.join(before)}后，您自付{yuan}元" if before else f"床日费没有可用的经费来源，您自付{yuan}元"


def _before_the_patient(parts: sharing.Parts) -> tuple[tuple[str, int], ...]:
    return ("医保支付", parts.fund_fen), ("医疗机构分担", parts.institution_fen), ("减免", parts.reduction_fen)
