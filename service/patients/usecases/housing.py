"""Homes: where people live, how one gets to their door, and whether it is a care institution's house."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, problems
from service.core.geo import Datum
from service.core.http import House
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import InstitutionKind
from service.patients import errors, home_schemas, repository, rules
from service.patients.models import Home
from service.patients.usecases.answers import ADDRESS


def _read(house: House, row: Home) -> home_schemas.HomeRead:
    return home_schemas.HomeRead(
        id=row.id,
        address=house.cipher.open(row.address_sealed, context=ADDRESS),
        lon=row.lon,
        lat=row.lat,
        given_in=Datum(row.datum),
        floor=row.floor,
        has_lift=row.has_lift,
        floors_on_foot=rules.floors_on_foot(row.floor, row.has_lift),
        care_institution_id=row.care_institution_id,
    )


async def _require_care_institution(session: AsyncSession, region_id: UUID, institution_id: UUID) -> None:
    found = await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    if found.kind is not InstitutionKind.care_institution:
        raise errors.NotACareInstitution(name=found.name)


async def find_own_home(session: AsyncSession, principal: Principal, home_id: UUID, now: datetime) -> Home:
    """Return the row of a home that the principal may see.

    Raises:
        problems.NotFound: there is none; existence stays secret.
    """
    row = await repository.find_home_of(session, principal, home_id, now)
    if row is None:
        raise problems.NotFound(what="住址")
    return row


async def register_home(
    session: AsyncSession, *, principal: Principal, house: House, draft: home_schemas.HomeCreate
) -> home_schemas.HomeRead:
    """Register a home: the address is sealed, the place turned into WGS-84.

    Raises:
        problems.NotFound: the institution is another's, or there is no such care institution.
        NotACareInstitution: it is a medical institution.
    """
    access.require_institution(principal, draft.institution_id)
    if draft.care_institution_id is not None:
        await _require_care_institution(session, principal.region_id, draft.care_institution_id)
    point = draft.place.point()
    row = Home(
        region_id=principal.region_id,
        registered_by_institution_id=draft.institution_id,
        address_sealed=house.cipher.seal(draft.address, context=ADDRESS),
        lon=point.lon,
        lat=point.lat,
        datum=draft.place.datum,
        floor=draft.floor,
        has_lift=draft.has_lift,
        care_institution_id=draft.care_institution_id,
    )
    session.add(row)
    await session.flush()
    return _read(house, row)


async def list_homes(
    session: AsyncSession, *, principal: Principal, house: House, now: datetime, page: PageRequest
) -> list[home_schemas.HomeRead]:
    """Return a page of the homes that the principal may see, one more than asked for when there are more."""
    return [_read(house, row) for row in await repository.list_homes(session, principal, now, page)]


async def read_home(
    session: AsyncSession, *, principal: Principal, house: House, home_id: UUID, now: datetime
) -> home_schemas.HomeRead:
    """Return a home that one's institution entered, or in which somebody lives whom the principal may see.

    Raises:
        problems.NotFound: there is none.
    """
    return _read(house, await find_own_home(session, principal, home_id, now))


async def change_home(
    session: AsyncSession,
    *,
    principal: Principal,
    house: House,
    home_id: UUID,
    change: home_schemas.HomeUpdate,
    now: datetime,
) -> home_schemas.HomeRead:
    """Change what is given; `care_institution_id` null says that it is a private home.

    Raises:
        problems.NotFound: there is no such home or care institution.
        NotACareInstitution: it is a medical institution.
    """
    row = await find_own_home(session, principal, home_id, now)
    if change.address is not None:
        row.address_sealed = house.cipher.seal(change.address, context=ADDRESS)
    if change.place is not None:
        point = change.place.point()
        row.lon, row.lat, row.datum = point.lon, point.lat, change.place.datum
    if change.floor is not None:
        row.floor = change.floor
    if change.has_lift is not None:
        row.has_lift = change.has_lift
    if "care_institution_id" in change.model_fields_set:
        if change.care_institution_id is not None:
            await _require_care_institution(session, principal.region_id, change.care_institution_id)
        row.care_institution_id = change.care_institution_id
    await session.flush()
    return _read(house, row)
