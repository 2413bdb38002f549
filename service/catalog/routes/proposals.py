"""Changes of the visit fee: proposed, approved, withdrawn by the institution; the notice is public."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.catalog import errors, proposal_schemas, usecases
from service.core import http, problems
from service.core.paging import Page, page_of
from service.core.principal import Principal
from service.core.router import Router

router = Router(prefix="/institutions/{institution_id}/tariff-proposals", tags=["目录"])

Keeper = Annotated[Principal, Depends(http.Requires("catalog:write"))]


@router.post(
    "",
    status_code=201,
    response_model=proposal_schemas.TariffProposalRead,
    responses=http.refuses(problems.NotFound, errors.TariffNoticeTooShort, errors.TariffTooSoon, keyed=True),
)
async def propose_visit_fee_tariff(
    *,
    institution_id: UUID,
    body: proposal_schemas.TariffProposalCreate,
    principal: Keeper,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
) -> proposal_schemas.TariffProposalRead | Response:
    """提出上门服务费变更方案（服务半径、人力、交通、供求等成本因素），当天起公示。"""
    return await once.run(
        body,
        lambda: usecases.propose_tariff(
            session, principal=principal, institution_id=institution_id, asked=body, now=now
        ),
    )


@router.get("", responses=http.refuses(problems.NotFound, problems.CursorInvalid))
async def list_tariff_proposals(
    institution_id: UUID, principal: Keeper, session: http.Session, pages: http.Pages, now: http.Now
) -> Page[proposal_schemas.TariffProposalRead]:
    """查看本机构的变更方案：公示、批准和执行情况。"""
    page = pages.of("tariff-proposals")
    found = await usecases.list_tariff_proposals(
        session, principal=principal, institution_id=institution_id, page=page, now=now
    )
    return page_of(
        found, request=page, read=_same, last=lambda row: row.id, cursors=pages.cursors, listing="tariff-proposals"
    )


@router.post(
    "/{proposal_id}/approvals",
    responses=http.refuses(
        problems.NotFound,
        problems.Collision,
        errors.TariffOwnProposal,
        errors.TariffNotOpen,
        errors.TariffTooSoon,
    ),
)
async def approve_tariff_proposal(
    institution_id: UUID, proposal_id: UUID, principal: Keeper, session: http.Session, now: http.Now
) -> proposal_schemas.TariffProposalRead:
    """批准方案（公示期满后，须两人批准且都不是提出人）；第二人批准后，自执行日起成为收费标准。"""
    return await usecases.approve_tariff_proposal(
        session, principal=principal, institution_id=institution_id, proposal_id=proposal_id, now=now
    )


@router.post("/{proposal_id}/withdrawal", responses=http.refuses(problems.NotFound, errors.TariffNotOpen))
async def withdraw_tariff_proposal(
    *,
    institution_id: UUID,
    proposal_id: UUID,
    body: proposal_schemas.TariffWithdrawal,
    principal: Keeper,
    session: http.Session,
    now: http.Now,
) -> proposal_schemas.TariffProposalRead:
    """撤回尚未批准的方案。"""
    return await usecases.withdraw_tariff_proposal(
        session,
        principal=principal,
        institution_id=institution_id,
        proposal_id=proposal_id,
        asked=body,
        now=now,
    )


def _same(row: proposal_schemas.TariffProposalRead) -> proposal_schemas.TariffProposalRead:
    return row
