"""HTTP of designations (定点): which insurance pays at an institution."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http, paging
from service.core.paging import Page
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.institutions import designation_schemas as schemas
from service.institutions import errors, usecases

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("institutions:read"))]
Governs = Annotated[Principal, Depends(http.Requires("region:write"))]


@router.post(
    "/institutions/{institution_id}/designations",
    status_code=201,
    response_model=schemas.DesignationRead,
    responses=http.refuses(NotFound, errors.PeriodReversed, errors.DesignatedAlready, keyed=True),
)
async def designate_institution(
    principal: Governs,
    session: http.Session,
    once: http.OnlyOnce,
    institution_id: UUID,
    body: schemas.DesignationCreate,
) -> Response | schemas.DesignationRead:
    """登记机构为某险种的定点机构；医保和长护险只在定点机构支付。"""

    async def act() -> schemas.DesignationRead:
        return schemas.DesignationRead.of(
            await usecases.designate(session, principal=principal, institution_id=institution_id, draft=body)
        )

    return await once.run(body, act)


@router.get("/institutions/{institution_id}/designations", responses=http.refuses(NotFound, CursorInvalid))
async def list_designations(
    principal: Reads, session: http.Session, pages: http.Pages, institution_id: UUID
) -> Page[schemas.DesignationRead]:
    """列出机构的定点记录，包括已结束的。"""
    listing = f"designations/{institution_id}"
    request = pages.of(listing)
    found = await usecases.list_designations(
        session, region_id=principal.region_id, institution_id=institution_id, page=request
    )
    return paging.page_of(
        found,
        request=request,
        read=schemas.DesignationRead.of,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing=listing,
    )


@router.patch(
    "/institutions/{institution_id}/designations/{designation_id}",
    responses=http.refuses(NotFound, errors.PeriodReversed, errors.DesignatedAlready),
)
async def change_designation(
    principal: Governs,
    session: http.Session,
    institution_id: UUID,
    designation_id: UUID,
    body: schemas.DesignationUpdate,
) -> schemas.DesignationRead:
    """填写定点的截止日期（当天仍有效），null 为长期。"""
    changed = await usecases.change_designation(
        session, principal=principal, institution_id=institution_id, designation_id=designation_id, change=body
    )
    return schemas.DesignationRead.of(changed)
