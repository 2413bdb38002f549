"""HTTP of a plan that is not solved yet: its live progress as server-sent events, its cancellation."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends
from fastapi.sse import EventSourceResponse, ServerSentEvent

from service.core import http
from service.core.db.session import transaction
from service.core.http import House
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router
from service.routing import errors, schemas, usecases
from service.routing.states import UNDER_WAY

router = Router()

POLL_SECONDS: Final = 0.5
LONGEST_SECONDS: Final = 900.0
"""How long one stream lasts at most, in real time: an access token lives no longer; who wants more asks again."""

Reads = Annotated[Principal, Depends(http.Requires("plans:read"))]
Plans = Annotated[Principal, Depends(http.Requires("plans:write"))]


async def _look(house: House, principal: Principal, plan_id: UUID) -> schemas.PlanEvent:
    async with transaction(house.sessions, principal.fence, house.clock.now()) as session:
        return await usecases.plan_event(session, principal=principal, plan_id=plan_id)


@dataclass(frozen=True, slots=True)
class _Follower:
    """Who follows a plan, and how far it was when he came."""

    principal: Principal
    found: schemas.PlanEvent


async def _follower(house: http.TheHouse, principal: Reads, plan_id: UUID) -> _Follower:
    """Look before the stream begins: once it has, a refusal can no longer be told."""
    return _Follower(principal, await _look(house, principal, plan_id))


@router.get(
    "/plans/{plan_id}/events",
    response_class=EventSourceResponse,
    responses=http.refuses(NotFound),
)
async def follow_plan(
    house: http.TheHouse, follower: Annotated[_Follower, Depends(_follower)], plan_id: UUID
) -> AsyncIterator[ServerSentEvent]:
    """订阅求解进度（SSE）：状态或进度有变化时发送，排好、失败或取消后结束。"""
    until = time.monotonic() + LONGEST_SECONDS
    told, seen = None, follower.found
    while True:
        if seen != told:
            yield ServerSentEvent(data=seen, event=seen.state.value)
            told = seen
        if seen.state not in UNDER_WAY or time.monotonic() >= until:
            return
        await asyncio.sleep(POLL_SECONDS)
        seen = await _look(house, follower.principal, plan_id)


@router.post("/plans/{plan_id}/cancellation", responses=http.refuses(NotFound, errors.PlanNotCancellable))
async def cancel_plan(principal: Plans, session: http.Session, now: http.Now, plan_id: UUID) -> schemas.PlanHead:
    """取消尚未排好的计划或修复：求解随即停止，不留下任何路线；重复取消返回相同结果。"""
    return await usecases.cancel_plan(session, principal=principal, plan_id=plan_id, now=now)
