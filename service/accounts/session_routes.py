"""HTTP of log-ins that go on: one's own, and those of the accounts in one's charge."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from service.accounts import schemas, usecases
from service.core import http
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router

router = Router()

Own = Annotated[Principal, Depends(http.Requires("accounts:own"))]
Reads = Annotated[Principal, Depends(http.Requires("accounts:read"))]
Writes = Annotated[Principal, Depends(http.Requires("accounts:write"))]


@router.get("/me/sessions", responses=http.refuses())
async def list_own_sessions(principal: Own, session: http.Session) -> schemas.SessionList:
    """列出自己仍有效的登录：设备、地址、登录时间、最近一次取令牌的时间。"""
    found = await usecases.list_own_sessions(session, principal=principal)
    return schemas.SessionList(items=[schemas.SessionRead.of(each, principal.session_id) for each in found])


@router.delete("/me/sessions/{session_id}", status_code=204, responses=http.refuses(NotFound))
async def end_own_session(principal: Own, session: http.Session, session_id: UUID) -> None:
    """结束自己的一次登录；它的令牌立即失效。"""
    await usecases.end_own_session(session, principal=principal, session_id=session_id)


@router.delete("/me/sessions", status_code=204, responses=http.refuses())
async def end_other_sessions(principal: Own, session: http.Session) -> None:
    """结束自己的其他登录，只留当前这一个。"""
    await usecases.end_other_sessions(session, principal=principal)


@router.get("/accounts/{account_id}/sessions", responses=http.refuses(NotFound))
async def list_sessions(principal: Reads, session: http.Session, account_id: UUID) -> schemas.SessionList:
    """列出所管账号仍有效的登录。"""
    found = await usecases.list_sessions(session, principal=principal, account_id=account_id)
    return schemas.SessionList(items=[schemas.SessionRead.of(each, principal.session_id) for each in found])


@router.delete("/accounts/{account_id}/sessions", status_code=204, responses=http.refuses(NotFound))
async def end_sessions(principal: Writes, session: http.Session, account_id: UUID) -> None:
    """结束所管账号的全部登录；服务端账号代为操作的登录一并结束。"""
    await usecases.end_sessions(session, principal=principal, account_id=account_id)
