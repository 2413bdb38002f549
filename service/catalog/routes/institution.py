"""What an institution keeps: its price book and its visit-fee tariffs. Everyone of the region may read them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.catalog import errors, schemas, usecases
from service.core import http, problems
from service.core.paging import Page, page_of
from service.core.principal import Principal
from service.core.router import Router
from service.core.text import Code

router = Router(prefix="/institutions/{institution_id}", tags=["目录"])

Reader = Annotated[Principal, Depends(http.Requires("catalog:read"))]
Keeper = Annotated[Principal, Depends(http.Requires("catalog:write"))]
On = Annotated[schemas.Day | None, Query(description="只看这一天有效的")]


@router.post(
    "/prices",
    status_code=201,
    response_model=schemas.PriceRead,
    responses=http.refuses(
        problems.NotFound, errors.CodeReserved, errors.ItemUnknown, errors.PricesOverlap, keyed=True
    ),
)
async def add_price(
    institution_id: UUID, body: schemas.PriceCreate, principal: Keeper, session: http.Session, once: http.OnlyOnce
) -> schemas.PriceRead | Response:
    """登记价格；开放的旧价格于前一天结束。"""
    return await once.run(
        body, lambda: usecases.add_price(session, principal=principal, institution_id=institution_id, asked=body)
    )


@router.get(
    "/prices",
    response_model=Page[schemas.PriceRead],
    responses=http.refuses(problems.NotFound, problems.CursorInvalid, etag=True),
)
async def list_prices(
    *,
    request: Request,
    institution_id: UUID,
    principal: Reader,
    session: http.Session,
    pages: http.Pages,
    code: Annotated[Code | None, Query(description="只看这个项目的历次价格")] = None,
    on: On = None,
) -> Response:
    """查看价格（明码标价）：历次价格，或某一天有效的价格。"""
    page = pages.of("prices")
    found = await usecases.list_prices(
        session, principal=principal, institution_id=institution_id, code=code, on=on, page=page
    )
    answer = page_of(
        found, request=page, read=_same_price, last=lambda row: row.id, cursors=pages.cursors, listing="prices"
    )
    return http.with_etag(request, answer)


@router.patch("/prices/{price_id}", responses=http.refuses(problems.NotFound, errors.EndingInvalid))
async def end_price(
    institution_id: UUID, price_id: UUID, body: schemas.CatalogEnding, principal: Keeper, session: http.Session
) -> schemas.PriceRead:
    """结束价格（当天仍有效）。"""
    return await usecases.end_price(
        session, principal=principal, institution_id=institution_id, price_id=price_id, asked=body
    )


@router.post(
    "/visit-fee-tariffs",
    status_code=201,
    response_model=schemas.TariffRead,
    responses=http.refuses(problems.NotFound, errors.TariffNeedsProposal, errors.TariffsOverlap, keyed=True),
)
async def add_visit_fee_tariff(
    institution_id: UUID, body: schemas.TariffCreate, principal: Keeper, session: http.Session, once: http.OnlyOnce
) -> schemas.TariffRead | Response:
    """登记机构的首个上门服务费标准：计价单位、距离档、夜间倍数、公里数如何计算；以后的变更须提出方案。"""
    return await once.run(
        body, lambda: usecases.add_tariff(session, principal=principal, institution_id=institution_id, asked=body)
    )


@router.get(
    "/visit-fee-tariffs",
    response_model=Page[schemas.TariffRead],
    responses=http.refuses(problems.NotFound, problems.CursorInvalid, etag=True),
)
async def list_visit_fee_tariffs(
    *,
    request: Request,
    institution_id: UUID,
    principal: Reader,
    session: http.Session,
    pages: http.Pages,
    on: On = None,
) -> Response:
    """查看上门服务费标准：历次标准，或某一天有效的标准。"""
    page = pages.of("visit-fee-tariffs")
    found = await usecases.list_tariffs(session, principal=principal, institution_id=institution_id, on=on, page=page)
    answer = page_of(
        found,
        request=page,
        read=_same_tariff,
        last=lambda row: row.id,
        cursors=pages.cursors,
        listing="visit-fee-tariffs",
    )
    return http.with_etag(request, answer)


@router.patch("/visit-fee-tariffs/{tariff_id}", responses=http.refuses(problems.NotFound, errors.EndingInvalid))
async def end_visit_fee_tariff(
    institution_id: UUID, tariff_id: UUID, body: schemas.CatalogEnding, principal: Keeper, session: http.Session
) -> schemas.TariffRead:
    """结束上门服务费标准（当天仍有效）。"""
    return await usecases.end_tariff(
        session, principal=principal, institution_id=institution_id, tariff_id=tariff_id, asked=body
    )


def _same_price(row: schemas.PriceRead) -> schemas.PriceRead:
    return row


def _same_tariff(row: schemas.TariffRead) -> schemas.TariffRead:
    return row
