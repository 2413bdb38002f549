"""HTTP of who acts for whom: binding an elder's own account, proxies, and whom the logged-in account may act for."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from service.core import http
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router
from service.patients import errors, schemas, usecases

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("patients:read"))]
Grants = Annotated[Principal, Depends(http.Requires("proxies:grant"))]
Binds = Annotated[Principal, Depends(http.Requires("accounts:bind"))]


@router.post(
    "/patients/bindings",
    status_code=201,
    response_model=schemas.BindingRead,
    responses=http.refuses(
        NotFound, errors.IdNumberInvalid, errors.AlreadyBound, errors.AlreadyActsForPerson, keyed=True
    ),
)
async def bind_account(
    principal: Binds,
    session: http.Session,
    house: http.TheHouse,
    once: http.OnlyOnce,
    body: schemas.BindingCreate,
) -> Response | schemas.BindingRead:
    """实名绑定：把老人账号绑定为本人账号，须姓名与证件号码相符；一人一号。"""
    return await once.run(body, lambda: usecases.bind_account(session, house=house, draft=body))


@router.get("/my/people", response_model=schemas.MyPeople, responses=http.refuses(etag=True))
async def list_my_people(request: Request, principal: Reads, session: http.Session, now: http.Now) -> Response:
    """列出登录账号可代为办理的居民及其权限，本人排在最前。"""
    found = await usecases.my_people(session, principal=principal, now=now)
    return http.with_etag(request, schemas.MyPeople(items=[schemas.ActsForRead.of(each) for each in found]))


@router.post(
    "/patients/{person_id}/proxies",
    status_code=201,
    response_model=schemas.ProxyRead,
    responses=http.refuses(
        NotFound,
        errors.RightMissing,
        errors.PaperMissing,
        errors.ProxyEndsInThePast,
        errors.PersonDeceased,
        errors.AlreadyActsForPerson,
        errors.TooManyProxies,
        errors.TooManyElders,
        keyed=True,
    ),
)
async def grant_proxy(
    *,
    principal: Grants,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
    person_id: UUID,
    body: schemas.ProxyCreate,
) -> Response | schemas.ProxyRead:
    """授权家属等代为办理：由老人本人授权，或由工作人员凭纸质授权书登记。"""
    return await once.run(
        body, lambda: usecases.grant_proxy(session, principal=principal, person_id=person_id, draft=body, now=now)
    )


@router.get("/patients/{person_id}/proxies", responses=http.refuses(NotFound, errors.RightMissing))
async def list_proxies(principal: Reads, session: http.Session, now: http.Now, person_id: UUID) -> schemas.Proxies:
    """列出居民在效的授权。"""
    found = await usecases.list_proxies(session, principal=principal, person_id=person_id, now=now)
    return schemas.Proxies(items=found)


@router.post(
    "/patients/{person_id}/proxies/{proxy_id}/revocation",
    responses=http.refuses(NotFound, errors.RightMissing, errors.ProxyEnded),
)
async def revoke_proxy(
    principal: Grants, session: http.Session, now: http.Now, person_id: UUID, proxy_id: UUID
) -> schemas.ProxyRead:
    """撤销一项授权，立即生效。"""
    return await usecases.revoke_proxy(session, principal=principal, person_id=person_id, proxy_id=proxy_id, now=now)
