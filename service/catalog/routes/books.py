"""Whole price books: what is in force, from a file, to a file, and what is different between two."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.catalog import book_schemas, errors, schemas, usecases
from service.catalog.books import Book, WhichBook
from service.core import http, problems
from service.core.body_limit import BodyTooLarge
from service.core.clock import local_date
from service.core.paging import Page, page_of
from service.core.principal import Principal
from service.core.router import Router
from service.core.tabular.writing import CSV_TYPE, XLSX_TYPE
from service.institutions.rules import InstitutionLevel

router = Router(tags=["目录"])

Reader = Annotated[Principal, Depends(http.Requires("catalog:read"))]
Keeper = Annotated[Principal, Depends(http.Requires("catalog:write"))]
RegionKeeper = Annotated[Principal, Depends(http.Requires("region:write"))]
On = Annotated[schemas.Day | None, Query(description="哪一天有效的，默认今天")]
From = Annotated[schemas.Day, Query(alias="from", description="原来的日期")]
To = Annotated[schemas.Day, Query(description="后来的日期")]
DryRun = Annotated[bool, Query(description="只检查，不写入")]
Format = Annotated[book_schemas.SheetFormat, Query(description="xlsx 或 csv")]

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}
_BODY: Final = {"requestBody": {"required": True, "content": {"application/octet-stream": _BINARY}}}
_TYPES: Final = {book_schemas.SheetFormat.xlsx: XLSX_TYPE, book_schemas.SheetFormat.csv: CSV_TYPE}
_SHEET: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": dict.fromkeys(sorted(_TYPES.values()), _BINARY), "description": "价格表"}
}


@router.get(
    "/institutions/{institution_id}/prices-in-force",
    response_model=Page[book_schemas.PriceInForceRead],
    responses=http.refuses(problems.NotFound, problems.CursorInvalid, etag=True),
)
async def list_prices_in_force(
    *,
    request: Request,
    institution_id: UUID,
    principal: Reader,
    session: http.Session,
    pages: http.Pages,
    now: http.Now,
    on: On = None,
) -> Response:
    """查看机构某一天执行的价格：自己的价格，没有的按所属等级的统一价格（明码标价）。"""
    day = on or local_date(now)
    listing = f"prices-in-force/{institution_id}/{day}"
    page = pages.of(listing)
    found = await usecases.list_prices_in_force(
        session, principal=principal, institution_id=institution_id, on=day, page=page
    )
    answer = page_of(found, request=page, read=_same, last=lambda row: row.id, cursors=pages.cursors, listing=listing)
    return http.with_etag(request, answer)


@router.get("/institutions/{institution_id}/price-changes", responses=http.refuses(problems.NotFound))
async def diff_prices(
    *,
    institution_id: UUID,
    principal: Reader,
    session: http.Session,
    from_on: From,
    to: To,
    from_book: Annotated[WhichBook, Query(description="本机构 own、所属等级 level、实际执行 in_force")] = (
        WhichBook.in_force
    ),
    to_book: Annotated[WhichBook, Query(description="与 from_book 相同的几种")] = WhichBook.in_force,
) -> book_schemas.PriceDiff:
    """比较两天的价格，或本机构与所属等级的价格：新增、停用、变动及涨跌幅。"""
    return await usecases.diff_prices(
        session, principal=principal, institution_id=institution_id, old=(from_book, from_on), new=(to_book, to)
    )


@router.get("/price-levels/{level}/price-changes", responses=http.refuses())
async def diff_level_prices(
    *, level: InstitutionLevel, principal: Reader, session: http.Session, from_on: From, to: To
) -> book_schemas.PriceDiff:
    """比较某一等级统一价格在两天之间的变化。"""
    return await usecases.diff_level_prices(session, principal=principal, level=level, old_on=from_on, new_on=to)


@router.post(
    "/institutions/{institution_id}/price-imports",
    responses=http.refuses(problems.NotFound, BodyTooLarge, errors.PriceBookRefused, errors.PricesOverlap),
    openapi_extra=_BODY,
)
async def import_prices(
    request: Request, institution_id: UUID, principal: Keeper, session: http.Session, *, dry_run: DryRun = False
) -> book_schemas.PriceImportRead:
    """导入价格表（请求体即 XLSX 或 CSV 文件）：逐行检查，全部写入或全部不写；同一文件再次导入不改变任何内容。"""
    return await usecases.import_prices(
        session,
        principal=principal,
        book=Book(institution_id=institution_id),
        content=await request.body(),
        dry_run=dry_run,
    )


@router.post(
    "/price-levels/{level}/price-imports",
    responses=http.refuses(BodyTooLarge, errors.PriceBookRefused, errors.PricesOverlap),
    openapi_extra=_BODY,
)
async def import_level_prices(
    request: Request,
    level: InstitutionLevel,
    principal: RegionKeeper,
    session: http.Session,
    *,
    dry_run: DryRun = False,
) -> book_schemas.PriceImportRead:
    """导入某一等级机构统一执行的价格表，规则与机构价格表相同。"""
    content = await request.body()
    return await usecases.import_prices(
        session, principal=principal, book=Book(level=level), content=content, dry_run=dry_run
    )


@router.get(
    "/institutions/{institution_id}/price-book",
    response_class=Response,
    responses={**http.refuses(problems.NotFound), **_SHEET},
)
async def export_prices(
    *,
    institution_id: UUID,
    principal: Reader,
    session: http.Session,
    now: http.Now,
    on: On = None,
    sheet: Format = book_schemas.SheetFormat.xlsx,
) -> Response:
    """导出机构某一天有效的价格表，可修改后再导入。"""
    book, day = Book(institution_id=institution_id), on or local_date(now)
    return await _sheet_of(session, principal, book, day, sheet)


@router.get("/price-levels/{level}/price-book", response_class=Response, responses={**http.refuses(), **_SHEET})
async def export_level_prices(
    *,
    level: InstitutionLevel,
    principal: Reader,
    session: http.Session,
    now: http.Now,
    on: On = None,
    sheet: Format = book_schemas.SheetFormat.xlsx,
) -> Response:
    """导出某一等级统一执行的价格表，可修改后再导入。"""
    return await _sheet_of(session, principal, Book(level=level), on or local_date(now), sheet)


async def _sheet_of(
    session: http.Session, principal: Principal, book: Book, on: schemas.Day, sheet: book_schemas.SheetFormat
) -> Response:
    xlsx = sheet is book_schemas.SheetFormat.xlsx
    content = await usecases.export_prices(session, principal=principal, book=book, on=on, xlsx=xlsx)
    name = f'attachment; filename="prices-{on}.{sheet}"'
    return Response(content, media_type=_TYPES[sheet], headers={"Content-Disposition": name})


def _same(row: book_schemas.PriceInForceRead) -> book_schemas.PriceInForceRead:
    return row
