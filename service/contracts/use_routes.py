"""HTTP of the ledger from outside visits: uses of clinic, phone desk and HIS, and balances at the go-live."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from service.contracts import errors, usecases
from service.contracts import use_schemas as forms
from service.core import http, problems
from service.core.paging import Page, page_of
from service.core.principal import Principal
from service.core.router import Router
from service.patients.errors import RightMissing

router = Router()

Poster = Annotated[Principal, Depends(http.Requires("entitlements:use"))]
Signer = Annotated[Principal, Depends(http.Requires("contracts:write"))]


@router.post(
    "/entitlement-uses",
    status_code=201,
    response_model=forms.UseRead,
    responses={
        200: {"model": forms.UseRead, "description": "这个编号已经记过，返回同一条"},
        **http.refuses(
            problems.NotFound,
            RightMissing,
            errors.UseDiffers,
            errors.UseInTheFuture,
            errors.NotValidHere,
            errors.EntitlementUnknown,
            errors.EntitlementExhausted,
            errors.EntitlementExpired,
            keyed=True,
        ),
    },
)
async def record_entitlement_use(
    *,
    body: forms.UseCreate,
    principal: Poster,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
    response: Response,
) -> forms.UseRead | Response:
    """门诊、电话、HIS 记一次额度使用；同一机构同一编号只记一次，额度不足时拒绝。"""

    async def act() -> forms.UseRead:
        use, created = await usecases.record_use(session, principal=principal, asked=body, now=now)
        response.status_code = 201 if created else 200
        return use

    return await once.run(body, act)


@router.get("/entitlement-uses", responses=http.refuses(problems.CursorInvalid))
async def list_entitlement_uses(
    principal: Poster,
    session: http.Session,
    pages: http.Pages,
    person_id: Annotated[UUID | None, Query(description="只看这位居民的")] = None,
) -> Page[forms.UseRead]:
    """查看本机构记的额度使用。"""
    page = pages.of("entitlement-uses")
    found = await usecases.list_uses(session, principal=principal, person_id=person_id, page=page)
    return page_of(
        found, request=page, read=_same, last=lambda row: row.id, cursors=pages.cursors, listing="entitlement-uses"
    )


@router.get("/entitlement-uses/{use_id}", responses=http.refuses(problems.NotFound))
async def read_entitlement_use(use_id: UUID, principal: Poster, session: http.Session) -> forms.UseRead:
    """查看一条额度使用。"""
    return await usecases.read_use(session, principal=principal, use_id=use_id)


@router.post(
    "/entitlement-uses/{use_id}/reversal",
    status_code=201,
    response_model=forms.UseRead,
    responses=http.refuses(problems.NotFound, errors.UseReversed, errors.ConsumedAlready, keyed=True),
)
async def reverse_entitlement_use(
    *,
    use_id: UUID,
    body: forms.UseReversalCreate,
    principal: Poster,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
) -> forms.UseRead | Response:
    """冲销一条额度使用：退回所用的额度。"""
    return await once.run(
        body, lambda: usecases.reverse_use(session, principal=principal, use_id=use_id, asked=body, now=now)
    )


@router.post(
    "/entitlement-openings",
    status_code=201,
    response_model=forms.OpeningRead,
    responses={
        200: {"model": forms.OpeningRead, "description": "已经登记过同样的内容"},
        **http.refuses(
            problems.NotFound,
            errors.UseInTheFuture,
            errors.EntitlementUnknown,
            errors.OpenedAlready,
            keyed=True,
        ),
    },
)
async def open_entitlement(
    *,
    body: forms.OpeningCreate,
    principal: Signer,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
    response: Response,
) -> forms.OpeningRead | Response:
    """登记上线前已用的额度（期初）：签约、公共项目、长护险、起付线、医保基金；可以超过限额，超过的不再剩余。"""

    async def act() -> forms.OpeningRead:
        opening, created = await usecases.open_balance(session, principal=principal, asked=body, now=now)
        response.status_code = 201 if created else 200
        return opening

    return await once.run(body, act)


def _same(row: forms.UseRead) -> forms.UseRead:
    return row
