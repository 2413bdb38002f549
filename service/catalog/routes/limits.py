"""How often something may be charged to a person (限次): kept by the region's administration."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from service.catalog import errors, schemas, usecases
from service.catalog import limit_schemas as forms
from service.core import http, problems
from service.core.paging import Page, page_of
from service.core.principal import Principal
from service.core.router import Router

router = Router(prefix="/price-limits", tags=["目录"])

Reader = Annotated[Principal, Depends(http.Requires("catalog:read"))]
Keeper = Annotated[Principal, Depends(http.Requires("region:write"))]
On = Annotated[schemas.Day | None, Query(description="只看这一天有效的")]


@router.post(
    "",
    status_code=201,
    response_model=forms.PriceLimitRead,
    responses=http.refuses(errors.ItemUnknown, errors.PriceLimitsOverlap, keyed=True),
)
async def add_price_limit(
    body: forms.PriceLimitCreate, principal: Keeper, session: http.Session, once: http.OnlyOnce
) -> forms.PriceLimitRead | Response:
    """登记限次规则：全区域各机构、各次上门合并计数；同编码的开放旧规则于前一天结束。"""
    return await once.run(body, lambda: usecases.add_price_limit(session, principal=principal, asked=body))


@router.get("", responses=http.refuses(problems.CursorInvalid))
async def list_price_limits(
    principal: Reader, session: http.Session, pages: http.Pages, on: On = None
) -> Page[forms.PriceLimitRead]:
    """查看限次规则。"""
    page = pages.of("price-limits")
    found = await usecases.list_price_limits(session, principal=principal, on=on, page=page)
    return page_of(
        found, request=page, read=_same, last=lambda row: row.id, cursors=pages.cursors, listing="price-limits"
    )


@router.patch("/{limit_id}", responses=http.refuses(problems.NotFound, errors.EndingInvalid))
async def end_price_limit(
    limit_id: UUID, body: schemas.CatalogEnding, principal: Keeper, session: http.Session
) -> forms.PriceLimitRead:
    """结束限次规则（当天仍有效）。"""
    return await usecases.end_price_limit(session, principal=principal, limit_id=limit_id, asked=body)


def _same(row: forms.PriceLimitRead) -> forms.PriceLimitRead:
    return row
