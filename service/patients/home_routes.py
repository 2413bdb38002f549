"""HTTP of homes."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from service.core import http, paging
from service.core.paging import Page
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.patients import errors, home_schemas, usecases

router = Router()

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
    """登记一处住址：微信选点、坐标，或只填住址（随后自动查坐标）；坐标换算为 WGS-84，同住者共用一处住址。"""
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


# before `/homes/{home_id}`: the first route that fits answers
@router.get("/homes/reviews", responses=http.refuses(CursorInvalid))
async def list_home_reviews(
    principal: Writes, session: http.Session, house: http.TheHouse, pages: http.Pages
) -> Page[home_schemas.HomeReviewRead]:
    """列出本机构登记的、位置有待人工核对的住址：没有查到、把握不大，或上门时发现不在此处。"""
    request = pages.of("home-reviews")
    found = await usecases.list_home_reviews(session, principal=principal, house=house, page=request)
    return paging.page_of(
        found,
        request=request,
        read=lambda each: each,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing="home-reviews",
    )


@router.get("/homes/{home_id}", response_model=home_schemas.HomeRead, responses=http.refuses(NotFound, etag=True))
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
    """修改一处住址；只改住址文字的，位置重新查找，人工选定的除外。"""
    return await usecases.change_home(session, principal=principal, house=house, home_id=home_id, change=body, now=now)


@router.post(
    "/homes/{home_id}/placing",
    responses=http.refuses(NotFound, errors.HomePlacedMeanwhile, errors.NothingToConfirm),
)
async def place_home(
    *,
    principal: Writes,
    session: http.Session,
    house: http.TheHouse,
    now: http.Now,
    home_id: UUID,
    body: home_schemas.HomePlacing,
) -> home_schemas.HomeRead:
    """人工确认或改动一处住址的位置；此后不再自动更改。不带 place 即确认现有位置。"""
    return await usecases.place_home(session, principal=principal, house=house, home_id=home_id, asked=body, now=now)
