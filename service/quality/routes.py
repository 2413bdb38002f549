"""HTTP of quality."""

from typing import Annotated

from fastapi import Depends, Query

from service.core import http
from service.core.principal import Principal
from service.core.router import Router
from service.quality import errors, schemas, usecases

router = Router(tags=["质控"])


@router.get("/reports/ratios", responses=http.refuses(errors.MonthsDoNotFit))
async def read_ratios(
    principal: Annotated[Principal, Depends(http.Requires("reports:ratios"))],
    session: http.Session,
    now: http.Now,
    month_from: Annotated[schemas.Month, Query(description="起始月份", examples=["2026-01"])],
    month_to: Annotated[schemas.Month, Query(description="截止月份", examples=["2026-03"])],
) -> schemas.RatiosRead:
    """本统筹区各月的排班、上门、准时、未排上比例；只有比例，没有个人，人次过少的不显示。"""
    return await usecases.read_ratios(session, principal=principal, first=month_from, last=month_to, now=now)
