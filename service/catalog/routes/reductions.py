"""What is taken off a family's own part of a bill (减免): the region's rules, and each institution's own."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from service.catalog import errors, schemas, usecases
from service.catalog import reduction_schemas as forms
from service.core import http, problems
from service.core.paging import Page, page_of
from service.core.principal import Principal
from service.core.router import Router

router = Router(tags=["目录"])

Reader = Annotated[Principal, Depends(http.Requires("catalog:read"))]
Keeper = Annotated[Principal, Depends(http.Requires("catalog:write"))]
RegionKeeper = Annotated[Principal, Depends(http.Requires("region:write"))]
On = Annotated[schemas.Day | None, Query(description="只看这一天有效的")]
LISTING = "reduction-rules"
OWN = "/institutions/{institution_id}/reduction-rules"


@router.post(
    "/reduction-rules",
    status_code=201,
    response_model=forms.ReductionRuleRead,
    responses=http.refuses(errors.ItemUnknown, errors.ReductionRulesOverlap, keyed=True),
)
async def add_region_reduction_rule(
    body: forms.ReductionRuleCreate, principal: RegionKeeper, session: http.Session, once: http.OnlyOnce
) -> forms.ReductionRuleRead | Response:
    """登记全区域的减免规则；同编码的开放旧规则于前一天结束。"""
    return await once.run(
        body,
        lambda: usecases.add_reduction_rule(session, principal=principal, institution_id=None, asked=body),
    )


@router.get("/reduction-rules", responses=http.refuses(problems.CursorInvalid))
async def list_region_reduction_rules(
    principal: Reader, session: http.Session, pages: http.Pages, on: On = None
) -> Page[forms.ReductionRuleRead]:
    """查看全区域的减免规则。"""
    page = pages.of(LISTING)
    found = await usecases.list_reduction_rules(session, principal=principal, institution_id=None, on=on, page=page)
    return page_of(found, request=page, read=_same, last=lambda row: row.id, cursors=pages.cursors, listing=LISTING)


@router.patch("/reduction-rules/{rule_id}", responses=http.refuses(problems.NotFound, errors.EndingInvalid))
async def end_region_reduction_rule(
    rule_id: UUID, body: schemas.CatalogEnding, principal: RegionKeeper, session: http.Session
) -> forms.ReductionRuleRead:
    """结束全区域的减免规则（当天仍有效）。"""
    return await usecases.end_reduction_rule(
        session, principal=principal, institution_id=None, rule_id=rule_id, asked=body
    )


@router.post(
    OWN,
    status_code=201,
    response_model=forms.ReductionRuleRead,
    responses=http.refuses(problems.NotFound, errors.ItemUnknown, errors.ReductionRulesOverlap, keyed=True),
)
async def add_reduction_rule(
    institution_id: UUID,
    body: forms.ReductionRuleCreate,
    principal: Keeper,
    session: http.Session,
    once: http.OnlyOnce,
) -> forms.ReductionRuleRead | Response:
    """登记本机构的减免规则；同编码的开放旧规则于前一天结束。"""
    return await once.run(
        body,
        lambda: usecases.add_reduction_rule(session, principal=principal, institution_id=institution_id, asked=body),
    )


@router.get(OWN, responses=http.refuses(problems.NotFound, problems.CursorInvalid))
async def list_reduction_rules(
    institution_id: UUID, principal: Reader, session: http.Session, pages: http.Pages, on: On = None
) -> Page[forms.ReductionRuleRead]:
    """查看一家机构自己的减免规则。"""
    page = pages.of(LISTING)
    found = await usecases.list_reduction_rules(
        session, principal=principal, institution_id=institution_id, on=on, page=page
    )
    return page_of(found, request=page, read=_same, last=lambda row: row.id, cursors=pages.cursors, listing=LISTING)


@router.patch(f"{OWN}/{{rule_id}}", responses=http.refuses(problems.NotFound, errors.EndingInvalid))
async def end_reduction_rule(
    institution_id: UUID, rule_id: UUID, body: schemas.CatalogEnding, principal: Keeper, session: http.Session
) -> forms.ReductionRuleRead:
    """结束本机构的减免规则（当天仍有效）。"""
    return await usecases.end_reduction_rule(
        session, principal=principal, institution_id=institution_id, rule_id=rule_id, asked=body
    )


def _same(row: forms.ReductionRuleRead) -> forms.ReductionRuleRead:
    return row
