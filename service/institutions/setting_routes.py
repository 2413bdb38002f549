"""HTTP of dated settings."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from service.core import http, paging
from service.core.clock import local_date
from service.core.paging import Page
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.core.text import Code
from service.institutions import errors, schemas, setting_schemas, usecases

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("institutions:read"))]
Writes = Annotated[Principal, Depends(http.Requires("institutions:write"))]
Whose = Annotated[UUID | None, Query(description="机构；不填为统筹区统一设置")]


@router.post(
    "/settings",
    status_code=201,
    response_model=setting_schemas.SettingRowRead,
    responses=http.refuses(
        NotFound,
        errors.SettingUnknown,
        errors.SettingValueInvalid,
        errors.PeriodReversed,
        errors.SettingOverlaps,
        keyed=True,
    ),
)
async def set_setting(
    principal: Writes, session: http.Session, once: http.OnlyOnce, now: http.Now, body: setting_schemas.SettingCreate
) -> Response | setting_schemas.SettingRowRead:
    """从某日起设定一个值；正在生效且无截止日期的旧值自动截止到前一天。"""
    return await once.run(body, lambda: usecases.set_setting(session, principal=principal, draft=body, now=now))


@router.get("/settings", responses=http.refuses(NotFound))
async def list_settings(
    principal: Reads,
    session: http.Session,
    now: http.Now,
    institution_id: Whose = None,
    on: Annotated[schemas.Day | None, Query(description="哪一天；不填为今天")] = None,
) -> setting_schemas.SettingList:
    """列出某日生效的全部设置，可预览将来某日。"""
    return await usecases.list_settings(
        session, region_id=principal.region_id, institution_id=institution_id, on=on or local_date(now)
    )


@router.get("/settings/{key}/rows", responses=http.refuses(NotFound, CursorInvalid))
async def list_setting_rows(
    principal: Reads, session: http.Session, pages: http.Pages, key: Code, institution_id: Whose = None
) -> Page[setting_schemas.SettingRowRead]:
    """列出一个设置的历次取值，机构的或统筹区的。"""
    listing = f"settings/{key}/{institution_id}"
    request = pages.of(listing)
    found = await usecases.list_setting_rows(
        session, region_id=principal.region_id, institution_id=institution_id, key=key, page=request
    )
    return paging.page_of(
        found,
        request=request,
        read=lambda each: each,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing=listing,
    )


@router.patch(
    "/settings/{key}/rows/{row_id}",
    responses=http.refuses(
        NotFound, errors.SettingValueInvalid, errors.PeriodReversed, errors.PastFixed, errors.SettingOverlaps
    ),
)
async def change_setting(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    key: Code,
    row_id: UUID,
    body: setting_schemas.SettingUpdate,
) -> setting_schemas.SettingRowRead:
    """更正一个取值：截止日期；尚未生效过的，也可改值。"""
    return await usecases.change_setting(session, principal=principal, key=key, row_id=row_id, change=body, now=now)
