"""HTTP of a person's diagnoses (诊断)."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router
from service.patients import diagnosis_schemas as forms
from service.patients import errors, schemas, usecases

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("diagnoses:read"))]
Writes = Annotated[Principal, Depends(http.Requires("diagnoses:write"))]


@router.post(
    "/patients/{person_id}/diagnoses",
    status_code=201,
    response_model=forms.DiagnosisRead,
    responses=http.refuses(
        NotFound, errors.EndsBeforeStart, errors.DiagnosisInFuture, errors.DiagnosisAlready, keyed=True
    ),
)
async def record_diagnosis(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
    person_id: UUID,
    body: forms.DiagnosisCreate,
) -> Response | forms.DiagnosisRead:
    """登记居民的诊断（国家医保版 ICD-10）；符合公共项目诊断条件的，自当天起自动纳入。"""

    async def act() -> forms.DiagnosisRead:
        added = await usecases.record_diagnosis(session, principal=principal, person_id=person_id, draft=body, now=now)
        return forms.DiagnosisRead.of(added)

    return await once.run(body, act)


@router.get("/patients/{person_id}/diagnoses", responses=http.refuses(NotFound, errors.RightMissing))
async def list_diagnoses(principal: Reads, session: http.Session, now: http.Now, person_id: UUID) -> forms.Diagnoses:
    """列出居民的全部诊断，包括已结束的和已撤销的。"""
    found = await usecases.list_diagnoses(session, principal=principal, person_id=person_id, now=now)
    return forms.Diagnoses(items=[forms.DiagnosisRead.of(each) for each in found])


@router.patch(
    "/patients/{person_id}/diagnoses/{diagnosis_id}",
    responses=http.refuses(NotFound, errors.EndsBeforeStart, errors.DiagnosisAlready, errors.DiagnosisWithdrawn),
)
async def end_diagnosis(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    person_id: UUID,
    diagnosis_id: UUID,
    body: schemas.DatedUpdate,
) -> forms.DiagnosisRead:
    """填写诊断的截止日期（当天仍有效），null 为长期；因诊断自动纳入的公共项目次日起不再支付。"""
    ended = await usecases.end_diagnosis(
        session, principal=principal, person_id=person_id, diagnosis_id=diagnosis_id, change=body, now=now
    )
    return forms.DiagnosisRead.of(ended)


@router.post(
    "/patients/{person_id}/diagnoses/{diagnosis_id}/withdrawal",
    responses=http.refuses(NotFound, errors.DiagnosisWithdrawn),
)
async def withdraw_diagnosis(
    *,
    principal: Writes,
    session: http.Session,
    now: http.Now,
    person_id: UUID,
    diagnosis_id: UUID,
    body: forms.DiagnosisWithdrawal,
) -> forms.DiagnosisRead:
    """撤销登记错误的诊断：视为从未登记，记录和原因保留；已结算的账单不变。"""
    withdrawn = await usecases.withdraw_diagnosis(
        session, principal=principal, person_id=person_id, diagnosis_id=diagnosis_id, asked=body, now=now
    )
    return forms.DiagnosisRead.of(withdrawn)
