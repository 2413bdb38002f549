"""What may be signed and ended, what a person has by right, and what claims come to."""

import calendar
from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from uuid import UUID

from service.catalog.rules import InsuranceFacts, ProgrammeFacts
from service.contracts import errors
from service.contracts.rules.facts import (
    Balance,
    Claim,
    ContractCover,
    EnrolmentFacts,
    Grant,
    Key,
    Source,
    Standing,
    TerminationReason,
    month_of,
    year_of,
)
from service.core import dates

_INSURED = frozenset({Source.insurance_fund, Source.insurance_deductible, Source.ltci, Source.per_diem})


def earliest_end(valid_from: date, months: int) -> date:
    """Return the last day of a contract that lasts exactly `months` from `valid_from` on."""
    year, month = divmod(valid_from.month - 1 + months, 12)
    year, month = valid_from.year + year, month + 1
    day = min(valid_from.day, calendar.monthrange(year, month)[1])
    return date(year, month, day) - timedelta(days=1)


def refuse_short_term(valid_from: date, valid_to: date, months: int) -> None:
    """Refuse a contract that is shorter than the region's minimum (a year by default).

    Raises:
        errors.TermTooShort: names the first possible last day.
    """
    earliest = earliest_end(valid_from, months)
    if valid_to < earliest:
        raise errors.TermTooShort(months=months, earliest=earliest)


def refuse_signing_day(signed_on: date, valid_from: date, today: date) -> None:
    """Refuse a contract signed in the future, or that would cover days before it was signed.

    Raises:
        errors.SigningDayInvalid: names both days.
    """
    if signed_on > today or valid_from < signed_on:
        raise errors.SigningDayInvalid(signed_on=signed_on, valid_from=valid_from)


def refuse_termination(valid_from: date, valid_to: date, on: date) -> None:
    """Refuse to end a contract before it began or after its own end.

    It may be ended late, on a day gone by: what it has paid since stays until the bill is settled anew.

    Raises:
        errors.TerminationDayInvalid: names the days that are possible.
    """
    if not valid_from <= on <= valid_to:
        raise errors.TerminationDayInvalid(earliest=valid_from, latest=valid_to)


def refuse_reason(reason: TerminationReason, deceased_on: date | None) -> None:
    """Refuse to end a contract by death for the living, and for any other reason for the dead.

    Raises:
        errors.TerminationReasonWrong: the reason and the record disagree.
    """
    if (reason is TerminationReason.died) != (deceased_on is not None):
        raise errors.TerminationReasonWrong


def refuse_outside_programme(programme: ProgrammeFacts, valid_from: date) -> None:
    """Refuse an enrolment that begins on a day without the programme.

    Raises:
        errors.EnrolmentOutsideProgramme: names the programme's days.
    """
    if not dates.in_force([programme], valid_from):
        raise errors.EnrolmentOutsideProgramme(
            name=programme.name, valid_from=programme.valid_from, valid_to=programme.valid_to or "未定"
        )


def with_automatic(
    enrolments: Iterable[EnrolmentFacts],
    programmes: Iterable[ProgrammeFacts],
    *,
    age: int,
    groups: AbstractSet[str],
    diagnoses: AbstractSet[str],
    on: date,
) -> list[EnrolmentFacts]:
    """Return the enrolments of a day: by hand first, then by the criteria, in the order of the programmes' codes.

    `age`, `groups` and `diagnoses` (codes) are the person's on that day. An automatic enrolment is for that day only.
    """
    by_hand = list(enrolments)
    known = {each.programme_id for each in by_hand}
    met = [
        programme
        for programme in dates.in_force(programmes, on)
        if programme.id not in known and programme.criteria.met_by(age, groups, diagnoses)
    ]
    ordered = sorted(met, key=lambda programme: (programme.code, programme.id))
    return [*by_hand, *(EnrolmentFacts(each.id, on, on, automatic=True) for each in ordered)]


def due_grants(
    *,
    person_id: UUID,
    on: date,
    enrolments: Iterable[EnrolmentFacts],
    programmes: Iterable[ProgrammeFacts],
    insurance: InsuranceFacts | None,
    ltci_cap_fen: int | None = None,
) -> list[Grant]:
    """Return what a person has by right in the calendar year of a day, apart from contracts.

    Programmes count when enrolment and programme are both in force on the day (基本公卫: units per person and year);
    an insurance grants its fund's yearly cap and the deductible, in fen; long-term care insurance the cap of the
    person's grade for the calendar month (None: he has no grade that it pays for).
    """
    enrolled = {each.programme_id for each in dates.in_force(enrolments, on)}
    year = year_of(on)
    grants = [
        Grant(Source.public_program, programme.id, code, year, per_year)
        for programme in dates.in_force(programmes, on)
        if programme.id in enrolled
        for code, per_year in programme.items.items()
    ]
    if insurance is not None:
        plan = insurance.plan_code
        grants.append(Grant(Source.insurance_fund, person_id, plan, year, insurance.yearly_cap_fen))
        grants.append(Grant(Source.insurance_deductible, person_id, plan, year, insurance.deductible_fen))
    if ltci_cap_fen is not None:
        grants.append(Grant(Source.ltci, person_id, "", month_of(on), ltci_cap_fen))
    return grants


def missing_grants(due: Iterable[Grant], known: Iterable[Balance]) -> list[Grant]:
    """Return the grants that the ledger must still write, in a fixed order.

    A better insurance rule (or a higher grade) of the same period raises the caps; otherwise a cap stays as it was.
    """
    caps = {balance.key: balance.cap for balance in known}
    missing = [
        grant for grant in due if grant.key not in caps or (grant.source in _INSURED and caps[grant.key] < grant.cap)
    ]
    # two transactions that grant the same to one person wait for each other, and never in a circle
    return sorted(missing, key=lambda grant: grant.key)


def sum_claims(claims: Iterable[Claim]) -> dict[Key, int]:
    """Return the units wanted of each entitlement; claims on the same one add up, empty ones fall away."""
    wanted: Counter[Key] = Counter()
    for claim in claims:
        if claim.units < 0:
            raise ValueError("a claim wants units, it gives none")
        wanted[claim.key] += claim.units
    return {key: units for key, units in wanted.items() if units}


def standing_today(
    *, known: Iterable[Balance], due: Iterable[Grant], covers: Iterable[ContractCover]
) -> list[Standing]:
    """Return what may pay for a person on the day of `due` and `covers`: contracts first, then by source and code.

    What the ledger does not know yet stands at nothing used; balances of other years and of ended contracts are left
    out.
    """
    granted = {grant.key: grant for grant in due}
    active = {cover.contract_id for cover in covers}
    standing = {key: Standing(grant, 0, 0) for key, grant in granted.items()}
    for each in known:
        if each.ref_id in active or each.key in granted:
            cap = max(each.cap, granted[each.key].cap) if each.source in _INSURED else each.cap
            grant = Grant(each.source, each.ref_id, each.code, each.period, cap, each.counting)
            standing[each.key] = Standing(grant, each.used, each.reserved)
    order = list(Source)
    return sorted(standing.values(), key=lambda each: (order.index(each.grant.source), each.grant.key))
