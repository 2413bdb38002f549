"""HTTP of booking: orders are placed, submitted, changed and cancelled here; `orders` serves the rest of them.

So is what needs several rooms: a period's orders, and whom a family does not want to come any more.
"""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.billing import errors as billing_errors
from service.booking import errors, schemas, usecases
from service.catalog import errors as catalog_errors
from service.contracts import errors as contract_errors
from service.core import http, problems
from service.core.principal import Principal
from service.core.router import Router
from service.orders import errors as order_errors
from service.orders.schemas import OrderRead
from service.patients import errors as patient_errors
from service.routing import errors as routing_errors
from service.routing.period.schemas import PeriodRead

router = Router(tags=["预约"])

Places = Annotated[Principal, Depends(http.Requires("orders:place"))]
Plans = Annotated[Principal, Depends(http.Requires("plans:write"))]
Cancels = Annotated[Principal, Depends(http.Requires("orders:cancel"))]

_UNBOOKABLE: tuple[type[problems.Refusal], ...] = (
    problems.NotFound,
    catalog_errors.ItemUnknown,
    contract_errors.EntitlementExhausted,
    contract_errors.EntitlementUnknown,
    billing_errors.ProviderNotQualified,
    billing_errors.TooFewStaff,
    billing_errors.PriceMissing,
    billing_errors.QuoteTaken,
    billing_errors.OutsideServiceArea,
    patient_errors.HomeNotPlaced,
    patient_errors.PersonDeceased,
    patient_errors.RightMissing,
    order_errors.ModeNotRegistered,
    order_errors.WindowNotOneDay,
    order_errors.WindowPast,
    order_errors.WindowTooFarAhead,
    order_errors.WindowTooLate,
    order_errors.WindowTooShort,
    order_errors.WindowsOfTwoDays,
    order_errors.WindowsNotApart,
    order_errors.PartsNeedOnePerson,
    order_errors.PartsDisagree,
    order_errors.CrewTimesDisagree,
    errors.NotEligible,
    errors.CarerMissing,
    errors.HomeMissing,
    errors.NotACareHome,
    errors.BedMissing,
    errors.ItemNotAtHome,
    errors.ItemNotForKind,
    order_errors.TooManyOpenOrders,
)


@router.post(
    "/orders",
    status_code=201,
    response_model=schemas.BookingRead,
    responses=http.refuses(
        *_UNBOOKABLE,
        billing_errors.QuoteExpired,
        billing_errors.QuoteNotSigned,
        errors.QuoteNotForThis,
        errors.QuoteOutrun,
        order_errors.OrderNumberTaken,
        keyed=True,
    ),
)
async def place_order(
    principal: Places,
    session: http.Session,
    house: http.TheHouse,
    now: http.Now,
    once: http.OnlyOnce,
    body: schemas.OrderPlacement,
) -> Response | schemas.BookingRead:
    """提交预约：核对条件、报价、占用额度一次完成；可凭有效的报价（quote_id）预约；draft=true 只存草稿。"""
    return await once.run(
        body,
        lambda: usecases.place_order(session, principal=principal, asked=body, signer=house.signer, now=now),
    )


@router.post(
    "/orders/{order_id}/submission",
    responses=http.refuses(*_UNBOOKABLE, order_errors.IllegalMove, errors.BookedByOthers),
)
async def submit_order(principal: Places, session: http.Session, now: http.Now, order_id: UUID) -> schemas.BookingRead:
    """提交草稿：与直接预约一样核对、报价、占用额度。"""
    return await usecases.submit_order(session, principal=principal, order_id=order_id, now=now)


@router.patch(
    "/orders/{order_id}", responses=http.refuses(*_UNBOOKABLE, errors.OrderNotChangeable, errors.BookedByOthers)
)
async def change_order(
    principal: Places, session: http.Session, now: http.Now, order_id: UUID, body: schemas.OrderChange
) -> schemas.BookingRead:
    """改约（草稿或机构接单之前）：改时间段或希望的医护人员，已提交的重新报价并占用额度。"""
    return await usecases.change_order(session, principal=principal, order_id=order_id, asked=body, now=now)


@router.post(
    "/orders/{order_id}/cancellation",
    responses=http.refuses(
        problems.NotFound,
        patient_errors.RightMissing,
        order_errors.IllegalMove,
        order_errors.CancelTooLate,
        errors.BookedByOthers,
    ),
)
async def cancel_order(
    principal: Cancels, session: http.Session, now: http.Now, order_id: UUID, body: schemas.OrderCancellation
) -> OrderRead:
    """取消订单：释放额度和已排的医护；临近上门时居民须致电服务站；出发后、服务开始前只能由机构取消。"""
    return await usecases.cancel_order(session, principal=principal, order_id=order_id, asked=body, now=now)


@router.put(
    "/patients/{person_id}/excluded-practitioners",
    responses=http.refuses(problems.NotFound, patient_errors.RightMissing),
)
async def exclude_practitioners(
    principal: Places, session: http.Session, now: http.Now, person_id: UUID, body: schemas.ExclusionsPut
) -> schemas.ExclusionsRead:
    """登记长期不要由哪些人上门（替换原有名单），对该居民以后排的每一份计划有效；已发布的安排请重新排班。"""
    return await usecases.exclude_practitioners(session, principal=principal, person_id=person_id, asked=body, now=now)


@router.post(
    "/period-plans/{period_plan_id}/acceptance",
    responses=http.refuses(problems.NotFound, routing_errors.PeriodNotReady),
)
async def accept_period_plan(
    principal: Plans, session: http.Session, house: http.TheHouse, now: http.Now, period_plan_id: UUID
) -> PeriodRead:
    """采纳多日计划：每次排上的巡诊按正常预约核对、报价、占用额度并成为订单，不能预约的给出原因；重复采纳不再生成。"""
    return await usecases.accept_period(
        session, principal=principal, period_plan_id=period_plan_id, signer=house.signer, now=now
    )
