"""What the region keeps for all institutions of a level: price books that hold where an institution has no own row."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.catalog import book_schemas, errors, schemas, usecases
from service.core import http, problems
from service.core.paging import Page, page_of
from service.core.principal import Principal
from service.core.router import Router
from service.core.text import Code
from service.institutions.rules import InstitutionLevel

router = Router(prefix="/price-levels/{level}", tags=["目录"])

Reader = Annotated[Principal, Depends(http.Requires("catalog:read"))]
Keeper = Annotated[Principal, Depends(http.Requires("region:write"))]


@router.post(
    "/prices",
    status_code=201,
    response_model=book_schemas.LevelPriceRead,
    responses=http.refuses(
        errors.OwnPriceOnly, errors.CodeReserved, errors.ItemUnknown, errors.PricesOverlap, keyed=True
    ),
)
async def add_level_price(
    level: InstitutionLevel, body: schemas.PriceCreate, principal: Keeper, session: http.Session, once: http.OnlyOnce
) -> book_schemas.LevelPriceRead | Response:
    """登记一级、二级或三级机构统一执行的价格；机构自己登记了同一项目的，按机构的。"""
    return await once.run(body, lambda: usecases.add_level_price(session, principal=principal, level=level, asked=body))


@router.get(
    "/prices",
    response_model=Page[book_schemas.LevelPriceRead],
    responses=http.refuses(problems.CursorInvalid, etag=True),
)
async def list_level_prices(
    *,
    request: Request,
    level: InstitutionLevel,
    principal: Reader,
    session: http.Session,
    pages: http.Pages,
    code: Annotated[Code | None, Query(description="只看这个项目的历次价格")] = None,
    on: Annotated[schemas.Day | None, Query(description="只看这一天有效的")] = None,
) -> Response:
    """查看某一等级机构统一执行的价格：历次价格，或某一天有效的价格。"""
    listing = f"level-prices/{level}"
    page = pages.of(listing)
    found = await usecases.list_level_prices(session, principal=principal, level=level, code=code, on=on, page=page)
    answer = page_of(found, request=page, read=_same, last=lambda row: row.id, cursors=pages.cursors, listing=listing)
    return http.with_etag(request, answer)


@router.patch("/prices/{price_id}", responses=http.refuses(problems.NotFound, errors.EndingInvalid))
async def end_level_price(
    level: InstitutionLevel, price_id: UUID, body: schemas.CatalogEnding, principal: Keeper, session: http.Session
) -> book_schemas.LevelPriceRead:
    """结束某一等级机构统一执行的价格（当天仍有效）。"""
    return await usecases.end_level_price(session, principal=principal, level=level, price_id=price_id, asked=body)


def _same(row: book_schemas.LevelPriceRead) -> book_schemas.LevelPriceRead:
    return row
