"""HTTP of bed days."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response

from service.billing.bed_days import errors, schemas, usecases
from service.billing.ledger import errors as ledger_errors
from service.contracts import errors as contract_errors
from service.core import http, paging, problems
from service.core.principal import Principal
from service.core.router import Router

router = Router(tags=["床日结算"])

_Reads = Annotated[Principal, Depends(http.Requires("bills:read"))]
_Settles = Annotated[Principal, Depends(http.Requires("bills:settle"))]
_Reverses = Annotated[Principal, Depends(http.Requires("bills:reverse"))]


@router.post(
    "/beds/{bed_id}/bed-settlements",
    status_code=201,
    response_model=schemas.BedSettlementRead,
    responses=http.refuses(
        problems.NotFound,
        errors.BedPeriodTooLong,
        errors.BedNotPerDiem,
        errors.NothingToBill,
        errors.NotInThisBed,
        errors.InsuranceInterrupted,
        errors.BedDayBilled,
        errors.BedDayOutsideStay,
        contract_errors.EntitlementExhausted,
        contract_errors.EntitlementUnknown,
        contract_errors.ConsumedAlready,
        ledger_errors.JournaledAlready,
        keyed=True,
    ),
)
async def settle_bed_days(
    bed_id: UUID,
    body: schemas.BedDaysCreate,
    principal: _Settles,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
) -> schemas.BedSettlementRead | Response:
    """结算床日（计入不计出）：一段时间内已过完、在床且没有计过的日子，每位居民每天只计一次；已知住院或去世后的日子不计，逐日说明。"""
    return await once.run(
        body, lambda: usecases.settle_bed_days(session, principal=principal, bed_id=bed_id, asked=body, now=now)
    )


@router.get("/beds/{bed_id}/bed-settlements", responses=http.refuses(problems.NotFound, problems.CursorInvalid))
async def list_bed_settlements(
    bed_id: UUID, principal: _Reads, session: http.Session, now: http.Now, pages: http.Pages
) -> paging.Page[schemas.BedSettlementSummary]:
    """查看一张床的床日结算单。"""
    return await usecases.list_bed_settlements(
        session,
        principal=principal,
        bed_id=bed_id,
        page=pages.of(usecases.LISTING),
        cursors=pages.cursors,
        now=now,
    )


@router.post(
    "/beds/{bed_id}/reversals",
    status_code=201,
    response_model=schemas.BedReversalRead,
    responses=http.refuses(
        problems.NotFound,
        errors.BedPeriodTooLong,
        errors.BedNotPerDiem,
        errors.NotSettled,
        errors.BedDayReversed,
        contract_errors.EntitlementUnknown,
        contract_errors.ConsumedAlready,
        ledger_errors.JournaledAlready,
        ledger_errors.InvoiceTakenBack,
        keyed=True,
    ),
)
async def reverse_bed_days(
    bed_id: UUID,
    body: schemas.BedReversalCreate,
    principal: _Reverses,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
) -> schemas.BedReversalRead | Response:
    """冲销一段时间内已结算的床日：退回所用的年度限额，可重新结算。"""
    return await once.run(
        body, lambda: usecases.reverse_bed_days(session, principal=principal, bed_id=bed_id, asked=body, now=now)
    )


@router.get(
    "/bed-settlements/{bed_settlement_id}",
    response_model=schemas.BedSettlementRead,
    responses=http.refuses(problems.NotFound, etag=True),
)
async def read_bed_settlement(
    bed_settlement_id: UUID, request: Request, principal: _Reads, session: http.Session, now: http.Now
) -> Response:
    """查看床日结算单：每年的床日、由谁支付、为什么，逐日金额与冲销。"""
    answer = await usecases.read_bed_settlement(session, principal=principal, settlement_id=bed_settlement_id, now=now)
    return http.with_etag(request, answer)


@router.get("/bed-settlements/{bed_settlement_id}/case", responses=http.refuses(problems.NotFound))
async def read_bed_settlement_case(bed_settlement_id: UUID, principal: _Reads, session: http.Session) -> dict[str, Any]:
    """床日结算单的依据（收费案例文件），供机构用 `xunzhen bill` 离线复算。"""
    return await usecases.read_bed_case(session, principal=principal, settlement_id=bed_settlement_id)


@router.get("/bed-settlements/{bed_settlement_id}/proof", responses=http.refuses(problems.NotFound))
async def read_bed_settlement_proof(
    bed_settlement_id: UUID, principal: _Reads, session: http.Session
) -> schemas.BedProofRead:
    """床日结算单的证明：核算、分担、减免的依据，协议、床位与限额；`xunzhen bill --proof` 可离线复算。"""
    return await usecases.read_bed_proof(session, principal=principal, settlement_id=bed_settlement_id)
