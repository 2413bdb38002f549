"""HTTP of homes."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from service.core import http, paging
from service.core.paging import Page
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.patients import errors, home_schemas, usecases

router = APIRouter()

Reads = Annotated[Principal, Depends(http.Requires("patients:read"))]
Writes = Annotated[Principal, Depends(http.Requires("patients:write"))]


@router.post(
    "/homes",
    status_code=201,
    response_model=home_schemas.HomeRead,
    responses=http.refuses(NotFound, errors.NotACareInstitution, keyed=True),
)
async def register_home(
    principal: Writes,
    session: http.Session,
    house: http.TheHouse,
    once: http.OnlyOnce,
    body: home_schemas.HomeCreate,
) -> Response | home_schemas.HomeRead:
    """登记一处住址；坐标按所给坐标系换算为 WGS-84，同住者共用一处住址。"""
    return await once.run(body, lambda: usecases.register_home(session, principal=principal, house=house, draft=body))


@router.get("/homes", responses=http.refuses(CursorInvalid))
async def list_homes(
    principal: Reads, session: http.Session, house: http.TheHouse, now: http.Now, pages: http.Pages
) -> Page[home_schemas.HomeRead]:
    """列出可见的住址。"""
    request = pages.of("homes")
    found = await usecases.list_homes(session, principal=principal, house=house, now=now, page=request)
    return paging.page_of(
        found,
        request=request,
        read=lambda each: each,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing="homes",
    )


@router.get("/homes/{home_id}", response_model=home_schemas.HomeRead, responses=http.refuses(NotFound))
async def read_home(
    *,
    request: Request,
    principal: Reads,
    session: http.Session,
    house: http.TheHouse,
    now: http.Now,
    home_id: UUID,
) -> Response:
    """查看一处住址。"""
    found = await usecases.read_home(session, principal=principal, house=house, home_id=home_id, now=now)
    return http.with_etag(request, found)


@router.patch("/homes/{home_id}", responses=http.refuses(NotFound, errors.NotACareInstitution))
async def change_home(
    *,
    principal: Writes,
    session: http.Session,
    house: http.TheHouse,
    now: http.Now,
    home_id: UUID,
    body: home_schemas.HomeUpdate,
) -> home_schemas.HomeRead:
    """修改一处住址。"""
    return await usecases.change_home(session, principal=principal, house=house, home_id=home_id, change=body, now=now)
