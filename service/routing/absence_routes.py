"""HTTP of absences as far as they hit what is promised; `practitioners` lists and removes them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.core import http
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router
from service.practitioners import errors
from service.practitioners.absence_schemas import AbsenceCreate, AbsenceEnd
from service.routing import absence_schemas, usecases

router = Router()

_Reads = Annotated[Principal, Depends(http.Requires("practitioners:read"))]
_Writes = Annotated[Principal, Depends(http.Requires("practitioners:write"))]


@router.post(
    "/practitioners/{practitioner_id}/absences",
    status_code=201,
    response_model=absence_schemas.AbsenceWithHits,
    responses=http.refuses(NotFound, errors.AbsenceImpossible, errors.AbsenceOverlaps, keyed=True),
)
async def add_absence(
    *,
    principal: _Writes,
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
    practitioner_id: UUID,
    body: AbsenceCreate,
) -> Response | absence_schemas.AbsenceWithHits:
    """登记缺勤（可以只是半天）：这段时间不再排班；同时列出受影响的已排上门和指名订单，供重新排班。"""
    return await once.run(
        body,
        lambda: usecases.add_absence(
            session, principal=principal, practitioner_id=practitioner_id, draft=body, now=now
        ),
    )


@router.get("/practitioners/{practitioner_id}/absences/{absence_id}", responses=http.refuses(NotFound))
async def read_absence(
    principal: _Reads, session: http.Session, practitioner_id: UUID, absence_id: UUID
) -> absence_schemas.AbsenceWithHits:
    """查看一条缺勤和目前仍受影响的订单。"""
    return await usecases.read_absence(
        session, principal=principal, practitioner_id=practitioner_id, absence_id=absence_id
    )


@router.patch(
    "/practitioners/{practitioner_id}/absences/{absence_id}",
    responses=http.refuses(NotFound, errors.AbsenceOver, errors.EndNotWithinAbsence),
)
async def end_absence(
    *,
    principal: _Writes,
    session: http.Session,
    now: http.Now,
    practitioner_id: UUID,
    absence_id: UUID,
    body: AbsenceEnd,
) -> absence_schemas.AbsenceWithHits:
    """提前结束缺勤：从该时刻起重新计入可排人力。"""
    return await usecases.end_absence(
        session, principal=principal, practitioner_id=practitioner_id, absence_id=absence_id, end=body.end, now=now
    )
