"""HTTP of absences: listed and removed here; entered, ended and read with the visits they hit in `routing`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from service.core import http, paging
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.practitioners import absence_schemas, errors, usecases
from service.practitioners.shift_routes import First, Last

router = Router()

_Reads = Annotated[Principal, Depends(http.Requires("practitioners:read"))]
_Writes = Annotated[Principal, Depends(http.Requires("practitioners:write"))]


@router.get("/practitioners/{practitioner_id}/absences", responses=http.refuses(NotFound))
async def list_practitioner_absences(
    principal: _Reads, session: http.Session, practitioner_id: UUID, first: First, last: Last
) -> absence_schemas.Absences:
    """列出一名医护人员在一段日期内的缺勤。"""
    found = await usecases.list_absences_of(
        session, principal=principal, practitioner_id=practitioner_id, first=first, last=last
    )
    return absence_schemas.Absences(items=[absence_schemas.AbsenceRead.of(each) for each in found])


@router.get("/institutions/{institution_id}/absences", responses=http.refuses(NotFound, CursorInvalid))
async def list_absences(
    *, principal: _Reads, session: http.Session, pages: http.Pages, institution_id: UUID, first: First, last: Last
) -> paging.Page[absence_schemas.AbsenceRead]:
    """列出机构在一段日期内的缺勤：谁、何时、为何、由谁登记。"""
    request = pages.of("absences")
    found = await usecases.list_absences(
        session, principal=principal, institution_id=institution_id, first=first, last=last, page=request
    )
    return paging.page_of(
        found,
        request=request,
        read=absence_schemas.AbsenceRead.of,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing="absences",
    )


@router.delete(
    "/practitioners/{practitioner_id}/absences/{absence_id}",
    status_code=204,
    responses=http.refuses(NotFound, errors.AbsenceBegun),
)
async def remove_absence(
    principal: _Writes, session: http.Session, now: http.Now, practitioner_id: UUID, absence_id: UUID
) -> None:
    """删除尚未开始的缺勤；已开始的请提前结束。"""
    await usecases.remove_absence(
        session, principal=principal, practitioner_id=practitioner_id, absence_id=absence_id, now=now
    )
