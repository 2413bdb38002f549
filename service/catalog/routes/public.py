"""The published list of institutions that may serve at home: without a log-in."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Path, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import proposal_schemas, schemas, usecases
from service.core import http, problems
from service.core.db.session import transaction
from service.core.paging import Page, page_of
from service.core.principal import Fence
from service.core.router import Router
from service.core.text import Code
from service.institutions.rules import ServiceMode

router = Router(prefix="/public", tags=["公示"])

REFRESH_SECONDS = 60
"""How long others may show the list before they ask again."""


async def get_public_session(house: http.TheHouse, now: http.Now) -> AsyncIterator[AsyncSession]:
    """Open a transaction behind which nobody stands; the use case opens the named region's public rows."""
    async with transaction(house.sessions, Fence(), now) as session:
        yield session


PublicSession = Annotated[AsyncSession, Depends(get_public_session, scope="function")]
_DOCUMENTED = {
    status: said
    for status, said in http.refuses(problems.NotFound, problems.CursorInvalid).items()
    if status not in {401, 403}
}


@router.get(
    "/regions/{region_code}/institutions",
    response_model=schemas.PublishedInstitutions,
    responses={**_DOCUMENTED, **http.UNCHANGED},
)
async def list_published_institutions(
    *,
    request: Request,
    session: PublicSession,
    now: http.Now,
    pages: http.Pages,
    region_code: Annotated[Code, Path()],
    district: Annotated[Code | None, Query(description="县区代码", examples=["640202"])] = None,
    mode: Annotated[ServiceMode | None, Query(description="服务方式：巡诊 round、家庭病床 home_bed")] = None,
    on: Annotated[schemas.Day | None, Query(description="哪一天，默认今天")] = None,
) -> Response:
    """公布辖区内符合条件、可以上门服务的医疗卫生机构。"""
    page = pages.of("published-institutions")
    day, found = await usecases.list_published(
        session, region_code=region_code, district_code=district, mode=mode, on=on, page=page, now=now
    )
    shown: Page[schemas.PublishedInstitution] = page_of(
        found,
        request=page,
        read=_same,
        last=lambda row: row.id,
        cursors=pages.cursors,
        listing="published-institutions",
    )
    # to the minute, so that the same list keeps its ETag for as long as it may be cached
    published_at = now.replace(second=0, microsecond=0)
    answer = http.with_etag(
        request,
        schemas.PublishedInstitutions(
            items=shown.items, next_cursor=shown.next_cursor, on=day, published_at=published_at
        ),
    )
    answer.headers["Cache-Control"] = f"public, max-age={REFRESH_SECONDS}"
    return answer


@router.get("/regions/{region_code}/tariff-notices", responses=_DOCUMENTED)
async def list_published_tariff_notices(
    *,
    session: PublicSession,
    now: http.Now,
    pages: http.Pages,
    region_code: Annotated[Code, Path()],
    institution: Annotated[Code | None, Query(description="机构代码", examples=["CY01"])] = None,
) -> Page[proposal_schemas.PublishedTariffNotice]:
    """公示上门服务费变更方案：拟执行的标准、执行日、成本因素和公示期。"""
    page = pages.of("published-tariff-notices")
    found = await usecases.list_published_notices(
        session, region_code=region_code, institution_code=institution, page=page, now=now
    )
    return page_of(
        found,
        request=page,
        read=_same_notice,
        last=lambda row: row.id,
        cursors=pages.cursors,
        listing="published-tariff-notices",
    )


def _same_notice(row: proposal_schemas.PublishedTariffNotice) -> proposal_schemas.PublishedTariffNotice:
    return row


def _same(row: schemas.PublishedInstitution) -> schemas.PublishedInstitution:
    return row
