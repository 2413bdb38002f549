"""HTTP of overflow agreements (机构间互助协议)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http, paging
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.institutions.errors import PeriodReversed
from service.routing import errors, usecases
from service.routing import overflow_schemas as schemas
from service.routing.usecases import overflow

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("institutions:read"))]
Governs = Annotated[Principal, Depends(http.Requires("region:write"))]


@router.post(
    "/overflow-agreements",
    status_code=201,
    response_model=schemas.OverflowAgreementRead,
    responses=http.refuses(errors.OverflowPartiesInvalid, PeriodReversed, errors.OverflowAgreed, keyed=True),
)
async def add_overflow_agreement(
    principal: Governs,
    session: http.Session,
    once: http.OnlyOnce,
    now: http.Now,
    body: schemas.OverflowAgreementCreate,
) -> Response | schemas.OverflowAgreementRead:
    """登记两家机构签订的互助协议：一方排不下的订单可由另一方的人员上门。"""
    return await once.run(body, lambda: usecases.add_agreement(session, principal=principal, asked=body, now=now))


@router.get("/overflow-agreements", responses=http.refuses(CursorInvalid))
async def list_overflow_agreements(
    principal: Reads, session: http.Session, pages: http.Pages
) -> paging.Page[schemas.OverflowAgreementRead]:
    """列出本统筹区的互助协议，包括已结束的。"""
    return await usecases.list_agreements(
        session, principal=principal, page=pages.of(overflow.LISTING), cursors=pages.cursors
    )


@router.patch(
    "/overflow-agreements/{agreement_id}",
    responses=http.refuses(NotFound, PeriodReversed, errors.OverflowAgreed),
)
async def change_overflow_agreement(
    principal: Governs, session: http.Session, agreement_id: UUID, body: schemas.OverflowAgreementUpdate
) -> schemas.OverflowAgreementRead:
    """填写互助协议的截止日期（当天仍有效），null 为长期；已发布的上门安排不变。"""
    return await usecases.change_agreement(session, principal=principal, agreement_id=agreement_id, asked=body)
