"""HTTP of changing a plan: one more visit, repairs; and of what can be told of it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.core import http
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router
from service.core.tabular.writing import XLSX_TYPE
from service.routing import changes, errors, usecases

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("plans:read"))]
Plans = Annotated[Principal, Depends(http.Requires("plans:write"))]


@router.post(
    "/plans/{plan_id}/insertions",
    responses=http.refuses(
        NotFound,
        errors.PlanNotStanding,
        errors.SharedVehiclesStand,
        errors.OrderNotOfThatDay,
        errors.OrderInPlan,
    ),
)
async def find_insertions(
    principal: Plans, house: http.TheHouse, now: http.Now, plan_id: UUID, body: changes.InsertionAsk
) -> changes.InsertionsRead:
    """查询一个订单可插入计划的最佳位置（最多五处）：其他人员、顺序与共用车辆行程不变，时间可在约定时段内移动；不作任何改动。"""
    return await usecases.find_insertions(house, principal=principal, plan_id=plan_id, asked=body, now=now)


@router.get("/plans/{plan_id}/kpis", response_model=changes.KpisRead, responses=http.refuses(NotFound, etag=True))
async def read_plan_kpis(principal: Reads, session: http.Session, request: Request, plan_id: UUID) -> Response:
    """查看计划的指标：里程、工时、准时率、连续性、均衡度，以及未排订单数。"""
    return http.with_etag(request, await usecases.read_kpis(session, principal=principal, plan_id=plan_id))


@router.get(
    "/plans/{plan_id}/comparison",
    response_model=changes.ComparisonRead,
    responses=http.refuses(NotFound, errors.PlansOfDifferentDays, etag=True),
)
async def read_plan_comparison(
    principal: Reads,
    session: http.Session,
    request: Request,
    plan_id: UUID,
    other: Annotated[UUID, Query(alias="with", description="与哪个计划比较（同一区域、同一天）")],
) -> Response:
    """比较同一天的两个计划：换人、改时的订单，以及里程、工时与代价之差。"""
    found = await usecases.compare_plans(session, principal=principal, plan_id=plan_id, other_id=other)
    return http.with_etag(request, found)


@router.get(
    "/plans/{plan_id}/timeline.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}, **http.refuses(NotFound)},
)
async def read_plan_timeline(principal: Reads, session: http.Session, plan_id: UUID) -> Response:
    """以 SVG 时间轴返回计划：每人一行，路程、服务、午休、等候。"""
    drawn = await usecases.draw_timeline(session, principal=principal, plan_id=plan_id)
    headers = {"Cache-Control": "private, no-store"}
    return Response(drawn, media_type="image/svg+xml", headers=headers)


@router.get(
    "/plans/{plan_id}/plan.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX_TYPE: {}}}, **http.refuses(NotFound)},
)
async def read_plan_workbook(principal: Reads, session: http.Session, plan_id: UUID) -> Response:
    """以 XLSX 表格返回计划：每站一行，未排订单在后。"""
    content = await usecases.write_workbook(session, principal=principal, plan_id=plan_id)
    headers = {"Content-Disposition": 'attachment; filename="plan.xlsx"', "Cache-Control": "private, no-store"}
    return Response(content, media_type=XLSX_TYPE, headers=headers)


@router.get(
    "/plans/{plan_id}/explanation",
    response_model=changes.ExplanationRead,
    responses=http.refuses(NotFound, errors.PlanNotStanding, errors.SharedVehiclesStand, etag=True),
)
async def explain_plan(
    principal: Plans, house: http.TheHouse, now: http.Now, request: Request, plan_id: UUID
) -> Response:
    """说明计划中每次上门为何由该人员承担；每条理由都经逐一试换核实。"""
    found = await usecases.explain_plan(house, principal=principal, plan_id=plan_id, now=now)
    return http.with_etag(request, found)


@router.get(
    "/plans/{plan_id}/windows",
    responses=http.refuses(
        NotFound,
        errors.PlanNotStanding,
        errors.SharedVehiclesStand,
        errors.OrderNotOfThatDay,
    ),
)
async def list_open_windows(
    principal: Plans,
    house: http.TheHouse,
    now: http.Now,
    plan_id: UUID,
    order_id: Annotated[UUID, Query(description="已接单的订单；不看其约定时段")],
) -> changes.OpenWindowsRead:
    """列出当天仍可上门的半小时时段：在不改动其他人员、顺序与共用车辆行程的前提下计划能够兑现，供来电答复。"""
    return await usecases.list_open_windows(house, principal=principal, plan_id=plan_id, order_id=order_id, now=now)
