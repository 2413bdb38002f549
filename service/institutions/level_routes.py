"""HTTP of an institution's levels (等级): which of the region's price books holds there, from when until when."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http, paging
from service.core.paging import Page
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.institutions import errors, usecases
from service.institutions import level_schemas as schemas

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("institutions:read"))]
Governs = Annotated[Principal, Depends(http.Requires("region:write"))]


@router.post(
    "/institutions/{institution_id}/levels",
    status_code=201,
    response_model=schemas.LevelRead,
    responses=http.refuses(NotFound, errors.PeriodReversed, errors.LevelsOverlap, keyed=True),
)
async def add_institution_level(
    principal: Governs,
    session: http.Session,
    once: http.OnlyOnce,
    institution_id: UUID,
    body: schemas.LevelCreate,
) -> Response | schemas.LevelRead:
    """核定机构自某日起的等级；未填截止日期的原等级于前一天结束，此前的服务仍按原等级计价。"""

    async def act() -> schemas.LevelRead:
        return schemas.LevelRead.of(
            await usecases.add_level(session, principal=principal, institution_id=institution_id, draft=body)
        )

    return await once.run(body, act)


@router.get("/institutions/{institution_id}/levels", responses=http.refuses(NotFound, CursorInvalid))
async def list_institution_levels(
    principal: Reads, session: http.Session, pages: http.Pages, institution_id: UUID
) -> Page[schemas.LevelRead]:
    """列出机构历次的等级。"""
    listing = f"levels/{institution_id}"
    request = pages.of(listing)
    found = await usecases.list_levels(
        session, region_id=principal.region_id, institution_id=institution_id, page=request
    )
    return paging.page_of(
        found,
        request=request,
        read=schemas.LevelRead.of,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing=listing,
    )


@router.patch(
    "/institutions/{institution_id}/levels/{level_id}",
    responses=http.refuses(NotFound, errors.PeriodReversed, errors.LevelsOverlap),
)
async def end_institution_level(
    principal: Governs,
    session: http.Session,
    institution_id: UUID,
    level_id: UUID,
    body: schemas.LevelUpdate,
) -> schemas.LevelRead:
    """填写等级的截止日期（当天仍有效），null 为长期。"""
    changed = await usecases.end_level(
        session, principal=principal, institution_id=institution_id, level_id=level_id, change=body
    )
    return schemas.LevelRead.of(changed)
