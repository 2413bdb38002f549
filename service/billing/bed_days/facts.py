"""Gathers from the other rooms what the kernel needs to bill the days of a stay."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds.rules import StayFacts
from service.billing import around, rules, translation
from service.billing.bed_days import errors, evidence, leaving_out, reducing, repository
from service.billing.bed_days import rules as parts
from service.catalog.per_diem_rules import PerDiemFacts
from service.contracts import usecases as contracts
from service.core import dates
from service.institutions import usecases as institutions
from service.patients import usecases as patients


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a bill of bed days stands on; `billed` are days of [first, until) in other bills, with their seq.

    `again` is the last seq of days that were billed and taken back, `offers` what is taken off the patient's part.
    On the days `left_out` the `bed` is paused: the patient was in hospital, or dead.
    """

    stay: StayFacts
    agreement: PerDiemFacts
    bed: rules.Bed
    patient: rules.Patient
    institution_code: str
    first: date
    until: date
    used_fen: Mapping[str, int]
    billed: frozenset[date]
    again: Mapping[date, int]
    offers: reducing.Offers = reducing.NOTHING
    left_out: tuple[leaving_out.LeftOut, ...] = ()

    def settle(self) -> rules.BedSettlement:
        """Run the kernel on the facts.

        Raises:
            rules.Refused: nothing to bill.
        """
        used = {
            rules.Entitlement(rules.Balance.per_diem_fen, self.patient.id, period=year): fen
            for year, fen in self.used_fen.items()
        }
        return rules.settle_bed_days(
            self.bed, self.first, self.until, patient=self.patient, used=used, billed=self.billed
        )

    def as_case(self) -> dict[str, Any]:
        """Return the facts as a billing case."""
        return evidence.as_case(
            self.bed,
            institution_code=self.institution_code,
            patient=self.patient,
            used_fen=self.used_fen,
            billed=self.billed,
            first=self.first,
            until=self.until,
        )


async def gather(session: AsyncSession, *, region_id: UUID, stay: StayFacts, first: date, until: date) -> Facts:
    """Return the facts of the days of [first, until); the year's cap is granted first.

    Raises:
        problems.NotFound: the fence does not let the patient through (silence would charge him for everything).
        errors.BedNotPerDiem: nobody agreed what a day costs.
        errors.NothingToBill: no day is open and in no bill.
        errors.NotInThisBed: those that are were all spent in hospital, or lie after the death.
        errors.InsuranceInterrupted: the insurance pays with an interruption.
    """
    if stay.agreement is None:
        raise errors.BedNotPerDiem
    person_id, agreement = stay.person_id, stay.agreement
    person = await patients.get_person(session, region_id=region_id, person_id=person_id)
    known = await repository.billed(session, person_id=person_id, first=first, until=until)
    billed = frozenset(on for on, (_, live) in known.items() if live)
    institution = await institutions.get_institution(
        session, region_id=region_id, institution_id=stay.bed.institution_id
    )
    bed = translation.stay(stay.bed)
    due = parts.due_days(bed, first, until, billed)
    left_out = await _left_out(session, region_id, stay, institution.name, due, deceased_on=person.deceased_on)
    bed = leaving_out.without(bed, [each.on for each in left_out])
    due = parts.due_days(bed, first, until, billed)
    if not due and left_out:
        raise errors.NotInThisBed(days=[each.as_document() for each in left_out], reason=left_out[0].reason)
    if not due:
        raise errors.NothingToBill
    insured = await _insured_days(session, region_id, stay, agreement, due)
    used_fen = await contracts.per_diem_used(
        session,
        region_id=region_id,
        person_id=person_id,
        years={on.year for on in due},
        cap_fen=agreement.year_cap_fen,
    )
    return Facts(
        stay=stay,
        agreement=agreement,
        bed=bed,
        patient=rules.Patient(str(person_id), insured=parts.insured_period(due, insured), beds=(bed,)),
        institution_code=institution.code,
        first=first,
        until=until,
        used_fen={f"{year:04d}": fen for year, fen in used_fen.items()},
        billed=billed,
        again={on: seq for on, (seq, live) in known.items() if not live},
        offers=await around.offers_between(
            session,
            region_id=region_id,
            institution_id=stay.bed.institution_id,
            person_id=person_id,
            first=due[0],
            last=due[-1],
        ),
        left_out=left_out,
    )


async def _left_out(
    session: AsyncSession,
    region_id: UUID,
    stay: StayFacts,
    institution: str,
    due: Collection[date],
    *,
    deceased_on: date | None,
) -> tuple[leaving_out.LeftOut, ...]:
    """Return which of the days that are due the patient was in a foreign hospital, or dead."""
    known = await patients.hospital_stays(session, region_id=region_id, person_id=stay.person_id)
    foreign = leaving_out.foreign(known, kind=stay.bed.kind, institution=institution)
    return leaving_out.find(due, deceased_on=deceased_on, stays=foreign)


async def _insured_days(
    session: AsyncSession, region_id: UUID, stay: StayFacts, agreement: PerDiemFacts, due: Collection[date]
) -> set[date]:
    """Return the days on which the fund pays: the person is covered, by the insurance agreed with, which pays here."""
    covered = [
        each
        for each in await patients.coverages(session, region_id=region_id, person_id=stay.person_id)
        if agreement.plan_code in {None, each.plan_code}
    ]
    designated = await institutions.designations_between(
        session, region_id=region_id, institution_id=stay.bed.institution_id, first=min(due), last=max(due)
    )
    return {
        on
        for on in due
        for coverage in dates.in_force(covered, on)
        if any(each.plan_code == coverage.plan_code for each in dates.in_force(designated, on))
    }
