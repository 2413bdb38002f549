"""Bed days of 家庭病床按床日付费: each day billed once, insurance and patient share it by ratio (R063, R064).

Days are counted 计入不计出. Within a line each day has the part that it adds, so that days can be returned one by one.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby

from service.billing.rules import bills, words
from service.core import money

_DAY = timedelta(days=1)


def settle_bed_days(
    bed: words.Bed,
    first: date,
    until: date,
    *,
    patient: words.Patient,
    used: words.Used,
    billed: Collection[date],
) -> bills.BedSettlement:
    """Bill the days of [first, until) on which a bed is open and that are in no bill yet, one line per calendar year.

    `billed` are the days billed for the patient, over all episodes.

    Raises:
        Refused: `bed_not_per_diem`, or `nothing_to_bill`.
    """
    per_diem = require_per_diem(bed)
    days = [on for on in _days(max(first, bed.opened_on), _sooner(until, bed.closed_on)) if bed.is_open(on)]
    due = [on for on in days if on not in billed]
    if not due:
        raise bills.Refused(bills.RefusalReason.nothing_to_bill)
    billed_now: list[bills.BedDay] = []
    lines: list[bills.BedLine] = []
    consumptions: list[bills.Consumption] = []
    for year, days_of_year in groupby(due, key=words.year_of):
        balance = words.Entitlement(words.Balance.per_diem_fen, patient.id, period=year)
        left = max(0, per_diem.year_cap_fen - used.get(balance, 0))
        parts = list(_split_by_day(list(days_of_year), bed.id, patient, per_diem, left))
        fund = sum(day.fund_fen for day in parts)
        lines.append(_line(year, parts, fund, left - fund))
        if fund:
            consumptions.append(bills.Consumption(balance, words.BED_DAY, fund))
        billed_now += parts
    return bills.BedSettlement(bed.id, patient.id, tuple(lines), tuple(billed_now), tuple(consumptions))


def reverse_bed_days(bed: words.Bed, days: Sequence[bills.BedDay]) -> bills.Reversal:
    """Return billed days of a bed, each with its parts; they can be billed again.

    Raises:
        Refused: `bed_not_per_diem`, or `not_settled` when there is no such day.
    """
    require_per_diem(bed)
    if not days:
        raise bills.Refused(bills.RefusalReason.not_settled)
    gross = sum(day.gross_fen for day in days)
    fund = sum(day.fund_fen for day in days)
    consumptions = (
        bills.Consumption(
            words.Entitlement(words.Balance.per_diem_fen, day.patient, period=words.year_of(day.on)),
            words.BED_DAY,
            -day.fund_fen,
        )
        for day in days
        if day.fund_fen
    )
    return bills.Reversal(gross, gross - fund, tuple(consumptions))


def require_per_diem(bed: words.Bed) -> words.PerDiem:
    """Return what a bed that is paid by the day costs.

    Raises:
        Refused: `bed_not_per_diem`.
    """
    if bed.per_diem is None:
        raise bills.Refused(bills.RefusalReason.bed_not_per_diem)
    return bed.per_diem


def _split_by_day(
    days: Iterable[date], bed: str, patient: words.Patient, per_diem: words.PerDiem, cap_left_fen: int
) -> Iterator[bills.BedDay]:
    """Give each day what it adds to the line: to its gross, and to the insurance's part of the insured days' gross."""
    gross_so_far = insurable = fund_so_far = 0
    for count, on in enumerate(days, start=1):
        gross = money.line_total_fen(per_diem.daily_rate, count) - gross_so_far
        gross_so_far += gross
        if patient.insured is not None and patient.insured.covers(on):
            insurable += gross
        fund = min(money.ratio_fen(insurable, per_diem.pay_ratio), cap_left_fen) - fund_so_far
        fund_so_far += fund
        yield bills.BedDay(bed, patient.id, on, gross, fund)


def _line(year: str, days: Sequence[bills.BedDay], fund_fen: int, cap_left_fen: int) -> bills.BedLine:
    gross = sum(day.gross_fen for day in days)
    paid: list[bills.Funding] = []
    if fund_fen:
        reason = bills.FundingReason.insurance_per_diem
        paid.append(bills.Funding(bills.Source.medical_insurance, fund_fen, reason, left=cap_left_fen))
    if gross > fund_fen:
        why = bills.FundingReason.rest_after_insurance if fund_fen else bills.FundingReason.nobody_pays
        paid.append(bills.Funding(bills.Source.self_pay, gross - fund_fen, why))
    return bills.BedLine(year, len(days), gross, tuple(paid))


def _days(first: date, until: date) -> Iterator[date]:
    on = first
    while on < until:
        yield on
        on += _DAY


def _sooner(until: date, closed_on: date | None) -> date:
    return until if closed_on is None else min(until, closed_on)
