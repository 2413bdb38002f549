"""What long-term care insurance (长期护理保险) pays: kept by the region's administration."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from service.catalog import errors, schemas, usecases
from service.catalog import ltci_schemas as forms
from service.core import http, problems
from service.core.paging import Page, page_of
from service.core.principal import Principal
from service.core.router import Router

router = Router(tags=["目录"])

Reader = Annotated[Principal, Depends(http.Requires("catalog:read"))]
Keeper = Annotated[Principal, Depends(http.Requires("region:write"))]
On = Annotated[schemas.Day | None, Query(description="只看这一天有效的")]


@router.post(
    "/ltci-rules",
    status_code=201,
    response_model=forms.LtciRuleRead,
    responses=http.refuses(errors.ItemUnknown, errors.LtciRulesOverlap, keyed=True),
)
async def add_ltci_rule(
    body: forms.LtciRuleCreate, principal: Keeper, session: http.Session, once: http.OnlyOnce
) -> forms.LtciRuleRead | Response:
    """登记长护险待遇规则：支付项目、支付比例、各失能等级的月限额；开放的旧规则于前一天结束。"""
    return await once.run(body, lambda: usecases.add_ltci_rule(session, principal=principal, asked=body))


@router.get("/ltci-rules", responses=http.refuses(problems.CursorInvalid))
async def list_ltci_rules(
    principal: Reader, session: http.Session, pages: http.Pages, on: On = None
) -> Page[forms.LtciRuleRead]:
    """查看长护险待遇规则。"""
    page = pages.of("ltci-rules")
    found = await usecases.list_ltci_rules(session, principal=principal, on=on, page=page)
    return page_of(
        found, request=page, read=_same, last=lambda row: row.id, cursors=pages.cursors, listing="ltci-rules"
    )


@router.patch("/ltci-rules/{rule_id}", responses=http.refuses(problems.NotFound, errors.EndingInvalid))
async def end_ltci_rule(
    rule_id: UUID, body: schemas.CatalogEnding, principal: Keeper, session: http.Session
) -> forms.LtciRuleRead:
    """结束长护险待遇规则（当天仍有效）。"""
    return await usecases.end_ltci_rule(session, principal=principal, rule_id=rule_id, asked=body)


def _same(row: forms.LtciRuleRead) -> forms.LtciRuleRead:
    return row
