"""The words of contracts and the entitlement ledger, and what may be signed: facts for the rooms above."""

import calendar
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from service.catalog.rules import InsuranceFacts, ProgrammeFacts
from service.contracts import errors
from service.core import dates

CONTRACT_PERIOD: Final = "contract"
"""The period of what a contract grants: the contract itself."""


class Source(StrEnum):
    """Who grants an entitlement. `ref_id` is the contract, the programme, or (insurance) the person.

    The `code` of insurance is the plan's and its units are fen; otherwise the code is the service's. The period is
    `CONTRACT_PERIOD` or a calendar year.
    """

    contract = "contract"
    public_program = "public_program"
    insurance_fund = "insurance_fund"
    insurance_deductible = "insurance_deductible"


class Counting(StrEnum):
    """How an entitlement counts: each unit, or one use for all units of a line."""

    quantity = "quantity"
    visit = "visit"


class TerminationReason(StrEnum):
    """Why a contract ends early (解约原因)."""

    lost_contact = "lost_contact"
    moved_away = "moved_away"
    died = "died"
    person_declined = "person_declined"
    signed_anew = "signed_anew"
    other = "other"


Key: TypeAlias = tuple[Source, UUID, str, str]
"""What tells a person's entitlements apart: source, ref, code, period."""


@dataclass(frozen=True, slots=True)
class ContractCover:
    """What an active contract covers: `items` are (code, quantity, counting); on `terminated_on` it is no more."""

    contract_id: UUID
    institution_id: UUID
    signed_on: date
    valid_from: date
    valid_to: date
    terminated_on: date | None
    covers_visit_fee: bool
    capitated_codes: frozenset[str]
    items: tuple[tuple[str, int, Counting], ...]


@dataclass(frozen=True, slots=True)
class EnrolmentFacts:
    """A person's enrolment in a programme, both days included; None = open."""

    programme_id: UUID
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Balance:
    """Where an entitlement stands: `used` and `reserved` of `cap`, in units, uses or fen as it counts."""

    entitlement_id: UUID
    source: Source
    ref_id: UUID
    code: str
    period: str
    cap: int
    counting: Counting
    used: int
    reserved: int

    @property
    def remaining(self) -> int:
        """What is neither used nor reserved."""
        return max(0, self.cap - self.used - self.reserved)

    @property
    def key(self) -> Key:
        """What a claim names."""
        return self.source, self.ref_id, self.code, self.period


@dataclass(frozen=True, slots=True)
class Claim:
    """Units (uses, fen) wanted of an entitlement of a person."""

    source: Source
    ref_id: UUID
    code: str
    period: str
    units: int

    @property
    def key(self) -> Key:
        """Which of the person's entitlements is meant."""
        return self.source, self.ref_id, self.code, self.period


@dataclass(frozen=True, slots=True)
class Grant:
    """An entitlement that a person has by right, whether or not the ledger knows it already."""

    source: Source
    ref_id: UUID
    code: str
    period: str
    cap: int
    counting: Counting = Counting.quantity

    @property
    def key(self) -> Key:
        """What tells it from the person's other entitlements."""
        return self.source, self.ref_id, self.code, self.period


def year_of(on: date) -> str:
    """Return the period of a yearly entitlement: the calendar year of a day."""
    return f"{on.year:04d}"


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


def refuse_termination(valid_to: date, on: date, today: date) -> None:
    """Refuse to end a contract in the past, where it may have paid already, or after its own end.

    Raises:
        errors.TerminationDayInvalid: names the days that are possible.
    """
    if not today <= on <= valid_to:
        raise errors.TerminationDayInvalid(earliest=today, latest=valid_to)


def refuse_outside_programme(programme: ProgrammeFacts, valid_from: date) -> None:
    """Refuse an enrolment that begins on a day without the programme.

    Raises:
        errors.EnrolmentOutsideProgramme: names the programme's days.
    """
    if not dates.in_force([programme], valid_from):
        raise errors.EnrolmentOutsideProgramme(
            name=programme.name, valid_from=programme.valid_from, valid_to=programme.valid_to or "未定"
        )


def due_grants(
    *,
    person_id: UUID,
    on: date,
    enrolments: Iterable[EnrolmentFacts],
    programmes: Iterable[ProgrammeFacts],
    insurance: InsuranceFacts | None,
) -> list[Grant]:
    """Return what a person has by right in the calendar year of a day, apart from contracts.

    Programmes count when enrolment and programme are both in force on the day (基本公卫: units per person and year);
    an insurance grants its fund's yearly cap and the deductible, in fen.
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
    return grants


def missing_grants(due: Iterable[Grant], known: Iterable[Balance]) -> list[Grant]:
    """Return the grants that the ledger must still write, in a fixed order.

    A better insurance rule of the same year raises the caps; otherwise a cap stays as it was granted.
    """
    caps = {balance.key: balance.cap for balance in known}
    insured = {Source.insurance_fund, Source.insurance_deductible}
    missing = [
        grant for grant in due if grant.key not in caps or (grant.source in insured and caps[grant.key] < grant.cap)
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
