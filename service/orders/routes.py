"""HTTP of orders. Placing, changing and cancelling are served by `booking`."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.core import http, paging, problems
from service.core.dates import WRITTEN
from service.core.principal import Principal
from service.core.router import Router
from service.orders import errors, schemas, usecases
from service.orders.rounds import routes as rounds
from service.orders.rules import OrderState
from service.patients import errors as patient_errors

router = Router(tags=["订单"])
router.include_router(rounds.router)


@router.get("/orders", responses=http.refuses(problems.CursorInvalid))
async def list_orders(
    principal: Annotated[Principal, Depends(http.Requires("orders:read"))],
    session: http.Session,
    now: http.Now,
    pages: http.Pages,
    state: OrderState | None = None,
    service_on: Annotated[date | None, Query(description="上门日期"), WRITTEN] = None,
    institution_id: UUID | None = None,
    person_id: UUID | None = None,
) -> paging.Page[schemas.OrderSummary]:
    """列出本机构的订单，或本人可代办居民的订单。"""
    return await usecases.list_orders(
        session,
        principal=principal,
        state=state,
        service_on=service_on,
        institution_id=institution_id,
        person_id=person_id,
        page=pages.of(usecases.LISTING),
        cursors=pages.cursors,
        now=now,
    )


@router.get(
    "/orders/{order_id}",
    response_model=schemas.OrderRead,
    responses=http.refuses(problems.NotFound, patient_errors.RightMissing, etag=True),
)
async def read_order(
    order_id: UUID,
    principal: Annotated[Principal, Depends(http.Requires("orders:read"))],
    session: http.Session,
    now: http.Now,
    request: Request,
) -> Response:
    """查看订单：项目、状态和每一步的时间、经手人、原因；带已知 ETag 时答 304。"""
    return http.with_etag(request, await usecases.read_order(session, principal=principal, order_id=order_id, now=now))


@router.post(
    "/orders/{order_id}/acceptance",
    responses=http.refuses(problems.NotFound, errors.IllegalMove, errors.ModeNotRegistered),
)
async def accept_order(
    order_id: UUID,
    principal: Annotated[Principal, Depends(http.Requires("orders:decide"))],
    session: http.Session,
    now: http.Now,
) -> schemas.OrderRead:
    """接单：机构确认行动不便的原因并承接；上门日须仍有登记的服务方式。"""
    await usecases.accept(session, principal=principal, order_id=order_id, now=now)
    return await usecases.read_order(session, principal=principal, order_id=order_id, now=now)


@router.post("/orders/{order_id}/rejection", responses=http.refuses(problems.NotFound, errors.IllegalMove))
async def reject_order(
    order_id: UUID,
    asked: schemas.OrderRejection,
    principal: Annotated[Principal, Depends(http.Requires("orders:decide"))],
    session: http.Session,
    now: http.Now,
) -> schemas.OrderRead:
    """退回订单并说明原因；占用的额度随即释放。"""
    await usecases.reject(session, principal=principal, order_id=order_id, reason=asked.reason, now=now)
    return await usecases.read_order(session, principal=principal, order_id=order_id, now=now)
