"""Per-diem agreements of an institution (按床日付费协议): the region enters them, everyone of the region reads them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.catalog import errors, schemas, usecases
from service.catalog import per_diem_schemas as agreed
from service.core import http, problems
from service.core.paging import Page, page_of
from service.core.principal import Principal
from service.core.router import Router

router = Router(prefix="/institutions/{institution_id}/per-diem-agreements", tags=["目录"])

Reader = Annotated[Principal, Depends(http.Requires("catalog:read"))]
Keeper = Annotated[Principal, Depends(http.Requires("region:write"))]
LISTING = "per-diem-agreements"


@router.post(
    "",
    status_code=201,
    response_model=agreed.PerDiemAgreementRead,
    responses=http.refuses(problems.NotFound, errors.AgreementsOverlap, keyed=True),
)
async def add_per_diem_agreement(
    institution_id: UUID,
    body: agreed.PerDiemAgreementCreate,
    principal: Keeper,
    session: http.Session,
    once: http.OnlyOnce,
) -> agreed.PerDiemAgreementRead | Response:
    """登记按床日付费协议：每床日金额、基金支付比例与年度限额、除外项目、余额由谁承担；开放的旧协议于前一天结束。"""
    return await once.run(
        body,
        lambda: usecases.add_per_diem_agreement(
            session, principal=principal, institution_id=institution_id, asked=body
        ),
    )


@router.get(
    "",
    response_model=Page[agreed.PerDiemAgreementRead],
    responses=http.refuses(problems.NotFound, problems.CursorInvalid, etag=True),
)
async def list_per_diem_agreements(
    *,
    request: Request,
    institution_id: UUID,
    principal: Reader,
    session: http.Session,
    pages: http.Pages,
    on: Annotated[schemas.Day | None, Query(description="只看这一天有效的")] = None,
) -> Response:
    """查看按床日付费协议：历次协议，或某一天有效的协议。"""
    page = pages.of(LISTING)
    found = await usecases.list_per_diem_agreements(
        session, principal=principal, institution_id=institution_id, on=on, page=page
    )
    answer = page_of(found, request=page, read=_same, last=lambda row: row.id, cursors=pages.cursors, listing=LISTING)
    return http.with_etag(request, answer)


@router.patch("/{agreement_id}", responses=http.refuses(problems.NotFound, errors.EndingInvalid))
async def end_per_diem_agreement(
    institution_id: UUID, agreement_id: UUID, body: schemas.CatalogEnding, principal: Keeper, session: http.Session
) -> agreed.PerDiemAgreementRead:
    """结束按床日付费协议（当天仍有效）；此前建的床仍按原协议。"""
    return await usecases.end_per_diem_agreement(
        session, principal=principal, institution_id=institution_id, agreement_id=agreement_id, asked=body
    )


def _same(row: agreed.PerDiemAgreementRead) -> agreed.PerDiemAgreementRead:
    return row
