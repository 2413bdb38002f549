"""HTTP of an institution's stations and registered service modes."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http, paging
from service.core.paging import Page
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.institutions import errors, schemas, usecases

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("institutions:read"))]
Writes = Annotated[Principal, Depends(http.Requires("institutions:write"))]


@router.post(
    "/institutions/{institution_id}/stations",
    status_code=201,
    response_model=schemas.StationRead,
    responses=http.refuses(NotFound, errors.StationCodeTaken, keyed=True),
)
async def add_station(
    principal: Writes, session: http.Session, once: http.OnlyOnce, institution_id: UUID, body: schemas.StationCreate
) -> Response | schemas.StationRead:
    """登记一个站点。"""

    async def act() -> schemas.StationRead:
        return schemas.StationRead.of(
            await usecases.add_station(session, principal=principal, institution_id=institution_id, draft=body)
        )

    return await once.run(body, act)


@router.get("/institutions/{institution_id}/stations", responses=http.refuses(NotFound, CursorInvalid))
async def list_stations(
    principal: Reads, session: http.Session, pages: http.Pages, institution_id: UUID
) -> Page[schemas.StationRead]:
    """列出机构的站点。"""
    listing = f"stations/{institution_id}"
    request = pages.of(listing)
    found = await usecases.list_stations_page(
        session, region_id=principal.region_id, institution_id=institution_id, page=request
    )
    return paging.page_of(
        found,
        request=request,
        read=schemas.StationRead.of,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing=listing,
    )


@router.get("/institutions/{institution_id}/stations/{station_id}", responses=http.refuses(NotFound))
async def read_station(
    principal: Reads, session: http.Session, institution_id: UUID, station_id: UUID
) -> schemas.StationRead:
    """查看一个站点。"""
    found = await usecases.read_station(
        session, region_id=principal.region_id, institution_id=institution_id, station_id=station_id
    )
    return schemas.StationRead.of(found)


@router.patch("/institutions/{institution_id}/stations/{station_id}", responses=http.refuses(NotFound))
async def change_station(
    *,
    principal: Writes,
    session: http.Session,
    institution_id: UUID,
    station_id: UUID,
    body: schemas.StationUpdate,
) -> schemas.StationRead:
    """修改站点名称或坐标。"""
    changed = await usecases.change_station(
        session, principal=principal, institution_id=institution_id, station_id=station_id, change=body
    )
    return schemas.StationRead.of(changed)


@router.post(
    "/institutions/{institution_id}/service-modes",
    status_code=201,
    response_model=schemas.ModeRead,
    responses=http.refuses(
        NotFound,
        errors.PeriodReversed,
        errors.CareInstitutionOnly,
        errors.LicenceMissing,
        errors.ModeRegistered,
        errors.RegistrationTaken,
        keyed=True,
    ),
)
async def register_mode(
    principal: Writes, session: http.Session, once: http.OnlyOnce, institution_id: UUID, body: schemas.ModeCreate
) -> Response | schemas.ModeRead:
    """登记服务方式（家庭病床、巡诊）；变更时原登记保留。"""

    async def act() -> schemas.ModeRead:
        return schemas.ModeRead.of(
            await usecases.register_mode(session, principal=principal, institution_id=institution_id, draft=body)
        )

    return await once.run(body, act)


@router.get("/institutions/{institution_id}/service-modes", responses=http.refuses(NotFound, CursorInvalid))
async def list_modes(
    principal: Reads, session: http.Session, pages: http.Pages, institution_id: UUID
) -> Page[schemas.ModeRead]:
    """列出机构的服务方式登记，包括已截止的。"""
    listing = f"service-modes/{institution_id}"
    request = pages.of(listing)
    found = await usecases.list_modes_page(
        session, region_id=principal.region_id, institution_id=institution_id, page=request
    )
    return paging.page_of(
        found,
        request=request,
        read=schemas.ModeRead.of,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing=listing,
    )


@router.get("/institutions/{institution_id}/service-modes/{mode_id}", responses=http.refuses(NotFound))
async def read_mode(principal: Reads, session: http.Session, institution_id: UUID, mode_id: UUID) -> schemas.ModeRead:
    """查看一条服务方式登记。"""
    found = await usecases.read_mode(
        session, region_id=principal.region_id, institution_id=institution_id, mode_id=mode_id
    )
    return schemas.ModeRead.of(found)


@router.patch(
    "/institutions/{institution_id}/service-modes/{mode_id}",
    responses=http.refuses(NotFound, errors.PeriodReversed, errors.ModeRegistered, errors.RegistrationTaken),
)
async def change_mode(
    *, principal: Writes, session: http.Session, institution_id: UUID, mode_id: UUID, body: schemas.ModeUpdate
) -> schemas.ModeRead:
    """填写或取消服务方式登记的截止日期。"""
    changed = await usecases.change_mode(
        session, principal=principal, institution_id=institution_id, mode_id=mode_id, change=body
    )
    return schemas.ModeRead.of(changed)
