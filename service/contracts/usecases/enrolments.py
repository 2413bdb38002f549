"""Enrolment in public programmes (基本公卫 and the like): which of them may pay for a person, from when, until when."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import rules as catalog_rules
from service.catalog import usecases as catalog
from service.contracts import repository, rules, schemas
from service.contracts.models import ProgrammeEnrolment
from service.core import problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.patients import rules as patient_rules
from service.patients import usecases as patients


async def enrolments_on(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date
) -> list[rules.EnrolmentFacts]:
    """Return a person's enrolments in force on a day, in the order in which their programmes pay.

    By hand or by the programmes' criteria: his age, key groups and diagnoses on that day.

    Raises:
        problems.NotFound: a programme has criteria, and the fence does not let the person through.
    """
    by_hand = await repository.ENROLMENTS.ask(session, region_id=region_id, person_id=person_id, on=on)
    programmes = [each for each in await catalog.programmes(session, region_id=region_id, on=on) if each.criteria]
    if not programmes:
        return by_hand
    person = await patients.get_person(session, region_id=region_id, person_id=person_id)
    groups = await patients.groups_of(session, region_id=region_id, person_ids=[person_id], on=on)
    # where no programme names a diagnosis, nobody looks at them
    diagnoses = frozenset[str]()
    if any(each.criteria.diagnosis_prefixes for each in programmes):
        diagnoses = await patients.diagnosed_on(session, region_id=region_id, person_id=person_id, on=on)
    return rules.with_automatic(
        by_hand,
        programmes,
        age=patient_rules.age_on(person.born_on, on),
        groups=groups[person_id],
        diagnoses=diagnoses,
        on=on,
    )


async def enrol(
    session: AsyncSession, *, principal: Principal, asked: schemas.EnrolmentCreate, now: datetime
) -> schemas.EnrolmentRead:
    """Enrol a person in a programme.

    Raises:
        problems.NotFound: a person not cared for here, or no such programme.
        patients.errors.PersonDeceased: the person has died.
        errors.EnrolmentOutsideProgramme: the programme is not in force on the first day.
        errors.AlreadyEnrolled: enrolled in it on some of these days.
    """
    region_id = principal.region_id
    await patients.require_right(
        session, principal=principal, person_id=asked.person_id, right=patient_rules.Right.view, now=now
    )
    person = await patients.get_person(session, region_id=region_id, person_id=asked.person_id)
    patient_rules.refuse_deceased(person)
    programme = await catalog.get_programme(session, region_id=region_id, programme_id=asked.programme_id)
    rules.refuse_outside_programme(programme, asked.valid_from)
    row = ProgrammeEnrolment(region_id=region_id, **asked.model_dump())
    session.add(row)
    await session.flush()
    return _read(row)


async def list_enrolments(
    session: AsyncSession, *, principal: Principal, person_id: UUID, page: PageRequest, now: datetime
) -> list[schemas.EnrolmentRead]:
    """Return a page (and one more) of a person's enrolments, past ones included.

    Raises:
        problems.NotFound: the principal has nothing to do with the person.
        patients.errors.RightMissing: he may not look.
    """
    await patients.require_right(
        session, principal=principal, person_id=person_id, right=patient_rules.Right.view, now=now
    )
    found = await repository.list_enrolments(session, region_id=principal.region_id, person_id=person_id, page=page)
    return [_read(row) for row in found]


async def end_enrolment(
    session: AsyncSession, *, principal: Principal, enrolment_id: UUID, asked: schemas.ContractEnding, now: datetime
) -> schemas.EnrolmentRead:
    """End an enrolment on a day (included).

    Raises:
        problems.NotFound: no such enrolment of a person cared for here.
        catalog.errors.EndingInvalid: before it began, or after its present end.
    """
    row = await repository.find_enrolment(session, region_id=principal.region_id, enrolment_id=enrolment_id)
    if row is None:
        raise problems.NotFound(what="公共项目登记")
    await patients.require_right(
        session, principal=principal, person_id=row.person_id, right=patient_rules.Right.view, now=now
    )
    catalog_rules.refuse_ending(row.valid_from, row.valid_to, asked.valid_to)
    row.valid_to = asked.valid_to
    await session.flush()
    return _read(row)


def _read(row: ProgrammeEnrolment) -> schemas.EnrolmentRead:
    return schemas.EnrolmentRead.model_validate(row.model_dump(exclude={"region_id"}))
