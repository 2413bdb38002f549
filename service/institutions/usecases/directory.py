"""The region's directory: founding a region, its districts, its institutions."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import facts, level_repository, repository, rules, schemas
from service.institutions.models import District, Institution, Region


async def found_region(session: AsyncSession, *, code: str, name: str) -> rules.RegionFacts:
    """Found a region (统筹区). Only the schema's owner may: it happens when a database is set up.

    Raises:
        RegionCodeTaken: at the flush.
    """
    row = Region(code=code, name=name)
    session.add(row)
    await session.flush()
    return rules.RegionFacts(id=row.id, code=row.code, name=row.name)


async def add_district(session: AsyncSession, *, region_id: UUID, draft: schemas.DistrictCreate) -> rules.DistrictFacts:
    """Register a district of the region.

    Raises:
        DistrictCodeTaken: at the flush.
    """
    row = District(region_id=region_id, code=draft.code, name=draft.name)
    session.add(row)
    await session.flush()
    return facts.district(row)


async def get_district(session: AsyncSession, *, region_id: UUID, district_id: UUID) -> rules.DistrictFacts:
    """Return a district.

    Raises:
        problems.NotFound: the region has none with this id.
    """
    return facts.district(await _district(session, region_id, district_id))


async def _district(session: AsyncSession, region_id: UUID, district_id: UUID) -> District:
    row = await repository.find_district(session, region_id, district_id)
    if row is None:
        raise problems.NotFound(what="县区")
    return row


async def list_districts(session: AsyncSession, *, region_id: UUID, page: PageRequest) -> list[rules.DistrictFacts]:
    """Return a page of the region's districts, one more than asked for when there are more."""
    return [facts.district(row) for row in await repository.list_districts(session, region_id, page)]


async def change_district(
    session: AsyncSession, *, region_id: UUID, district_id: UUID, change: schemas.DistrictUpdate
) -> rules.DistrictFacts:
    """Rename a district.

    Raises:
        problems.NotFound: the region has none with this id.
    """
    row = await _district(session, region_id, district_id)
    row.name = change.name
    await session.flush()
    return facts.district(row)


async def add_institution(
    session: AsyncSession, *, region_id: UUID, draft: schemas.InstitutionCreate
) -> rules.InstitutionFacts:
    """Register an institution of the region.

    Raises:
        problems.NotFound: the region has no such district.
        InstitutionCodeTaken, LicenceTaken: at the flush.
    """
    await _district(session, region_id, draft.district_id)
    point = draft.place.point()
    row = Institution(
        region_id=region_id,
        code=draft.code,
        name=draft.name,
        kind=draft.kind,
        district_id=draft.district_id,
        address=draft.address,
        lon=point.lon,
        lat=point.lat,
        published_phone=draft.published_phone,
        level=draft.level,
        **_licence(draft.licence),
    )
    session.add(row)
    await session.flush()
    return facts.institution(row)


def _licence(licence: schemas.Licence | None) -> dict[str, Any]:
    if licence is None:
        return {"licence_no": None, "licence_from": None, "licence_to": None}
    return {"licence_no": licence.no, "licence_from": licence.valid_from, "licence_to": licence.valid_to}


async def list_institutions(
    session: AsyncSession,
    *,
    region_id: UUID,
    page: PageRequest,
    district_id: UUID | None = None,
    kind: rules.InstitutionKind | None = None,
) -> Sequence[rules.InstitutionFacts]:
    """Return a page of the region's institutions, one more than asked for when there are more."""
    rows = await repository.list_institutions(session, region_id, district_id=district_id, kind=kind, page=page)
    return [facts.institution(row) for row in rows]


async def change_institution(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, change: schemas.InstitutionUpdate
) -> rules.InstitutionFacts:
    """Change what `change` names of an institution; a level from today on, what held before stays.

    Raises:
        problems.NotFound: there is none with this id, or it is another's.
        problems.Forbidden: the level decides which prices hold, so only the region's administration says it.
        LicenceTaken: at the flush.
    """
    access.require_institution_or_region(principal, institution_id)
    if "level" in change.model_fields_set and not principal.may("region:write"):
        raise problems.Forbidden(scope="region:write")
    row = await repository.lock_institution(session, principal.region_id, institution_id)
    if row is None:
        raise problems.NotFound(what="机构")
    row.name = change.name or row.name
    row.address = change.address or row.address
    if change.place is not None:
        point = change.place.point()
        row.lon, row.lat = point.lon, point.lat
    if "published_phone" in change.model_fields_set:
        row.published_phone = change.published_phone
    if "licence" in change.model_fields_set:
        for name, value in _licence(change.licence).items():
            setattr(row, name, value)
    await session.flush()
    if "level" in change.model_fields_set:
        await level_repository.say_level(session, row.region_id, row.id, change.level)
    return facts.institution(row)
