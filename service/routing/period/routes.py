"""HTTP of period plans; `booking` serves their acceptance."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from service.core import http
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router
from service.routing import errors
from service.routing.period import schemas, usecases

router = Router()

_Plans = Annotated[Principal, Depends(http.Requires("plans:write"))]


@router.post(
    "/period-plans",
    status_code=202,
    response_model=schemas.PeriodHead,
    responses=http.refuses(NotFound, errors.DayNotPlannable, keyed=True),
)
async def request_period_plan(
    principal: _Plans,
    session: http.Session,
    once: http.OnlyOnce,
    now: http.Now,
    response: Response,
    body: schemas.PeriodRequest,
) -> Response | schemas.PeriodHead:
    """把到期的查床、巡诊和随访排到 1 至 14 天里：立即返回编号，由后台求解，结果请轮询。"""
    answer = await once.run(
        body, lambda: usecases.request_period(session, principal=principal, asked=body, now=now), status=202
    )
    if isinstance(answer, Response):  # told again
        answer.headers["Location"] = f"/v1/period-plans/{json.loads(bytes(answer.body))['id']}"
        return answer
    head = schemas.PeriodHead.model_validate(answer)
    response.headers["Location"] = f"/v1/period-plans/{head.id}"
    return head


@router.get(
    "/period-plans/{period_plan_id}",
    response_model=schemas.PeriodRead,
    responses=http.refuses(NotFound, etag=True),
)
async def read_period_plan(
    principal: _Plans, session: http.Session, request: Request, period_plan_id: UUID
) -> Response:
    """查看多日计划：每次到期的巡诊排在哪天上午或下午，排不上或晚于到期的给出原因。"""
    found = await usecases.read_period(session, principal=principal, period_plan_id=period_plan_id)
    return http.with_etag(request, found)


@router.post(
    "/period-plans/{period_plan_id}/cancellation", responses=http.refuses(NotFound, errors.PeriodNotCancellable)
)
async def cancel_period_plan(
    principal: _Plans, session: http.Session, now: http.Now, period_plan_id: UUID
) -> schemas.PeriodHead:
    """取消尚未排好的多日计划：求解随即停止，不留下任何安排；重复取消返回相同结果。"""
    return await usecases.cancel_period(session, principal=principal, period_plan_id=period_plan_id, now=now)
