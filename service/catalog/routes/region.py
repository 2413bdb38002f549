"""What the region's administration keeps: the list of services, public programmes, insurance rules."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Request, Response

from service.catalog import errors, rules, schemas, usecases
from service.core import http, problems
from service.core.paging import Page, page_of
from service.core.principal import Principal
from service.core.router import Router
from service.core.text import Code

CREWS = (errors.CrewTooSmall, errors.CrewLagMissing, errors.CrewLagNeedless, errors.CrewLagsContradict)
"""What is refused of how a crew comes."""

router = Router(tags=["目录"])

Reader = Annotated[Principal, Depends(http.Requires("catalog:read"))]
Keeper = Annotated[Principal, Depends(http.Requires("region:write"))]
ItemCode = Annotated[Code, Path()]
On = Annotated[schemas.Day | None, Query(description="只看这一天有效的")]


@router.post(
    "/service-items",
    status_code=201,
    response_model=schemas.ServiceItemRead,
    responses=http.refuses(
        errors.ItemCodeTaken, errors.CodeReserved, errors.RefusalNoteMissing, errors.PartsNeedOnePerson, *CREWS,
        keyed=True,
    ),
)  # fmt: skip
async def add_service_item(
    body: schemas.ServiceItemCreate, principal: Keeper, session: http.Session, once: http.OnlyOnce
) -> schemas.ServiceItemRead | Response:
    """登记服务项目：时长、人数、技能、适用订单、最晚开始时间、能否上门、是否分次。"""
    return await once.run(body, lambda: usecases.add_service_item(session, principal=principal, asked=body))


@router.get(
    "/service-items",
    response_model=Page[schemas.ServiceItemRead],
    responses=http.refuses(problems.CursorInvalid, etag=True),
)
async def list_service_items(
    request: Request,
    principal: Reader,
    session: http.Session,
    pages: http.Pages,
    order_kind: Annotated[rules.OrderKind | None, Query()] = None,
) -> Response:
    """查看服务项目目录。"""
    page = pages.of("service-items")
    found = await usecases.list_service_items(session, principal=principal, order_kind=order_kind, page=page)
    answer = page_of(
        found, request=page, read=_same_item, last=lambda row: row.id, cursors=pages.cursors, listing="service-items"
    )
    return http.with_etag(request, answer)


@router.get(
    "/service-items/{code}",
    response_model=schemas.ServiceItemRead,
    responses=http.refuses(problems.NotFound, etag=True),
)
async def read_service_item(request: Request, code: ItemCode, principal: Reader, session: http.Session) -> Response:
    """查看一个服务项目。"""
    return http.with_etag(request, await usecases.read_service_item(session, principal=principal, code=code))


@router.patch(
    "/service-items/{code}",
    responses=http.refuses(problems.NotFound, errors.RefusalNoteMissing, errors.PartsNeedOnePerson, *CREWS),
)
async def change_service_item(
    code: ItemCode, body: schemas.ServiceItemUpdate, principal: Keeper, session: http.Session
) -> schemas.ServiceItemRead:
    """修改服务项目，从现在起生效。"""
    return await usecases.change_service_item(session, principal=principal, code=code, asked=body)


@router.post(
    "/programmes",
    status_code=201,
    response_model=schemas.ProgrammeRead,
    responses=http.refuses(errors.ItemUnknown, errors.ProgrammeCodeTaken, keyed=True),
)
async def add_programme(
    body: schemas.ProgrammeCreate, principal: Keeper, session: http.Session, once: http.OnlyOnce
) -> schemas.ProgrammeRead | Response:
    """登记公共项目（基本公卫等）：谁支付、每人每年支付哪些项目几次。"""
    return await once.run(body, lambda: usecases.add_programme(session, principal=principal, asked=body))


@router.get("/programmes", responses=http.refuses(problems.CursorInvalid))
async def list_programmes(
    principal: Reader, session: http.Session, pages: http.Pages, on: On = None
) -> Page[schemas.ProgrammeRead]:
    """查看公共项目。"""
    page = pages.of("programmes")
    found = await usecases.list_programmes(session, principal=principal, on=on, page=page)
    return page_of(
        found, request=page, read=_same_programme, last=lambda row: row.id, cursors=pages.cursors, listing="programmes"
    )


@router.get("/programmes/{programme_id}", responses=http.refuses(problems.NotFound))
async def read_programme(programme_id: UUID, principal: Reader, session: http.Session) -> schemas.ProgrammeRead:
    """查看一个公共项目。"""
    return await usecases.read_programme(session, region_id=principal.region_id, programme_id=programme_id)


@router.patch("/programmes/{programme_id}", responses=http.refuses(problems.NotFound, errors.EndingInvalid))
async def end_programme(
    programme_id: UUID, body: schemas.CatalogEnding, principal: Keeper, session: http.Session
) -> schemas.ProgrammeRead:
    """结束公共项目（当天仍有效）。"""
    return await usecases.end_programme(session, principal=principal, programme_id=programme_id, asked=body)


@router.post(
    "/insurance-rules",
    status_code=201,
    response_model=schemas.InsuranceRuleRead,
    responses=http.refuses(errors.InsuranceRulesOverlap, keyed=True),
)
async def add_insurance_rule(
    body: schemas.InsuranceRuleCreate, principal: Keeper, session: http.Session, once: http.OnlyOnce
) -> schemas.InsuranceRuleRead | Response:
    """登记医保待遇规则：起付线、支付比例、年度限额；开放的旧规则于前一天结束。"""
    return await once.run(body, lambda: usecases.add_insurance_rule(session, principal=principal, asked=body))


@router.get("/insurance-rules", responses=http.refuses(problems.CursorInvalid))
async def list_insurance_rules(
    principal: Reader,
    session: http.Session,
    pages: http.Pages,
    plan_code: Annotated[Code | None, Query()] = None,
    on: On = None,
) -> Page[schemas.InsuranceRuleRead]:
    """查看医保待遇规则。"""
    page = pages.of("insurance-rules")
    found = await usecases.list_insurance_rules(session, principal=principal, plan_code=plan_code, on=on, page=page)
    return page_of(
        found, request=page, read=_same_rule, last=lambda row: row.id, cursors=pages.cursors, listing="insurance-rules"
    )


@router.patch("/insurance-rules/{rule_id}", responses=http.refuses(problems.NotFound, errors.EndingInvalid))
async def end_insurance_rule(
    rule_id: UUID, body: schemas.CatalogEnding, principal: Keeper, session: http.Session
) -> schemas.InsuranceRuleRead:
    """结束医保待遇规则（当天仍有效）。"""
    return await usecases.end_insurance_rule(session, principal=principal, rule_id=rule_id, asked=body)


def _same_item(row: schemas.ServiceItemRead) -> schemas.ServiceItemRead:
    return row


def _same_programme(row: schemas.ProgrammeRead) -> schemas.ProgrammeRead:
    return row


def _same_rule(row: schemas.InsuranceRuleRead) -> schemas.InsuranceRuleRead:
    return row
