"""Opening (建床) and closing (撤床) a bed, and looking beds up."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds import errors, repository, rules, schemas
from service.beds.models import Bed, BedPause
from service.catalog import usecases as catalog
from service.catalog.per_diem_rules import AT_HOME, PerDiemFacts
from service.core import access, paging, problems
from service.core.clock import local_date
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import ServiceMode
from service.orders import usecases as orders
from service.orders.rules import OrderKind
from service.patients import rules as patient_rules
from service.patients import usecases as patients
from service.patients.rules import Right
from service.practitioners import usecases as practitioners

LISTING = "beds"


async def open_bed(
    session: AsyncSession, *, principal: Principal, asked: schemas.BedOpening, now: datetime
) -> schemas.BedRead:
    """Open a bed for a person that the institution cares for; paid by the day, it takes the agreement of that day.

    Raises:
        problems.NotFound: the institution, the person or the doctor is not the principal's to see.
        errors.BedInTheFuture: the opening day has not come.
        patients.errors.PersonDeceased: the person has died.
        errors.HomeBedNotRegistered: a home bed, and the institution had no registered home-bed mode that day.
        errors.InstitutionNotLicensed: a bed of its own, and the institution had no licence that day.
        errors.AgreementMissing: paid by the day, and there was no agreement for the kind of stay that day.
        errors.ExclusionsNotAgreed: the agreement does not exclude a code.
        errors.DoctorNotQualified: the doctor is none, works elsewhere, or was not licensed that day.
        errors.BedAlreadyOpen: the person has a bed in that period, at whatever institution.
    """
    access.require_institution(principal, asked.institution_id)
    region_id = principal.region_id
    rules.refuse_future(asked.opened_on, local_date(now))
    await patients.require_right(session, principal=principal, person_id=asked.person_id, right=Right.view, now=now)
    person = await patients.get_person(session, region_id=region_id, person_id=asked.person_id)
    patient_rules.refuse_deceased(person)
    await _refuse_institution(session, region_id, asked)
    await _refuse_doctor(session, region_id, asked)
    agreement = await _agreement(session, region_id, asked)
    row = Bed(
        region_id=region_id,
        institution_id=asked.institution_id,
        bed_no=await repository.next_no(
            session, region_id=region_id, institution_id=asked.institution_id, year=asked.opened_on.year
        ),
        kind=asked.kind,
        person_id=asked.person_id,
        doctor_id=asked.doctor_id,
        opened_on=asked.opened_on,
        payment=asked.payment,
        agreement_id=agreement.id if agreement else None,
        excluded_codes=rules.choose_exclusions(asked.excluded_codes, agreement) if agreement else [],
    )
    session.add(row)
    await session.flush()
    return read(row, ())


async def close_bed(
    session: AsyncSession, *, principal: Principal, bed_id: UUID, asked: schemas.BedClosing, now: datetime
) -> schemas.BedRead:
    """Close a bed of the principal's institution; its rounds on or after that day must be gone, its pauses end then.

    Raises:
        problems.NotFound: there is no such bed at the principal's institutions.
        errors.BedClosed: it is closed already.
        errors.ClosesBeforeItOpens: the day does not lie after the opening.
        errors.BedInTheFuture: the day has not come.
        errors.ClosingReasonWrong: 死亡 without a registered death, or the other way round.
        errors.BedHasOpenOrders: rounds are booked on or after the day.
        errors.BedDaysBilled: days on or after the day are in a bill.
    """
    # locked: of two closings at once the second one finds it closed
    row = await repository.find_bed(session, region_id=principal.region_id, bed_id=bed_id, lock=True)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="家庭病床")
    rules.refuse_closing(opened_on=row.opened_on, already=row.closed_on, closing=asked.closed_on, today=local_date(now))
    person = await patients.get_person(session, region_id=principal.region_id, person_id=row.person_id)
    rules.refuse_reason(asked.reason, person.deceased_on)
    # who is placing a round for the person at this moment goes first, and is seen below
    await orders.count_open(session, person_id=row.person_id)
    if await orders.has_open_order(
        session,
        region_id=principal.region_id,
        person_id=row.person_id,
        kind=OrderKind.home_bed_round,
        since=asked.closed_on,
    ):
        raise errors.BedHasOpenOrders(closed_on=asked.closed_on)
    pauses = (await repository.pauses_of(session, region_id=row.region_id, bed_ids=[row.id]))[row.id]
    for pause in pauses:
        pause.until = rules.cut_pause(rules.PauseFacts(pause.first, pause.until), asked.closed_on).until
    row.closed_on = asked.closed_on
    row.closing_reason = asked.reason
    await session.flush()
    return read(row, pauses)


async def read_bed(session: AsyncSession, *, principal: Principal, bed_id: UUID, now: datetime) -> schemas.BedRead:
    """Return a bed to its institution and to whoever may view the person.

    Raises:
        problems.NotFound: there is no such bed, or it is not the principal's to see.
        patients.errors.RightMissing: a proxy who may not view.
    """
    row = await repository.find_bed(session, region_id=principal.region_id, bed_id=bed_id)
    if row is None:
        raise problems.NotFound(what="家庭病床")
    if row.institution_id not in principal.institution_ids:
        await patients.require_right(session, principal=principal, person_id=row.person_id, right=Right.view, now=now)
    return read(row, (await repository.pauses_of(session, region_id=row.region_id, bed_ids=[row.id]))[row.id])


async def list_beds(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID | None,
    person_id: UUID | None,
    open_on: date | None,
    page: paging.PageRequest,
    cursors: paging.Cursors,
    now: datetime,
) -> paging.Page[schemas.BedRead]:
    """Return a page of the beds of the principal's institutions, or of the persons that he may view."""
    found = await repository.list_page(
        session,
        region_id=principal.region_id,
        institution_id=institution_id,
        person_ids=await orders.people_viewed(session, principal=principal, person_id=person_id, now=now),
        open_on=open_on,
        page=page,
    )
    pauses = await repository.pauses_of(session, region_id=principal.region_id, bed_ids=[row.id for row in found])
    return paging.page_of(
        found,
        request=page,
        read=lambda row: read(row, pauses.get(row.id, ())),
        last=lambda row: row.id,
        cursors=cursors,
        listing=LISTING,
    )


def read(row: Bed, pauses: Iterable[BedPause]) -> schemas.BedRead:
    """Return a bed with its pauses; one that was cut to nothing never was."""
    told = [pause.model_dump() for pause in pauses if pause.until != pause.first]
    return schemas.BedRead.model_validate({**row.model_dump(), "pauses": told})


async def _refuse_institution(session: AsyncSession, region_id: UUID, asked: schemas.BedOpening) -> None:
    """A home bed needs the registered mode, a bed of the institution's own its licence."""
    at = {"region_id": region_id, "institution_id": asked.institution_id}
    if asked.kind in AT_HOME:
        if not await institutions.has_mode(session, **at, mode=ServiceMode.home_bed, on=asked.opened_on):
            raise errors.HomeBedNotRegistered(opened_on=asked.opened_on)
    elif not (await institutions.get_institution(session, **at)).licensed_on(asked.opened_on):
        raise errors.InstitutionNotLicensed(opened_on=asked.opened_on)


async def _agreement(session: AsyncSession, region_id: UUID, asked: schemas.BedOpening) -> PerDiemFacts | None:
    """Return the agreement that a stay takes: of its kind, for the patient's insurance, on the opening day."""
    if asked.payment is not rules.BedPayment.per_diem:
        return None
    coverage = await patients.coverage_on(session, region_id=region_id, person_id=asked.person_id, on=asked.opened_on)
    agreement = await catalog.per_diem_on(
        session,
        region_id=region_id,
        institution_id=asked.institution_id,
        kind=asked.kind,
        plan_code=coverage.plan_code if coverage else None,
        on=asked.opened_on,
    )
    if agreement is None:
        raise errors.AgreementMissing(opened_on=asked.opened_on)
    return agreement


async def _refuse_doctor(session: AsyncSession, region_id: UUID, asked: schemas.BedOpening) -> None:
    doctor = await practitioners.get_practitioner(session, region_id=region_id, practitioner_id=asked.doctor_id)
    licences = await practitioners.licences(session, region_id=region_id, practitioner_ids=[asked.doctor_id])
    rules.refuse_doctor(
        role=doctor.role,
        same_institution=doctor.institution_id == asked.institution_id,
        licences=licences.get(asked.doctor_id, ()),
        opened_on=asked.opened_on,
    )
