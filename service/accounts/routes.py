"""HTTP of accounts: log-ins, sessions, passwords and regions are beside it in `*_routes`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.accounts import (
    errors,
    region_routes,
    rules,
    schemas,
    secret_routes,
    session_routes,
    token_routes,
    usecases,
)
from service.core import http, paging
from service.core.paging import Page
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router

router = Router(tags=["账号"])
for _each in (token_routes, session_routes, secret_routes, region_routes):
    router.include_router(_each.router)

Own = Annotated[Principal, Depends(http.Requires("accounts:own"))]
Reads = Annotated[Principal, Depends(http.Requires("accounts:read"))]
Writes = Annotated[Principal, Depends(http.Requires("accounts:write"))]
Binds = Annotated[Principal, Depends(http.Requires("accounts:bind"))]


@router.get("/me", response_model=schemas.MeRead, responses=http.refuses(NotFound, etag=True))
async def read_me(principal: Own, session: http.Session, request: Request) -> Response:
    """查看当前登录的账号和令牌的权限。"""
    facts = await usecases.get_account(session, region_id=principal.region_id, account_id=principal.account_id)
    shown = schemas.AccountRead.of(facts).model_dump()
    me = schemas.MeRead(
        **shown,
        scopes=sorted(principal.scopes),
        client_id=principal.client_id,
        recovery_codes_left=await usecases.recovery_codes_left(session, principal=principal),
    )
    return http.with_etag(request, me)


@router.post(
    "/accounts",
    status_code=201,
    response_model=schemas.AccountCreated,
    responses=http.refuses(
        NotFound,
        errors.RoleBeyondYours,
        errors.InstitutionsDoNotFit,
        errors.UsernameTaken,
        errors.PasswordTooWeak,
        keyed=True,
    ),
)
async def create_account(
    principal: Writes, session: http.Session, once: http.OnlyOnce, now: http.Now, body: schemas.AccountCreate
) -> Response | schemas.AccountRead:
    """开设工作人员、管理员或服务端账号；服务端密钥只显示这一次。"""
    secret: str | None = None

    async def act() -> schemas.AccountRead:
        nonlocal secret
        created = await usecases.create_account(session, principal=principal, draft=body, now=now)
        secret = created.secret
        return schemas.AccountRead.of(created.account)

    answer = await once.run(body, act)
    # put in after the answer was stored for replay: a secret never rests in the clear
    if isinstance(answer, schemas.AccountRead):
        return schemas.AccountCreated(**answer.model_dump(), client_secret=secret)
    return answer


@router.post(
    "/accounts/residents",
    status_code=201,
    response_model=schemas.AccountRead,
    responses=http.refuses(errors.RoleBeyondYours, errors.UsernameTaken, keyed=True),
)
async def create_resident_account(
    principal: Binds, session: http.Session, once: http.OnlyOnce, now: http.Now, body: schemas.ResidentAccountCreate
) -> Response | schemas.AccountRead:
    """服务端为居民或家属代办人开设账号；账号即绑定该服务端，只有它能代为操作。"""

    async def act() -> schemas.AccountRead:
        return schemas.AccountRead.of(
            await usecases.create_resident_account(session, principal=principal, draft=body, now=now)
        )

    return await once.run(body, act)


@router.get("/accounts", responses=http.refuses(CursorInvalid))
async def list_accounts(
    principal: Reads,
    session: http.Session,
    pages: http.Pages,
    role: Annotated[rules.Role | None, Query(description="角色")] = None,
) -> Page[schemas.AccountRead]:
    """列出本机构（区域管理员：本统筹区）的账号。"""
    request = pages.of("accounts")
    found = await usecases.list_accounts(session, principal=principal, page=request, role=role)
    return paging.page_of(
        found,
        request=request,
        read=schemas.AccountRead.of,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing="accounts",
    )


@router.get("/accounts/{account_id}", responses=http.refuses(NotFound))
async def read_account(principal: Reads, session: http.Session, account_id: UUID) -> schemas.AccountRead:
    """查看一个账号。"""
    return schemas.AccountRead.of(await usecases.read_account(session, principal=principal, account_id=account_id))


@router.patch(
    "/accounts/{account_id}",
    responses=http.refuses(
        NotFound, errors.NotYourself, errors.PasswordNotUsed, errors.PasswordTooWeak, errors.NotBoundToClients
    ),
)
async def change_account(
    principal: Writes, session: http.Session, account_id: UUID, body: schemas.AccountUpdate
) -> schemas.AccountRead:
    """修改显示名、停用或启用、重置密码、改绑服务端；后三者使其登录失效，重置后须由本人改密码。"""
    return schemas.AccountRead.of(
        await usecases.change_account(session, principal=principal, account_id=account_id, change=body)
    )


@router.post("/accounts/{account_id}/secret", responses=http.refuses(NotFound))
async def renew_secret(
    principal: Writes, session: http.Session, response: Response, account_id: UUID
) -> schemas.SecretRead:
    """更换服务端密钥；旧密钥立即失效，新密钥只显示这一次。"""
    response.headers["Cache-Control"] = "no-store"
    return schemas.SecretRead(
        client_secret=await usecases.renew_secret(session, principal=principal, account_id=account_id)
    )
