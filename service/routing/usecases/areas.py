"""Dispatch areas: the region says whose orders and staff are planned together, everybody may read it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import paging, problems
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.routing import errors, repository, schemas
from service.routing.models import DispatchArea

LISTING = "dispatch-areas"


async def add_area(
    session: AsyncSession, *, principal: Principal, asked: schemas.DispatchAreaCreate
) -> schemas.DispatchAreaRead:
    """Add a dispatch area.

    Raises:
        errors.AreaInstitutionsInvalid: an institution is not of the region, or listed twice.
        errors.AreaCodeTaken: the code is another area's.
    """
    await _refuse_institutions(session, principal.region_id, asked.institution_ids)
    row = DispatchArea(region_id=principal.region_id, **asked.model_dump())
    session.add(row)
    await session.flush()
    return _read(row)


async def change_area(
    session: AsyncSession, *, principal: Principal, area_id: UUID, asked: schemas.DispatchAreaUpdate
) -> schemas.DispatchAreaRead:
    """Rename an area, or list other institutions from now on.

    Raises:
        problems.NotFound: there is no such area.
        errors.AreaInstitutionsInvalid: an institution is not of the region, or listed twice.
    """
    row = await repository.find_area(session, region_id=principal.region_id, area_id=area_id, lock=True)
    if row is None:
        raise problems.NotFound(what="调度区域")
    if asked.institution_ids is not None:
        await _refuse_institutions(session, principal.region_id, asked.institution_ids)
        row.institution_ids = asked.institution_ids
    if asked.name is not None:
        row.name = asked.name
    await session.flush()
    return _read(row)


async def read_area(session: AsyncSession, *, principal: Principal, area_id: UUID) -> schemas.DispatchAreaRead:
    """Return a dispatch area of the region.

    Raises:
        problems.NotFound: there is none.
    """
    row = await repository.find_area(session, region_id=principal.region_id, area_id=area_id)
    if row is None:
        raise problems.NotFound(what="调度区域")
    return _read(row)


async def list_areas(
    session: AsyncSession, *, principal: Principal, page: paging.PageRequest, cursors: paging.Cursors
) -> paging.Page[schemas.DispatchAreaRead]:
    """Return a page of the region's dispatch areas."""
    found = await repository.list_areas(session, region_id=principal.region_id, page=page)
    return paging.page_of(found, request=page, read=_read, last=lambda row: row.id, cursors=cursors, listing=LISTING)


async def _refuse_institutions(session: AsyncSession, region_id: UUID, institution_ids: Sequence[UUID]) -> None:
    found = await institutions.list_institutions_facts(session, region_id=region_id, institution_ids=institution_ids)
    known = [each.id for each in found]
    unknown = [each for each in institution_ids if each not in known or institution_ids.count(each) > 1]
    if unknown:
        raise errors.AreaInstitutionsInvalid(unknown="、".join(str(each) for each in dict.fromkeys(unknown)))


def _read(row: DispatchArea) -> schemas.DispatchAreaRead:
    return schemas.DispatchAreaRead(id=row.id, code=row.code, name=row.name, institution_ids=row.institution_ids)
