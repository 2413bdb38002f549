"""An institution's stations and its registered service modes."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import facts, repository, rules, schemas
from service.institutions.models import ServiceMode, Station


async def _require_institution(session: AsyncSession, region_id: UUID, institution_id: UUID) -> rules.InstitutionFacts:
    row = await repository.find_institution(session, region_id, institution_id)
    if row is None:
        raise problems.NotFound(what="机构")
    return facts.institution(row)


async def add_station(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, draft: schemas.StationCreate
) -> rules.StationFacts:
    """Register a station of an institution.

    Raises:
        problems.NotFound: there is no such institution, or it is another's.
        StationCodeTaken: at the flush.
    """
    access.require_institution_or_region(principal, institution_id)
    await _require_institution(session, principal.region_id, institution_id)
    point = draft.place.point()
    row = Station(
        region_id=principal.region_id,
        institution_id=institution_id,
        code=draft.code,
        name=draft.name,
        lon=point.lon,
        lat=point.lat,
    )
    session.add(row)
    await session.flush()
    return facts.station(row)


async def list_stations_page(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, page: PageRequest
) -> list[rules.StationFacts]:
    """Return a page of an institution's stations, one more than asked for when there are more.

    Raises:
        problems.NotFound: there is no such institution.
    """
    await _require_institution(session, region_id, institution_id)
    return [facts.station(row) for row in await repository.list_stations(session, region_id, [institution_id], page)]


async def _station(session: AsyncSession, region_id: UUID, institution_id: UUID, station_id: UUID) -> Station:
    row = await repository.find_station(session, region_id, station_id)
    if row is None or row.institution_id != institution_id:
        raise problems.NotFound(what="站点")
    return row


async def read_station(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, station_id: UUID
) -> rules.StationFacts:
    """Return a station of an institution.

    Raises:
        problems.NotFound: the institution has none with this id.
    """
    return facts.station(await _station(session, region_id, institution_id, station_id))


async def change_station(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID,
    station_id: UUID,
    change: schemas.StationUpdate,
) -> rules.StationFacts:
    """Change what `change` names of a station.

    Raises:
        problems.NotFound: there is none with this id, or it is another institution's.
    """
    access.require_institution_or_region(principal, institution_id)
    row = await _station(session, principal.region_id, institution_id, station_id)
    row.name = change.name or row.name
    if change.place is not None:
        point = change.place.point()
        row.lon, row.lat = point.lon, point.lat
    await session.flush()
    return facts.station(row)


async def register_mode(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, draft: schemas.ModeCreate
) -> rules.ModeFacts:
    """Register a service mode (服务方式登记); what was registered before stays on record.

    Raises:
        problems.NotFound: there is no such institution, or it is another's.
        PeriodReversed, CareInstitutionOnly, LicenceMissing: it cannot be registered.
        ModeRegistered: at the flush; the mode is registered for part of the period.
        RegistrationTaken: at the flush; the number is another institution's.
    """
    access.require_institution_or_region(principal, institution_id)
    institution = await _require_institution(session, principal.region_id, institution_id)
    rules.refuse_reversed(draft.valid_from, draft.valid_to)
    rules.refuse_registration(institution, draft.valid_from)
    row = ServiceMode(
        region_id=principal.region_id,
        institution_id=institution_id,
        mode=draft.mode,
        registration_no=draft.registration_no,
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
    )
    session.add(row)
    await session.flush()
    return facts.mode(row)


async def list_modes_page(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, page: PageRequest
) -> list[rules.ModeFacts]:
    """Return a page of an institution's registrations, past ones included, one more than asked for.

    Raises:
        problems.NotFound: there is no such institution.
    """
    await _require_institution(session, region_id, institution_id)
    return [facts.mode(row) for row in await repository.list_modes(session, region_id, [institution_id], page)]


async def _mode(session: AsyncSession, region_id: UUID, institution_id: UUID, mode_id: UUID) -> ServiceMode:
    row = await repository.find_mode(session, region_id, mode_id)
    if row is None or row.institution_id != institution_id:
        raise problems.NotFound(what="服务方式登记")
    return row


async def read_mode(session: AsyncSession, *, region_id: UUID, institution_id: UUID, mode_id: UUID) -> rules.ModeFacts:
    """Return a registration of an institution.

    Raises:
        problems.NotFound: the institution has none with this id.
    """
    return facts.mode(await _mode(session, region_id, institution_id, mode_id))


async def change_mode(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, mode_id: UUID, change: schemas.ModeUpdate
) -> rules.ModeFacts:
    """Say when a registration ends, or that it has no end.

    Raises:
        problems.NotFound: there is none with this id, or it is another institution's.
        PeriodReversed: it would end before it starts.
        ModeRegistered: at the flush; it would reach into the next registration.
        RegistrationTaken: at the flush; the number is another institution's by then.
    """
    access.require_institution_or_region(principal, institution_id)
    row = await _mode(session, principal.region_id, institution_id, mode_id)
    rules.refuse_reversed(row.valid_from, change.valid_to)
    row.valid_to = change.valid_to
    await session.flush()
    return facts.mode(row)
