"""HTTP of routing: plans here, dispatch areas and the live progress of a plan beside it."""

import json
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from service.core import http, paging
from service.core.clock import local_date
from service.core.dates import WRITTEN
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.routing import (
    absence_routes,
    area_routes,
    change_routes,
    changes,
    errors,
    overflow_routes,
    progress_routes,
    schemas,
    usecases,
)
from service.routing.period import routes as period_routes
from service.routing.states import PlanState

router = Router(tags=["路径"])
router.include_router(area_routes.router)
router.include_router(overflow_routes.router)
router.include_router(absence_routes.router)
router.include_router(period_routes.router)
router.include_router(progress_routes.router)
router.include_router(change_routes.router)

Reads = Annotated[Principal, Depends(http.Requires("plans:read"))]
Plans = Annotated[Principal, Depends(http.Requires("plans:write"))]


@router.post(
    "/plans",
    status_code=202,
    response_model=schemas.PlanHead,
    responses=http.refuses(NotFound, errors.DayNotPlannable, errors.PinWithoutPromise, keyed=True),
)
async def request_plan(
    principal: Plans,
    session: http.Session,
    once: http.OnlyOnce,
    now: http.Now,
    response: Response,
    body: schemas.PlanRequest,
) -> Response | schemas.PlanHead:
    """为一个调度区域的一天排班：立即返回计划编号，由后台求解；进度可轮询或订阅。"""
    answer = await once.run(
        body, lambda: usecases.request_plan(session, principal=principal, asked=body, now=now), status=202
    )
    if isinstance(answer, Response):  # told again
        answer.headers["Location"] = f"/v1/plans/{json.loads(bytes(answer.body))['id']}"
        return answer
    head = schemas.PlanHead.model_validate(answer)
    response.headers["Location"] = f"/v1/plans/{head.id}"
    return head


@router.post(
    "/plans/{plan_id}/repairs",
    status_code=202,
    response_model=schemas.PlanHead,
    responses=http.refuses(
        NotFound, errors.DayNotPlannable, errors.PlanNotStanding, errors.PinWithoutPromise, keyed=True
    ),
)
async def request_repair(
    principal: Plans,
    session: http.Session,
    once: http.OnlyOnce,
    now: http.Now,
    response: Response,
    plan_id: UUID,
    body: changes.RepairAsk,
) -> Response | schemas.PlanHead:
    """突发情况后修复计划：此刻之前的站点和已出车的行程不动，其余尽量少改地重排，得到一个新计划；发布后生效，不发布即为试算。"""
    answer = await once.run(
        body,
        lambda: usecases.request_repair(session, principal=principal, plan_id=plan_id, asked=body, now=now),
        status=202,
    )
    if isinstance(answer, Response):  # told again
        answer.headers["Location"] = f"/v1/plans/{json.loads(bytes(answer.body))['id']}"
        return answer
    head = schemas.PlanHead.model_validate(answer)
    response.headers["Location"] = f"/v1/plans/{head.id}"
    return head


@router.get("/plans", responses=http.refuses(CursorInvalid))
async def list_plans(
    principal: Reads,
    session: http.Session,
    pages: http.Pages,
    area_id: UUID | None = None,
    service_on: Annotated[date | None, WRITTEN] = None,
    state: Annotated[PlanState | None, Query(description="计划状态")] = None,
) -> paging.Page[schemas.PlanHead]:
    """列出本人机构的计划。"""
    return await usecases.list_plans(
        session,
        principal=principal,
        area_id=area_id,
        service_on=service_on,
        state=state,
        page=pages.of(usecases.LISTING),
        cursors=pages.cursors,
    )


@router.get("/plans/{plan_id}", response_model=schemas.PlanRead, responses=http.refuses(NotFound, etag=True))
async def read_plan(principal: Reads, session: http.Session, request: Request, plan_id: UUID) -> Response:
    """查看计划：状态、进度、汇总、每人每站的时间，以及未排订单的原因。"""
    return http.with_etag(request, await usecases.read_plan(session, principal=principal, plan_id=plan_id))


class GeoJson(JSONResponse):
    """An answer in GeoJSON (RFC 7946)."""

    media_type = "application/geo+json"


@router.get(
    "/plans/{plan_id}/routes.geojson",
    response_class=GeoJson,
    response_model=schemas.GeoFeatures,
    responses=http.refuses(NotFound, etag=True),
)
async def read_plan_routes(
    principal: Reads,
    session: http.Session,
    request: Request,
    plan_id: UUID,
    practitioner_id: Annotated[UUID | None, Query(description="只看一名人员的路线")] = None,
) -> Response:
    """以 GeoJSON（WGS-84）返回路线：每人一条线，每站一个点。"""
    found = await usecases.read_routes(session, principal=principal, plan_id=plan_id, practitioner_id=practitioner_id)
    answer = http.with_etag(request, found)
    if answer.status_code == 200:
        answer.headers["Content-Type"] = GeoJson.media_type
    return answer


@router.post(
    "/plans/{plan_id}/publication",
    responses=http.refuses(
        NotFound,
        errors.PlanNotReady,
        errors.DayNotPlannable,
        errors.StaffDoubleBooked,
        errors.StaffAbsent,
        errors.StaffUnwelcome,
        errors.OverflowNotAgreed,
        errors.RepairOutdated,
        errors.PersonDoubleBooked,
        errors.AnotherPlanPublished,
        errors.VehicleDoubleBooked,
        errors.VehicleOutOfService,
    ),
)
async def publish_plan(
    principal: Plans, session: http.Session, now: http.Now, plan_id: UUID
) -> schemas.PublicationRead:
    """发布计划：各站成为预约，原计划被取代；重复发布返回相同结果。"""
    return await usecases.publish_plan(session, principal=principal, plan_id=plan_id, now=now)


@router.get("/my/day", response_model=schemas.MyDayRead, responses=http.refuses(NotFound, etag=True))
async def read_my_day(
    principal: Reads,
    session: http.Session,
    house: http.TheHouse,
    now: http.Now,
    request: Request,
    on: Annotated[date | None, Query(description="哪一天；不填为今天"), WRITTEN] = None,
) -> Response:
    """医护人员查看自己一天的上门安排。"""
    found = await usecases.read_my_day(session, principal=principal, house=house, on=on or local_date(now))
    return http.with_etag(request, found)
