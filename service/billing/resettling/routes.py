"""HTTP of settling anew."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from service.billing import errors as billing_errors
from service.billing.consents import errors as consent_errors
from service.billing.parking import errors as parking_errors
from service.billing.resettling import errors, rules, schemas, usecases
from service.contracts import errors as contract_errors
from service.core import http, paging, problems
from service.core.principal import Principal
from service.core.router import Router
from service.orders import errors as order_errors

router = Router()

_Reads = Annotated[Principal, Depends(http.Requires("bills:read"))]
_Reverses = Annotated[Principal, Depends(http.Requires("bills:reverse"))]


@router.post(
    "/settlements/{settlement_id}/resettlement",
    status_code=201,
    response_model=schemas.ResettlementRead,
    responses=http.refuses(
        problems.NotFound,
        billing_errors.ReversedAlready,
        billing_errors.BillUnchanged,
        billing_errors.AwaitingTrip,
        errors.ResettlementNeedsRelease,
        parking_errors.OwnVisit,
        consent_errors.EvidenceNeeded,
        consent_errors.ConsentAhead,
        billing_errors.ProviderNotQualified,
        billing_errors.TooFewStaff,
        billing_errors.PriceMissing,
        billing_errors.OutsideServiceArea,
        order_errors.IllegalMove,
        contract_errors.EntitlementExhausted,
        contract_errors.EntitlementExpired,
        contract_errors.EntitlementUnknown,
        contract_errors.ConsumedAlready,
        keyed=True,
    ),
)
async def resettle_settlement(
    settlement_id: UUID,
    body: schemas.ResettlementCreate,
    principal: _Reverses,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
) -> schemas.ResettlementRead | Response:
    """重新结算：按服务当日现在登记的签约、等级和价格冲销重算（同一次上门的账单一起），给出应退或应补的差额。

    接受的报价仍是家庭支付的上限：高出的部分，附家属同意（consents）的才补收，否则由医疗机构承担。触及安全界限的须附放行（release）。
    """
    return await once.run(
        body,
        lambda: usecases.resettle(session, principal=principal, settlement_id=settlement_id, asked=body, now=now),
    )


@router.get("/resettlements", responses=http.refuses(problems.NotFound, problems.CursorInvalid))
async def list_resettlements(
    principal: _Reads,
    session: http.Session,
    pages: http.Pages,
    owed: Annotated[rules.Owed | None, Query(description="refund 应退家庭，claim 应向家庭补收")] = None,
) -> paging.Page[schemas.ResettledRead]:
    """列出本机构重新结算的账单：原账单、冲销、新账单，各付费方的差额，谁、为什么、何时。"""
    return await usecases.list_resettlements(
        session, principal=principal, owed=owed, page=pages.of(usecases.LISTING), cursors=pages.cursors
    )
