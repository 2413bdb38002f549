"""HTTP of shifts: a practitioner's, one's own, an institution's of a day, and who is on duty then."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from service.core import http, paging
from service.core.paging import Page
from service.core.principal import Principal
from service.core.problems import CursorInvalid, NotFound
from service.core.router import Router
from service.practitioners import errors, schemas, usecases

router = Router()

Reads = Annotated[Principal, Depends(http.Requires("practitioners:read"))]
Writes = Annotated[Principal, Depends(http.Requires("practitioners:write"))]
First = Annotated[schemas.Day, Query(alias="from", description="第一天")]
Last = Annotated[schemas.Day, Query(alias="to", description="最后一天（含）")]
On = Annotated[schemas.Day, Query(description="哪一天")]


@router.post(
    "/practitioners/{practitioner_id}/shifts",
    status_code=201,
    response_model=schemas.ShiftRead,
    responses=http.refuses(
        NotFound,
        errors.ShiftImpossible,
        errors.LunchImpossible,
        errors.ShiftOverlaps,
        keyed=True,
    ),
)
async def add_shift(
    principal: Writes, session: http.Session, once: http.OnlyOnce, practitioner_id: UUID, body: schemas.ShiftCreate
) -> Response | schemas.ShiftRead:
    """给一名医护人员排一个班次，可含午休。"""

    async def act() -> schemas.ShiftRead:
        return schemas.ShiftRead.of(
            await usecases.add_shift(session, principal=principal, practitioner_id=practitioner_id, draft=body)
        )

    return await once.run(body, act)


@router.get("/practitioners/{practitioner_id}/shifts", responses=http.refuses(NotFound))
async def list_practitioner_shifts(
    principal: Reads, session: http.Session, practitioner_id: UUID, first: First, last: Last
) -> schemas.Shifts:
    """列出一名医护人员在一段日期内的班次。"""
    found = await usecases.list_shifts_of(
        session, principal=principal, practitioner_id=practitioner_id, first=first, last=last
    )
    return schemas.Shifts(items=[schemas.ShiftRead.of(each) for each in found])


@router.get("/my/shifts", responses=http.refuses())
async def list_my_shifts(principal: Reads, session: http.Session, first: First, last: Last) -> schemas.Shifts:
    """列出登录的医护人员本人在一段日期内的班次。"""
    found = await usecases.list_my_shifts(session, principal=principal, first=first, last=last)
    return schemas.Shifts(items=[schemas.ShiftRead.of(each) for each in found])


@router.get("/institutions/{institution_id}/shifts", responses=http.refuses(NotFound, CursorInvalid))
async def list_shifts(
    principal: Reads, session: http.Session, pages: http.Pages, institution_id: UUID, on: On
) -> Page[schemas.ShiftRead]:
    """列出机构某天的班次。"""
    request = pages.of("shifts")
    found = await usecases.list_shifts(session, principal=principal, institution_id=institution_id, on=on, page=request)
    return paging.page_of(
        found,
        request=request,
        read=schemas.ShiftRead.of,
        last=lambda each: each.id,
        cursors=pages.cursors,
        listing="shifts",
    )


@router.get("/institutions/{institution_id}/duties", responses=http.refuses(NotFound))
async def list_duties(principal: Reads, session: http.Session, institution_id: UUID, on: On) -> schemas.Duties:
    """列出机构某天在岗的人员：执业证是否有效、可做的项目、出发站点和出行方式。"""
    found = await usecases.list_duties(session, principal=principal, institution_id=institution_id, on=on)
    return schemas.Duties(on=on, items=[schemas.DutyRead.of(day, certificates) for day, certificates in found])


@router.patch(
    "/shifts/{shift_id}",
    responses=http.refuses(
        NotFound,
        errors.ShiftBegun,
        errors.ShiftImpossible,
        errors.LunchImpossible,
        errors.ShiftOverlaps,
    ),
)
async def change_shift(
    principal: Writes, session: http.Session, now: http.Now, shift_id: UUID, body: schemas.ShiftUpdate
) -> schemas.ShiftRead:
    """修改尚未开始的班次。"""
    return schemas.ShiftRead.of(
        await usecases.change_shift(session, principal=principal, shift_id=shift_id, change=body, now=now)
    )


@router.delete("/shifts/{shift_id}", status_code=204, responses=http.refuses(NotFound, errors.ShiftBegun))
async def remove_shift(principal: Writes, session: http.Session, now: http.Now, shift_id: UUID) -> None:
    """删除尚未开始的班次。"""
    await usecases.remove_shift(session, principal=principal, shift_id=shift_id, now=now)
