"""An institution registers its staff, and their licences and skills."""

from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import usecases as accounts
from service.core import access, problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.practitioners import facts, repository, rules, schemas
from service.practitioners.models import Practitioner, Qualification

_MAY_BE_NOTHING: Final = frozenset({"account_id", "team", "carries"})
_PLACE_FIELDS: Final = {"start_place", "end_place"}


async def own_practitioner(session: AsyncSession, principal: Principal, practitioner_id: UUID) -> Practitioner:
    """Return the row of a practitioner of the principal's institution.

    Raises:
        problems.NotFound: there is none, or he is another's.
    """
    row = await repository.find_practitioner(session, principal.region_id, practitioner_id)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="医护人员")
    return row


async def _require_station(session: AsyncSession, region_id: UUID, institution_id: UUID, station_id: UUID) -> None:
    station = await institutions.get_station(session, region_id=region_id, station_id=station_id)
    if station.institution_id != institution_id:
        raise problems.NotFound(what="站点")


async def _require_account(session: AsyncSession, region_id: UUID, institution_id: UUID, account_id: UUID) -> None:
    account = await accounts.get_account(session, region_id=region_id, account_id=account_id)
    if institution_id not in account.institution_ids:
        raise problems.NotFound(what="账号")


async def register_practitioner(
    session: AsyncSession, *, principal: Principal, draft: schemas.PractitionerCreate
) -> rules.PractitionerFacts:
    """Register a member of staff of one's institution.

    Raises:
        problems.NotFound: the institution is another's, or the station or the account is not the institution's.
        StaffNoTaken, AccountTaken: at the flush.
    """
    access.require_institution(principal, draft.institution_id)
    await _require_station(session, principal.region_id, draft.institution_id, draft.station_id)
    if draft.account_id is not None:
        await _require_account(session, principal.region_id, draft.institution_id, draft.account_id)
    given = draft.model_dump(exclude=_PLACE_FIELDS)
    row = Practitioner(region_id=principal.region_id, **given)
    _place(row, draft)
    session.add(row)
    await session.flush()
    return facts.practitioner(row)


def _place(row: Practitioner, given: schemas.PractitionerCreate | schemas.PractitionerUpdate) -> None:
    """Put down where somebody starts and ends his day, as far as it is given; null = at his station."""
    if "start_place" in given.model_fields_set:
        point = given.start_place.point() if given.start_place is not None else None
        row.start_lon, row.start_lat = (point.lon, point.lat) if point is not None else (None, None)
    if "end_place" in given.model_fields_set:
        point = given.end_place.point() if given.end_place is not None else None
        row.end_lon, row.end_lat = (point.lon, point.lat) if point is not None else (None, None)


async def list_practitioners(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID | None,
    role: rules.PractitionerRole | None,
    active: bool | None,
    page: PageRequest,
) -> list[rules.PractitionerFacts]:
    """Return a page of one's institutions' staff, one more than asked for when there are more.

    Raises:
        problems.NotFound: the institution asked for is another's.
    """
    if institution_id is not None:
        access.require_institution(principal, institution_id)
    asked = principal.institution_ids if institution_id is None else (institution_id,)
    rows = await repository.list_practitioners(session, principal.region_id, asked, role=role, active=active, page=page)
    return [facts.practitioner(row) for row in rows]


async def read_practitioner(
    session: AsyncSession, *, principal: Principal, practitioner_id: UUID
) -> rules.PractitionerFacts:
    """Return a member of staff of one's institution.

    Raises:
        problems.NotFound: there is none, or he is another's.
    """
    return facts.practitioner(await own_practitioner(session, principal, practitioner_id))


async def change_practitioner(
    session: AsyncSession, *, principal: Principal, practitioner_id: UUID, change: schemas.PractitionerUpdate
) -> rules.PractitionerFacts:
    """Change what is given; null unlinks the account, leaves the team, starts or ends at the station, carries any load.

    Raises:
        problems.NotFound: there is no such practitioner, or the station or the account is not the institution's.
        AccountTaken: at the flush.
    """
    row = await own_practitioner(session, principal, practitioner_id)
    given = change.model_dump(exclude_unset=True, exclude=_PLACE_FIELDS)
    if change.station_id is not None:
        await _require_station(session, principal.region_id, row.institution_id, change.station_id)
    if change.account_id is not None:
        await _require_account(session, principal.region_id, row.institution_id, change.account_id)
    for name, value in given.items():
        if value is not None or name in _MAY_BE_NOTHING:
            setattr(row, name, value)
    _place(row, change)
    await session.flush()
    return facts.practitioner(row)


async def add_qualification(
    session: AsyncSession, *, principal: Principal, practitioner_id: UUID, draft: schemas.QualificationCreate
) -> rules.QualificationFacts:
    """Register a licence or a skill of a practitioner.

    Raises:
        problems.NotFound: there is no such practitioner.
        QualificationImpossible: it would end before it starts.
        QualificationOverlaps, CertificateTaken: at the flush.
    """
    person = await own_practitioner(session, principal, practitioner_id)
    rules.refuse_end_before_start(draft.valid_from, draft.valid_to)
    row = Qualification(
        region_id=principal.region_id,
        institution_id=person.institution_id,
        practitioner_id=person.id,
        **draft.model_dump(),
    )
    session.add(row)
    await session.flush()
    return facts.qualification(row)


async def list_qualifications(
    session: AsyncSession, *, principal: Principal, practitioner_id: UUID
) -> list[rules.QualificationFacts]:
    """Return every licence and skill of a practitioner, the oldest first.

    Raises:
        problems.NotFound: there is no such practitioner.
    """
    person = await own_practitioner(session, principal, practitioner_id)
    return await repository.list_qualifications(session, principal.region_id, [person.id])


async def end_qualification(
    session: AsyncSession,
    *,
    principal: Principal,
    practitioner_id: UUID,
    qualification_id: UUID,
    change: schemas.QualificationUpdate,
) -> rules.QualificationFacts:
    """Set the last day of a licence or a skill, or take it away.

    Raises:
        problems.NotFound: there is no such practitioner or qualification.
        QualificationImpossible: it would end before it starts.
        QualificationOverlaps, CertificateTaken: at the flush.
    """
    person = await own_practitioner(session, principal, practitioner_id)
    row = await repository.find_qualification(session, principal.region_id, person.id, qualification_id)
    if row is None:
        raise problems.NotFound(what="资质记录")
    rules.refuse_end_before_start(row.valid_from, change.valid_to)
    row.valid_to = change.valid_to
    await session.flush()
    return facts.qualification(row)
