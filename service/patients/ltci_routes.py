"""HTTP of a person's long-term care assessments (长期护理保险失能等级)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router
from service.patients import errors, schemas, usecases
from service.patients import ltci_schemas as forms

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("patients:read"))]
Writes = Annotated[Principal, Depends(http.Requires("patients:write"))]


@router.post(
    "/patients/{person_id}/ltci-assessments",
    status_code=201,
    response_model=forms.AssessmentRead,
    responses=http.refuses(NotFound, errors.EndsBeforeStart, errors.AssessmentsOverlap, keyed=True),
)
async def add_ltci_assessment(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
    person_id: UUID,
    body: forms.AssessmentCreate,
) -> Response | forms.AssessmentRead:
    """登记居民的长护险失能等级；全统筹区同一时间只有一个等级，未填截止日期的原等级于前一天结束。"""

    async def act() -> forms.AssessmentRead:
        added = await usecases.add_assessment(session, principal=principal, person_id=person_id, draft=body, now=now)
        return forms.AssessmentRead.of(added)

    return await once.run(body, act)


@router.get("/patients/{person_id}/ltci-assessments", responses=http.refuses(NotFound, errors.RightMissing))
async def list_ltci_assessments(
    principal: Reads, session: http.Session, now: http.Now, person_id: UUID
) -> forms.Assessments:
    """列出居民的全部长护险失能等级。"""
    found = await usecases.list_assessments(session, principal=principal, person_id=person_id, now=now)
    return forms.Assessments(items=[forms.AssessmentRead.of(each) for each in found])


@router.patch(
    "/patients/{person_id}/ltci-assessments/{row_id}",
    responses=http.refuses(NotFound, errors.EndsBeforeStart, errors.AssessmentsOverlap),
)
async def end_ltci_assessment(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    person_id: UUID,
    row_id: UUID,
    body: schemas.DatedUpdate,
) -> forms.AssessmentRead:
    """填写失能等级的截止日期（当天仍有效），null 为长期。"""
    changed = await usecases.end_assessment(
        session, principal=principal, person_id=person_id, row_id=row_id, change=body, now=now
    )
    return forms.AssessmentRead.of(changed)
