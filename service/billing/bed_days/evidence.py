"""What a bill of bed days stands on, as a billing case: `xunzhen bill` bills the same days offline, to the same fen."""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from service.billing import evidence, rules
from service.core import money

BILLED_BEFORE: Final = "billed-before"
"""The bed that stands in the case for days in other bills, of whatever institution: billed first, for nothing."""
_DAY: Final = timedelta(days=1)


def as_case(
    bed: rules.Bed,
    *,
    institution_code: str,
    patient: rules.Patient,
    used_fen: Mapping[str, int],
    billed: Collection[date],
    first: date,
    until: date,
) -> dict[str, Any]:
    """Return the billing case whose last event bills the days of [first, until) on exactly these facts.

    `used_fen` is what the fund has paid by the day, by year; `billed` are days of the period that are in other bills.
    """
    told: dict[str, Any] = {"id": patient.id}
    if patient.insured is not None:
        told["insurance"] = {
            **evidence.period(patient.insured),
            "per_diem_used": {year: money.format_yuan(fen) for year, fen in sorted(used_fen.items())},
        }
    before = sorted(billed)
    beds, events = [evidence.bed(bed, patient.id)], []
    if before:
        beds.append(evidence.bed(_before(before), patient.id))
        events.append(_event(BILLED_BEFORE, before[0], before[-1] + _DAY))
    return {
        "format": evidence.FORMAT,
        "institution": {"code": institution_code, "service_modes": []},
        "staff": [],
        "price_book": [],
        "patients": [told],
        "beds": beds,
        "visits": [],
        "events": [*events, _event(bed.id, first, until)],
    }


def case_of(kept: dict[str, Any]) -> dict[str, Any]:
    """Return the billing case that a bill keeps: in its proof, or (before there were proofs) as it is."""
    case: dict[str, Any] = kept.get("case", kept)
    return case


def _event(bed: str, first: date, until: date) -> dict[str, str]:
    return {"settle_bed": bed, "from": first.isoformat(), "to": until.isoformat()}


def _before(days: list[date]) -> rules.Bed:
    """Return a bed that costs nothing and is open on exactly these days, in ascending order."""
    gaps = tuple(rules.Pause(here + _DAY, there) for here, there in pairwise(days) if here + _DAY < there)
    nothing = rules.PerDiem(Decimal(0), Decimal(0), 0)
    return rules.Bed(BILLED_BEFORE, days[0], days[-1] + _DAY, gaps, nothing)
