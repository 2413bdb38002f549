"""HTTP of institutions: districts and institutions here, stations, service modes and settings beside it."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from service.core import http, paging
from service.core.clock import local_date
from service.core.paging import Page
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.institutions import (
    designation_routes,
    errors,
    level_routes,
    premises_routes,
    rules,
    schemas,
    setting_routes,
    usecases,
)

router = Router(tags=["机构"])
router.include_router(premises_routes.router)
router.include_router(designation_routes.router)
router.include_router(level_routes.router)
router.include_router(setting_routes.router)

Reads = Annotated[Principal, Depends(http.Requires("institutions:read"))]
Writes = Annotated[Principal, Depends(http.Requires("institutions:write"))]
Governs = Annotated[Principal, Depends(http.Requires("region:write"))]


@router.post(
    "/districts",
    status_code=201,
    response_model=schemas.DistrictRead,
    responses=http.refuses(errors.DistrictCodeTaken, keyed=True),
)
async def add_district(
    principal: Governs, session: http.Session, once: http.OnlyOnce, body: schemas.DistrictCreate
) -> Response | schemas.DistrictRead:
    """登记本统筹区的一个县区。"""

    async def act() -> schemas.DistrictRead:
        return schemas.DistrictRead.of(await usecases.add_district(session, region_id=principal.region_id, draft=body))

    return await once.run(body, act)


@router.get("/districts", responses=http.refuses(CursorInvalid))
async def list_districts(principal: Reads, session: http.Session, pages: http.Pages) -> Page[schemas.DistrictRead]:
    """列出本统筹区的县区。"""
    request = pages.of("districts")
    found = await usecases.list_districts(session, region_id=principal.region_id, page=request)
    return paging.page_of(
        found,
        request=request,
        read=schemas.DistrictRead.of,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing="districts",
    )


@router.get("/districts/{district_id}", responses=http.refuses(NotFound))
async def read_district(principal: Reads, session: http.Session, district_id: UUID) -> schemas.DistrictRead:
    """查看一个县区。"""
    found = await usecases.get_district(session, region_id=principal.region_id, district_id=district_id)
    return schemas.DistrictRead.of(found)


@router.patch("/districts/{district_id}", responses=http.refuses(NotFound))
async def change_district(
    principal: Governs, session: http.Session, district_id: UUID, body: schemas.DistrictUpdate
) -> schemas.DistrictRead:
    """修改县区名称。"""
    changed = await usecases.change_district(
        session, region_id=principal.region_id, district_id=district_id, change=body
    )
    return schemas.DistrictRead.of(changed)


@router.post(
    "/institutions",
    status_code=201,
    response_model=schemas.InstitutionRead,
    responses=http.refuses(NotFound, errors.InstitutionCodeTaken, errors.LicenceTaken, keyed=True),
)
async def add_institution(
    principal: Governs, session: http.Session, once: http.OnlyOnce, body: schemas.InstitutionCreate
) -> Response | schemas.InstitutionRead:
    """登记一家机构。"""

    async def act() -> schemas.InstitutionRead:
        added = await usecases.add_institution(session, region_id=principal.region_id, draft=body)
        return schemas.InstitutionRead.of(added, body.level)

    return await once.run(body, act)


@router.get("/institutions", responses=http.refuses(CursorInvalid))
async def list_institutions(
    *,
    principal: Reads,
    session: http.Session,
    now: http.Now,
    pages: http.Pages,
    district_id: UUID | None = None,
    kind: Annotated[rules.InstitutionKind | None, Query(description="机构类别")] = None,
) -> Page[schemas.InstitutionRead]:
    """列出本统筹区的机构，可按县区和类别筛选。"""
    request = pages.of("institutions")
    found = await usecases.list_institutions(
        session, region_id=principal.region_id, page=request, district_id=district_id, kind=kind
    )
    levels = await usecases.levels_on(
        session, region_id=principal.region_id, institution_ids=[each.id for each in found], on=local_date(now)
    )
    return paging.page_of(
        found,
        request=request,
        read=lambda each: schemas.InstitutionRead.of(each, levels.get(each.id)),
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing="institutions",
    )


@router.get(
    "/institutions/{institution_id}",
    response_model=schemas.InstitutionRead,
    responses=http.refuses(NotFound, etag=True),
)
async def read_institution(
    principal: Reads, session: http.Session, now: http.Now, request: Request, institution_id: UUID
) -> Response:
    """查看一家机构；带 If-None-Match 时未变化返回 304。"""
    found = await usecases.get_institution(session, region_id=principal.region_id, institution_id=institution_id)
    return http.with_etag(request, schemas.InstitutionRead.of(found, await _level(session, found, principal, now)))


@router.patch("/institutions/{institution_id}", responses=http.refuses(NotFound, errors.LicenceTaken))
async def change_institution(
    principal: Writes, session: http.Session, now: http.Now, institution_id: UUID, body: schemas.InstitutionUpdate
) -> schemas.InstitutionRead:
    """修改机构名称、地址、坐标、执业许可证、公布电话，或自今天起的等级。"""
    changed = await usecases.change_institution(
        session, principal=principal, institution_id=institution_id, change=body
    )
    return schemas.InstitutionRead.of(changed, await _level(session, changed, principal, now))


async def _level(
    session: AsyncSession, of: rules.InstitutionFacts, principal: Principal, now: datetime
) -> rules.InstitutionLevel | None:
    return await usecases.level_on(session, region_id=principal.region_id, institution_id=of.id, on=local_date(now))
