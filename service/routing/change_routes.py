"""HTTP of changing a plan: one more visit, repairs; and of what can be told of it."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router
from service.routing import changes, errors, schemas, usecases

router = Router()

Plans = Annotated[Principal, Depends(http.Requires("plans:write"))]


@router.post(
    "/plans/{plan_id}/insertions",
    responses=http.refuses(NotFound, errors.PlanNotStanding, errors.OrderNotOfThatDay, errors.OrderInPlan),
)
async def find_insertions(
    principal: Plans, house: http.TheHouse, now: http.Now, plan_id: UUID, body: changes.InsertionAsk
) -> changes.InsertionsRead:
    """查询一个订单可插入计划的最佳位置（最多五处）：其他人员与顺序不变，时间可在约定时段内移动；不作任何改动。"""
    return await usecases.find_insertions(house, principal=principal, plan_id=plan_id, asked=body, now=now)


@router.post(
    "/plans/{plan_id}/repairs",
    status_code=202,
    response_model=schemas.PlanHead,
    responses=http.refuses(NotFound, errors.DayNotPlannable, errors.PlanNotStanding, keyed=True),
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
    """突发情况后修复计划：此刻之前的站点不动，其余尽量少改地重排，得到一个新计划；发布后生效，不发布即为试算。"""
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
