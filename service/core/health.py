"""Is the process alive, can it serve, and what time is it in the world it serves?"""

from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.core import problems
from service.core.http import Now, TheHouse
from service.core.router import Router

router = Router(tags=["运行"])


class NotReady(problems.Refusal):
    """The database cannot be reached."""

    status = 503
    zh = "系统正在启动或数据库不可用，请稍后再试。"
    en = "The database cannot be reached; retry in a moment."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class Health(BaseModel):
    """The process is alive; `now` is the time of the world served."""

    status: str
    now: datetime


@router.get("/healthz")
async def read_health(now: Now) -> Health:
    """Say that the process is alive."""
    return Health(status="ok", now=now)


@router.get("/readyz", responses={503: {"description": f"`{NotReady.code()}` {NotReady.title()}"}})
async def read_readiness(house: TheHouse, now: Now) -> Health:
    """Say whether requests can be served."""
    try:
        async with house.sessions() as session:
            await session.execute(text("select 1"))
    except (OSError, DBAPIError):
        raise NotReady from None
    return Health(status="ready", now=now)
