"""People: registered once in the region by their identity number, admitted by other institutions, changed, found."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, problems
from service.core.clock import local_date
from service.core.http import House
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.patients import facts, numbers, relation_repository, repository, rules, schemas
from service.patients.models import Patient
from service.patients.usecases import answers, hospital, housing

ID_NUMBER = "patients.id_number"
PHONE = "patients.phone"


def _read(house: House, row: Patient) -> schemas.PatientRead:
    phone = house.cipher.open(row.phone_sealed, context=PHONE) if row.phone_sealed else None
    return schemas.PatientRead(
        id=row.id,
        name=row.name,
        sex=rules.Sex(row.sex),
        born_on=row.born_on,
        id_number_masked=numbers.mask_id_number(house.cipher.open(row.id_number_sealed, context=ID_NUMBER)),
        phone_masked=numbers.mask_phone(phone) if phone else None,
        home_id=row.home_id,
        deceased_on=row.deceased_on,
        precaution=rules.Precaution(row.precaution),
        language=row.language,
        language_required=row.language_required,
        excluded_practitioner_ids=list(row.excluded_practitioner_ids),
    )


def index_of(house: House, id_number: str) -> bytes:
    """Return the blind index under which an identity number is found.

    Raises:
        IdNumberInvalid: the number cannot exist.
    """
    return house.cipher.blind(numbers.read_id_number(id_number).text, context=ID_NUMBER)


def _put_phone(house: House, row: Patient, text: str | None) -> None:
    phone = numbers.read_phone(text) if text is not None else None
    row.phone_sealed = house.cipher.seal(phone, context=PHONE) if phone else None
    row.phone_index = house.cipher.blind(phone, context=PHONE) if phone else None


async def register_patient(
    session: AsyncSession, *, principal: Principal, house: House, draft: schemas.PatientCreate, now: datetime
) -> schemas.PatientRead:
    """Register a person by the card and let the institution care for him.

    Raises:
        problems.NotFound: the institution is another's, or there is no such home.
        IdNumberInvalid, IdNumberDisagrees, PhoneInvalid: the number cannot exist, or says something else.
        PersonAlreadyRegistered: at the flush; the next step is an admission.
    """
    access.require_institution(principal, draft.institution_id)
    number = numbers.read_id_number(draft.id_number)
    numbers.refuse_disagreement(number, born_on=draft.born_on, sex=draft.sex, today=local_date(now))
    if draft.home_id is not None:
        await housing.find_own_home(session, principal, draft.home_id, now)
    row = Patient(
        region_id=principal.region_id,
        registered_by_institution_id=draft.institution_id,
        name=draft.name,
        sex=draft.sex,
        born_on=draft.born_on,
        id_number_sealed=house.cipher.seal(number.text, context=ID_NUMBER),
        id_number_index=house.cipher.blind(number.text, context=ID_NUMBER),
        home_id=draft.home_id,
        precaution=draft.precaution,
        language=draft.language,
        language_required=draft.language_required,
        registered_at=now,
    )
    _put_phone(house, row, draft.phone)
    session.add(row)
    await session.flush()
    await relation_repository.relate_institution(session, row.id, draft.institution_id, "登记")
    return _read(house, row)


async def admit_patient(
    session: AsyncSession, *, principal: Principal, house: House, draft: schemas.AdmissionCreate
) -> schemas.PatientRead:
    """Let one's institution care for a person registered elsewhere whose number and name one knows.

    Raises:
        problems.NotFound: the institution is another's, or nobody has this number and name; which, stays secret.
        IdNumberInvalid: the number cannot exist.
    """
    access.require_institution(principal, draft.institution_id)
    index = index_of(house, draft.id_number)
    person_id = await relation_repository.admit(session, index, draft.name, draft.institution_id, draft.because)
    row = await repository.find_person(session, principal.region_id, person_id) if person_id else None
    if row is None:
        raise problems.NotFound(what="姓名与证件号码相符的居民")
    return _read(house, row)


async def list_patients(
    session: AsyncSession,
    *,
    principal: Principal,
    house: House,
    search: schemas.PatientSearch,
    page: PageRequest,
    now: datetime,
) -> list[schemas.PatientRead]:
    """Return a page of the people the principal may see, narrowed to what is asked; one more when there are more.

    Raises:
        IdNumberInvalid, PhoneInvalid: what is searched for cannot exist.
    """
    asked = repository.Search(
        name=search.name,
        id_number_index=index_of(house, search.id_number) if search.id_number else None,
        phone_index=house.cipher.blind(numbers.read_phone(search.phone), context=PHONE) if search.phone else None,
        key_group=search.key_group,
        on=search.on or local_date(now),
    )
    return [_read(house, row) for row in await repository.list_people(session, principal, now, asked, page)]


async def read_patient(
    session: AsyncSession, *, principal: Principal, house: House, person_id: UUID, now: datetime
) -> schemas.PatientDetail:
    """Return a person as he stands today.

    Raises:
        problems.NotFound: there is none, or the principal has nothing to do with him.
        RightMissing: the principal may not see him.
    """
    await answers.require_right(session, principal=principal, person_id=person_id, right=rules.Right.view, now=now)
    return await _detail(session, principal, house, await _row(session, principal.region_id, person_id), now)


async def change_patient(
    session: AsyncSession,
    *,
    principal: Principal,
    house: House,
    person_id: UUID,
    change: schemas.PatientUpdate,
    now: datetime,
) -> schemas.PatientDetail:
    """Change what is given; null takes phone, home, day of death or language away.

    Raises:
        problems.NotFound: one's institution does not care for such a person, or there is no such home.
        PhoneInvalid, DeathImpossible: what is given cannot be.
    """
    await answers.require_care(session, principal=principal, person_id=person_id, now=now)
    row = await _row(session, principal.region_id, person_id)
    given = change.model_fields_set
    if change.name is not None:
        row.name = change.name
    if "phone" in given:
        _put_phone(house, row, change.phone)
    if "home_id" in given:
        if change.home_id is not None:
            await housing.find_own_home(session, principal, change.home_id, now)
        row.home_id = change.home_id
    if "deceased_on" in given:
        _put_death(row, change.deceased_on, local_date(now))
    _put_care(row, change)
    await session.flush()
    if change.deceased_on is not None:
        await hospital.tell_of_absence(session, principal, person_id)
    return await _detail(session, principal, house, row, now)


def _put_care(row: Patient, change: schemas.PatientUpdate) -> None:
    if change.precaution is not None:
        row.precaution = change.precaution
    if "language" in change.model_fields_set:
        row.language = change.language
    if change.language_required is not None:
        row.language_required = change.language_required


async def exclude_practitioners(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, practitioner_ids: Sequence[UUID]
) -> None:
    """Keep who is not to come to a person any more, in place of those before; each must be known to work here.

    Raises:
        problems.NotFound: there is no such person, or the fence hides him.
    """
    row = await _row(session, region_id, person_id)
    row.excluded_practitioner_ids = list(practitioner_ids)
    await session.flush()


def _put_death(row: Patient, deceased_on: date | None, today: date) -> None:
    if deceased_on is not None:
        rules.refuse_impossible_death(row.born_on, deceased_on, today)
    row.deceased_on = deceased_on


async def _row(session: AsyncSession, region_id: UUID, person_id: UUID) -> Patient:
    row = await repository.find_person(session, region_id, person_id)
    if row is None:
        raise problems.NotFound(what="居民")
    return row


async def _detail(
    session: AsyncSession, principal: Principal, house: House, row: Patient, now: datetime
) -> schemas.PatientDetail:
    today = local_date(now)
    related = await answers.relations_to(session, principal=principal, person_id=row.id, now=now)
    person = facts.person(row)
    found = await answers.groups_of(session, region_id=row.region_id, person_ids=[row.id], on=today)
    groups = found[row.id]
    return schemas.PatientDetail(
        **_read(house, row).model_dump(),
        key_groups=sorted(groups),
        may_be_served_at_home=person.deceased_on is None and rules.may_be_served_at_home(groups),
        priority=rules.priority_of(groups, rules.age_on(person.born_on, today)),
        has_carer=await answers.has_carer(session, region_id=row.region_id, person_id=row.id, now=now),
        cared_for_because=next((each.because for each in related if each.kind is rules.RelationKind.institution), None),
    )
