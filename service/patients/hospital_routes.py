"""HTTP of a person's stays in hospital (住院)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router
from service.patients import errors, usecases
from service.patients import hospital_schemas as forms

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("patients:read"))]
Writes = Annotated[Principal, Depends(http.Requires("patients:write"))]


@router.post(
    "/patients/{person_id}/hospital-stays",
    status_code=201,
    response_model=forms.HospitalStayRead,
    responses=http.refuses(NotFound, errors.EndsBeforeStart, errors.HospitalStaysOverlap, keyed=True),
)
async def add_hospital_stay(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
    person_id: UUID,
    body: forms.HospitalStayCreate,
) -> Response | forms.HospitalStayRead:
    """登记居民住院：住院期间的上门账单先由人工核对，住院当天未遇不收取消费。"""

    async def act() -> forms.HospitalStayRead:
        added = await usecases.add_hospital_stay(session, principal=principal, person_id=person_id, draft=body, now=now)
        return forms.HospitalStayRead.of(added)

    return await once.run(body, act)


@router.get("/patients/{person_id}/hospital-stays", responses=http.refuses(NotFound, errors.RightMissing))
async def list_hospital_stays(
    principal: Reads, session: http.Session, now: http.Now, person_id: UUID
) -> forms.HospitalStays:
    """列出居民的住院记录。"""
    found = await usecases.list_hospital_stays(session, principal=principal, person_id=person_id, now=now)
    return forms.HospitalStays(items=[forms.HospitalStayRead.of(each) for each in found])


@router.patch(
    "/patients/{person_id}/hospital-stays/{stay_id}",
    responses=http.refuses(NotFound, errors.EndsBeforeStart, errors.HospitalStaysOverlap),
)
async def end_hospital_stay(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    person_id: UUID,
    stay_id: UUID,
    body: forms.HospitalStayUpdate,
) -> forms.HospitalStayRead:
    """填写出院日（当天不算住院），null 为尚未出院。"""
    changed = await usecases.end_hospital_stay(
        session, principal=principal, person_id=person_id, stay_id=stay_id, change=body, now=now
    )
    return forms.HospitalStayRead.of(changed)
