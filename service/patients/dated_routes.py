"""HTTP of a person's key groups and medical insurances."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router
from service.patients import errors, schemas, usecases

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("patients:read"))]
Writes = Annotated[Principal, Depends(http.Requires("patients:write"))]


@router.post(
    "/patients/{person_id}/key-groups",
    status_code=201,
    response_model=schemas.KeyGroupRead,
    responses=http.refuses(NotFound, errors.EndsBeforeStart, errors.KeyGroupAlready, keyed=True),
)
async def add_key_group(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
    person_id: UUID,
    body: schemas.KeyGroupCreate,
) -> Response | schemas.KeyGroupRead:
    """登记居民属于一类重点人群及其起止日期。"""

    async def act() -> schemas.KeyGroupRead:
        added = await usecases.add_key_group(session, principal=principal, person_id=person_id, draft=body, now=now)
        return schemas.KeyGroupRead.of(added)

    return await once.run(body, act)


@router.get("/patients/{person_id}/key-groups", responses=http.refuses(NotFound, errors.RightMissing))
async def list_key_groups(principal: Reads, session: http.Session, now: http.Now, person_id: UUID) -> schemas.KeyGroups:
    """列出居民的全部重点人群记录。"""
    found = await usecases.list_key_groups(session, principal=principal, person_id=person_id, now=now)
    return schemas.KeyGroups(items=[schemas.KeyGroupRead.of(each) for each in found])


@router.patch(
    "/patients/{person_id}/key-groups/{row_id}",
    responses=http.refuses(NotFound, errors.EndsBeforeStart, errors.KeyGroupAlready),
)
async def end_key_group(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    person_id: UUID,
    row_id: UUID,
    body: schemas.DatedUpdate,
) -> schemas.KeyGroupRead:
    """设定一条重点人群记录的截止日期。"""
    ended = await usecases.end_key_group(
        session, principal=principal, person_id=person_id, row_id=row_id, change=body, now=now
    )
    return schemas.KeyGroupRead.of(ended)


@router.post(
    "/patients/{person_id}/coverages",
    status_code=201,
    response_model=schemas.CoverageRead,
    responses=http.refuses(NotFound, errors.EndsBeforeStart, errors.CoverageOverlaps, keyed=True),
)
async def add_coverage(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
    person_id: UUID,
    body: schemas.CoverageCreate,
) -> Response | schemas.CoverageRead:
    """登记居民的医保参保记录；同一时间只有一种。"""

    async def act() -> schemas.CoverageRead:
        added = await usecases.add_coverage(session, principal=principal, person_id=person_id, draft=body, now=now)
        return schemas.CoverageRead.of(added)

    return await once.run(body, act)


@router.get("/patients/{person_id}/coverages", responses=http.refuses(NotFound, errors.RightMissing))
async def list_coverages(principal: Reads, session: http.Session, now: http.Now, person_id: UUID) -> schemas.Coverages:
    """列出居民的全部参保记录。"""
    found = await usecases.list_coverages(session, principal=principal, person_id=person_id, now=now)
    return schemas.Coverages(items=[schemas.CoverageRead.of(each) for each in found])


@router.patch(
    "/patients/{person_id}/coverages/{row_id}",
    responses=http.refuses(NotFound, errors.EndsBeforeStart, errors.CoverageOverlaps),
)
async def end_coverage(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    person_id: UUID,
    row_id: UUID,
    body: schemas.DatedUpdate,
) -> schemas.CoverageRead:
    """设定一条参保记录的截止日期。"""
    ended = await usecases.end_coverage(
        session, principal=principal, person_id=person_id, row_id=row_id, change=body, now=now
    )
    return schemas.CoverageRead.of(ended)
