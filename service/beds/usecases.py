"""What people do with home beds: open (建床), close (撤床), look them up."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds import errors, repository, rules, schemas
from service.beds.models import Bed
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
    """Open a home bed for a person that the institution cares for.

    Raises:
        problems.NotFound: the institution, the person or the doctor is not the principal's to see.
        errors.BedInTheFuture: the opening day has not come.
        patients.errors.PersonDeceased: the person has died.
        errors.HomeBedNotRegistered: the institution had no registered home-bed mode that day.
        errors.DoctorNotQualified: the doctor is none, works elsewhere, or was not licensed that day.
        errors.BedAlreadyOpen: the person has a bed in that period, at whatever institution.
    """
    access.require_institution(principal, asked.institution_id)
    region_id = principal.region_id
    rules.refuse_future(asked.opened_on, local_date(now))
    await patients.require_right(session, principal=principal, person_id=asked.person_id, right=Right.view, now=now)
    person = await patients.get_person(session, region_id=region_id, person_id=asked.person_id)
    patient_rules.refuse_deceased(person)
    if not await institutions.has_mode(
        session,
        region_id=region_id,
        institution_id=asked.institution_id,
        mode=ServiceMode.home_bed,
        on=asked.opened_on,
    ):
        raise errors.HomeBedNotRegistered(opened_on=asked.opened_on)
    await _refuse_doctor(session, region_id, asked)
    row = Bed(
        region_id=region_id,
        institution_id=asked.institution_id,
        bed_no=await repository.next_no(
            session, region_id=region_id, institution_id=asked.institution_id, year=asked.opened_on.year
        ),
        person_id=asked.person_id,
        doctor_id=asked.doctor_id,
        opened_on=asked.opened_on,
        payment=asked.payment,
        excluded_codes=asked.excluded_codes,
    )
    session.add(row)
    await session.flush()
    return _read(row)


async def close_bed(
    session: AsyncSession, *, principal: Principal, bed_id: UUID, asked: schemas.BedClosing, now: datetime
) -> schemas.BedRead:
    """Close a home bed of the principal's institution; its rounds on or after that day must be gone.

    Raises:
        problems.NotFound: there is no such bed at the principal's institutions.
        errors.BedClosed: it is closed already.
        errors.ClosesBeforeItOpens: the day does not lie after the opening.
        errors.BedInTheFuture: the day has not come.
        errors.ClosingReasonWrong: 死亡 without a registered death, or the other way round.
        errors.BedHasOpenOrders: rounds are booked on or after the day.
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
    row.closed_on = asked.closed_on
    row.closing_reason = asked.reason
    await session.flush()
    return _read(row)


async def read_bed(session: AsyncSession, *, principal: Principal, bed_id: UUID, now: datetime) -> schemas.BedRead:
    """Return a bed to its institution and to whoever may view the person.

    Raises:
        problems.NotFound: there is no such bed, or it is not the principal's to see.
    """
    row = await repository.find_bed(session, region_id=principal.region_id, bed_id=bed_id)
    if row is None:
        raise problems.NotFound(what="家庭病床")
    if row.institution_id not in principal.institution_ids:
        await patients.require_right(session, principal=principal, person_id=row.person_id, right=Right.view, now=now)
    return _read(row)


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
    return paging.page_of(found, request=page, read=_read, last=lambda row: row.id, cursors=cursors, listing=LISTING)


async def open_on(session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date) -> rules.BedFacts | None:
    """Return the bed open for a person on a day, at whatever institution, or None; the fence holds the region."""
    return await repository.find_open(session, person_id=person_id, on=on)


async def _refuse_doctor(session: AsyncSession, region_id: UUID, asked: schemas.BedOpening) -> None:
    doctor = await practitioners.get_practitioner(session, region_id=region_id, practitioner_id=asked.doctor_id)
    licences = await practitioners.licences(session, region_id=region_id, practitioner_ids=[asked.doctor_id])
    rules.refuse_doctor(
        role=doctor.role,
        same_institution=doctor.institution_id == asked.institution_id,
        licences=licences.get(asked.doctor_id, ()),
        opened_on=asked.opened_on,
    )


def _read(row: Bed) -> schemas.BedRead:
    return schemas.BedRead.model_validate(row, from_attributes=True)
