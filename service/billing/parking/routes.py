"""HTTP of parked bills."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from service.billing import errors as billing_errors
from service.billing.parking import errors, rules, schemas, usecases
from service.contracts import errors as contract_errors
from service.core import http, paging, problems
from service.core.principal import Principal
from service.core.router import Router
from service.orders import errors as order_errors

router = Router()

_Reads = Annotated[Principal, Depends(http.Requires("bills:read"))]
_Settles = Annotated[Principal, Depends(http.Requires("bills:settle"))]


@router.get("/parked-settlements", responses=http.refuses(problems.NotFound, problems.CursorInvalid))
async def list_parked_settlements(
    principal: _Reads,
    session: http.Session,
    pages: http.Pages,
    state: Annotated[rules.ParkingState | None, Query(description="open 待核对")] = None,
) -> paging.Page[schemas.ParkedRead]:
    """列出本机构转人工核对的账单：为什么没有发出、当时算得多少、谁怎样处理。"""
    return await usecases.list_parked(
        session, principal=principal, state=state, page=pages.of(usecases.LISTING), cursors=pages.cursors
    )


@router.post(
    "/parked-settlements/{parked_id}/release",
    responses=http.refuses(
        problems.NotFound,
        errors.ParkingDecided,
        errors.OwnVisit,
        billing_errors.VisitNotVerified,
        billing_errors.AwaitingTrip,
        billing_errors.TripSettled,
        billing_errors.TripFeeFixed,
        billing_errors.SettledAlready,
        billing_errors.ProviderNotQualified,
        billing_errors.TooFewStaff,
        billing_errors.PriceMissing,
        billing_errors.OutsideServiceArea,
        order_errors.IllegalMove,
        contract_errors.EntitlementExhausted,
        contract_errors.EntitlementUnknown,
        contract_errors.ConsumedAlready,
    ),
)
async def release_parked_settlement(
    parked_id: UUID, body: schemas.ReleaseCreate, principal: _Settles, session: http.Session, now: http.Now
) -> schemas.ParkedRead:
    """放行：核对无误后结算，留下放行人和理由；须由未参加这次上门的财务人员办理。"""
    return await usecases.release(session, principal=principal, parked_id=parked_id, asked=body, now=now)


@router.post(
    "/parked-settlements/{parked_id}/rejection",
    responses=http.refuses(problems.NotFound, errors.ParkingDecided, errors.OwnVisit),
)
async def reject_parked_settlement(
    parked_id: UUID, body: schemas.RejectionCreate, principal: _Settles, session: http.Session, now: http.Now
) -> schemas.ParkedRead:
    """驳回：这次上门不收费，留下驳回人和理由。"""
    return await usecases.reject(session, principal=principal, parked_id=parked_id, asked=body, now=now)
