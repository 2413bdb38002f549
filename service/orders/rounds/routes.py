"""HTTP of round plans: how often somebody is to be seen."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.catalog import errors as catalog_errors
from service.core import http, paging, problems
from service.core.principal import Principal
from service.core.router import Router
from service.orders.rounds import errors, schemas, usecases
from service.patients import errors as patient_errors

router = Router()

_Decides = Annotated[Principal, Depends(http.Requires("orders:decide"))]


@router.post(
    "/round-plans",
    status_code=201,
    response_model=schemas.RoundPlanRead,
    responses=http.refuses(
        problems.NotFound,
        patient_errors.RightMissing,
        catalog_errors.ItemUnknown,
        errors.IntervalImpossible,
        errors.RoundPlanImpossible,
        errors.RoundPlanOverlaps,
        keyed=True,
    ),
)
async def add_round_plan(
    principal: _Decides,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
    body: schemas.RoundPlanCreate,
) -> Response | schemas.RoundPlanRead:
    """登记巡诊（查床、随访）频次：每几天一次、最短间隔、可排的星期和半天、每次的项目。"""
    return await once.run(body, lambda: usecases.add_round_plan(session, principal=principal, asked=body, now=now))


@router.get("/round-plans", responses=http.refuses(problems.CursorInvalid))
async def list_round_plans(
    principal: _Decides, session: http.Session, pages: http.Pages, person_id: UUID | None = None
) -> paging.Page[schemas.RoundPlanRead]:
    """列出本机构的巡诊频次，含已终止的。"""
    return await usecases.list_round_plans(
        session, principal=principal, person_id=person_id, page=pages.of(usecases.LISTING), cursors=pages.cursors
    )


@router.patch(
    "/round-plans/{round_plan_id}",
    responses=http.refuses(problems.NotFound, errors.RoundPlanImpossible, errors.RoundPlanOverlaps),
)
async def end_round_plan(
    principal: _Decides, session: http.Session, round_plan_id: UUID, body: schemas.RoundPlanEnd
) -> schemas.RoundPlanRead:
    """设定巡诊频次的最后一天；改频次请终止后另登记。"""
    return await usecases.end_round_plan(session, principal=principal, round_plan_id=round_plan_id, change=body)
