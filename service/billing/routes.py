"""HTTP of billing."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from service.billing import errors, schemas, usecases
from service.billing.bed_days import routes as bed_days
from service.billing.consents import routes as consents
from service.billing.ledger import routes as ledger_routes
from service.billing.parking import errors as parking_errors
from service.billing.parking import routes as parking
from service.billing.parking.schemas import ParkedRead
from service.billing.proof import routes as proof_routes
from service.billing.resettling import routes as resettling
from service.contracts import errors as contract_errors
from service.core import http, paging, problems
from service.core.dates import WRITTEN
from service.core.principal import Principal
from service.core.router import Router
from service.orders import errors as order_errors
from service.patients import errors as patient_errors

router = Router(tags=["收费"])
router.include_router(ledger_routes.router)
router.include_router(bed_days.router)
router.include_router(consents.router)
router.include_router(parking.router)
router.include_router(proof_routes.router)
router.include_router(resettling.router)

_Asks = Annotated[Principal, Depends(http.Requires("orders:place"))]
_Reads = Annotated[Principal, Depends(http.Requires("bills:read"))]
_Settles = Annotated[Principal, Depends(http.Requires("bills:settle"))]
_Reverses = Annotated[Principal, Depends(http.Requires("bills:reverse"))]

_GATE = (
    errors.ProviderNotQualified,
    errors.TooFewStaff,
    errors.PriceMissing,
    errors.OutsideServiceArea,
)


@router.post(
    "/quotes",
    status_code=201,
    response_model=schemas.QuoteRead,
    responses=http.refuses(
        problems.NotFound,
        patient_errors.RightMissing,
        patient_errors.HomeNotPlaced,
        errors.HomeUnknown,
        *_GATE,
        keyed=True,
    ),
)
async def ask_quote(
    body: schemas.QuoteCreate,
    principal: _Asks,
    session: http.Session,
    house: http.TheHouse,
    now: http.Now,
    once: http.OnlyOnce,
) -> schemas.QuoteRead | Response:
    """询价：一次上门多少钱、由谁支付、各还剩多少；不预约、不占用额度。报价经签名，有效期内可凭编号预约，预约后即封顶。"""
    return await once.run(
        body,
        lambda: usecases.preview(session, principal=principal, asked=body, signer=house.signer, now=now),
    )


@router.get(
    "/quotes/{quote_id}", response_model=schemas.QuoteRead, responses=http.refuses(problems.NotFound, etag=True)
)
async def read_quote(
    quote_id: UUID, request: Request, principal: _Asks, session: http.Session, now: http.Now
) -> Response:
    """查看报价。"""
    answer = await usecases.read_quote(session, principal=principal, quote_id=quote_id, now=now)
    return http.with_etag(request, answer)


@router.post(
    "/visits/{visit_id}/settlement",
    status_code=201,
    response_model=schemas.SettlementRead,
    responses={
        200: {"model": schemas.SettlementRead, "description": "已经结算过，返回同一份账单"},
        202: {"model": ParkedRead, "description": "触及安全界限，转人工核对，尚未收费"},
        **http.refuses(
            problems.NotFound,
            errors.VisitNotVerified,
            errors.AwaitingTrip,
            errors.TripSettled,
            errors.TripFeeFixed,
            errors.SettledAlready,
            parking_errors.SettlementParked,
            parking_errors.BillRejected,
            order_errors.IllegalMove,
            contract_errors.EntitlementExhausted,
            contract_errors.EntitlementUnknown,
            contract_errors.ConsumedAlready,
            *_GATE,
            keyed=True,
        ),
    },
)
async def settle_visit(
    visit_id: UUID,
    principal: _Settles,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
    response: Response,
) -> schemas.SettlementRead | Response:
    """结算一次上门；已结算的返回同一份账单；触及安全界限的转人工核对。"""

    async def act() -> schemas.SettlementRead | ParkedRead:
        answer = await usecases.settle_visit(session, principal=principal, visit_id=visit_id, now=now)
        if isinstance(answer, ParkedRead):
            response.status_code = 202
            return answer
        bill, created = answer
        response.status_code = 201 if created else 200
        return bill

    answer = await once.run(None, act, status=lambda: response.status_code or 201)
    return JSONResponse(answer.model_dump(mode="json"), status_code=202) if isinstance(answer, ParkedRead) else answer


@router.get(
    "/visits/{visit_id}/settlement",
    response_model=schemas.VisitSettlementRead,
    responses=http.refuses(problems.NotFound, etag=True),
)
async def read_visit_settlement(
    visit_id: UUID, request: Request, principal: _Reads, session: http.Session, now: http.Now
) -> Response:
    """查看一次上门的账单，或没有账单的原因。"""
    answer = await usecases.read_visit_settlement(session, principal=principal, visit_id=visit_id, now=now)
    return http.with_etag(request, answer)


@router.get("/settlements", responses=http.refuses(problems.CursorInvalid))
async def list_settlements(
    principal: _Reads,
    session: http.Session,
    now: http.Now,
    pages: http.Pages,
    person_id: UUID | None = None,
    service_on: Annotated[date | None, Query(description="服务日期"), WRITTEN] = None,
) -> paging.Page[schemas.SettlementSummary]:
    """查看账单列表：本机构的，或本人与所代办老人的。"""
    return await usecases.list_settlements(
        session,
        principal=principal,
        person_id=person_id,
        service_on=service_on,
        page=pages.of(usecases.LISTING),
        cursors=pages.cursors,
        now=now,
    )


@router.get(
    "/settlements/{settlement_id}",
    response_model=schemas.SettlementRead,
    responses=http.refuses(problems.NotFound, etag=True),
)
async def read_settlement(
    settlement_id: UUID, request: Request, principal: _Reads, session: http.Session, now: http.Now
) -> Response:
    """查看账单：每一项的价格、由谁支付、为什么。"""
    answer = await usecases.read_settlement(session, principal=principal, settlement_id=settlement_id, now=now)
    return http.with_etag(request, answer)


@router.get("/settlements/{settlement_id}/case", responses=http.refuses(problems.NotFound, errors.NoCase))
async def read_settlement_case(settlement_id: UUID, principal: _Reads, session: http.Session) -> dict[str, Any]:
    """账单的全部依据（收费案例文件），供机构用 `xunzhen bill` 离线复算。"""
    return await usecases.read_case(session, principal=principal, settlement_id=settlement_id)


@router.post(
    "/settlements/{settlement_id}/reversal",
    status_code=201,
    response_model=schemas.SettlementRead,
    responses=http.refuses(
        problems.NotFound,
        errors.ReversedAlready,
        order_errors.IllegalMove,
        contract_errors.ConsumedAlready,
        keyed=True,
    ),
)
async def reverse_settlement(
    settlement_id: UUID,
    body: schemas.ReversalCreate,
    principal: _Reverses,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
) -> schemas.SettlementRead | Response:
    """冲销账单：退回所用的全部额度，订单可重新结算。"""
    return await once.run(
        body,
        lambda: usecases.reverse_settlement(
            session, principal=principal, settlement_id=settlement_id, asked=body, now=now
        ),
    )


@router.get("/reports/settlement-totals", responses=http.refuses(problems.NotFound, errors.PeriodTooLong))
async def read_settlement_totals(
    principal: _Reads,
    session: http.Session,
    first: Annotated[date, Query(alias="from", description="服务日期起（含）"), WRITTEN],
    last: Annotated[date, Query(alias="to", description="服务日期止（含）"), WRITTEN],
) -> schemas.TotalsRead:
    """本机构一段时间的结算汇总：各账目合计等于各付费方合计。"""
    return await usecases.read_totals(session, principal=principal, period=schemas.Period(first, last))
