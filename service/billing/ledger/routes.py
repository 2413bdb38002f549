"""HTTP of statements."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.billing.ledger import errors, exports, formats, schemas, statements, tables
from service.billing.ledger.kinds import StatementKind
from service.core import http, problems
from service.core.dates import WRITTEN
from service.core.principal import Principal
from service.core.router import Router

router = Router()

_Reads = Annotated[Principal, Depends(http.Requires("statements:read"))]
_FILES: Final[Mapping[schemas.StatementFormat, Callable[[tables.Table], bytes]]] = {
    schemas.StatementFormat.csv: exports.as_csv,
    schemas.StatementFormat.xlsx: exports.as_xlsx,
}


@router.get(
    "/institutions/{institution_id}/statements/{kind}",
    response_model=schemas.StatementRead,
    responses={
        200: {
            "description": "报表；CSV 为带 BOM 的 UTF-8，CSV 和 XLSX 中的金额以元为单位",
            "content": {formats.CSV: {"schema": {"type": "string"}}, formats.XLSX: {"schema": {"type": "string"}}},
        },
        **http.refuses(
            problems.NotFound,
            errors.StatementPeriod,
            errors.StatementFilter,
            errors.StatementTooLarge,
            errors.ClaimInconsistent,
            etag=True,
        ),
    },
)
async def read_statement(
    institution_id: UUID,
    kind: StatementKind,
    request: Request,
    principal: _Reads,
    session: http.Session,
    first: Annotated[date, Query(alias="from", description="记账日期起（含）"), WRITTEN],
    last: Annotated[date, Query(alias="to", description="记账日期止（含）"), WRITTEN],
    form: Annotated[
        schemas.StatementFormat | None, Query(alias="format", description="不填时由 Accept 决定，默认 JSON")
    ] = None,
    contract_id: Annotated[UUID | None, Query(description="只看一份签约（仅履约报表）")] = None,
) -> Response:
    """机构的账表：试算平衡、日报、月报、收入分类、履约、公共项目、医保与长护险申报、人头、床日、票据。"""
    given = formats.choose(form, request.headers.get("accept"))
    table = await statements.read(
        session,
        principal=principal,
        institution_id=institution_id,
        kind=kind,
        first=first,
        last=last,
        contract_id=contract_id,
    )
    if given is schemas.StatementFormat.json:
        return http.with_etag(request, schemas.statement(table, institution_id))
    # seconds of work for a long list: not on the loop that serves everybody
    body = await asyncio.to_thread(_FILES[given], table)
    name = quote(f"{table.name}.{given}")
    return Response(
        body,
        media_type=formats.MEDIA_TYPES[given],
        headers={
            "Content-Disposition": f"attachment; filename=\"statement.{given}\"; filename*=UTF-8''{name}",
            "Cache-Control": "private, no-store",
        },
    )
