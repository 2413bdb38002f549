"""HTTP of beds."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.beds import errors, schemas, usecases
from service.core import http, paging, problems
from service.core.dates import WRITTEN
from service.core.principal import Principal
from service.core.router import Router
from service.patients import errors as patient_errors

router = Router(tags=["家庭病床"])


@router.post(
    "/beds",
    status_code=201,
    response_model=schemas.BedRead,
    responses=http.refuses(
        problems.NotFound,
        errors.BedAlreadyOpen,
        errors.BedNumberTaken,
        errors.BedInTheFuture,
        patient_errors.PersonDeceased,
        errors.HomeBedNotRegistered,
        errors.InstitutionNotLicensed,
        errors.DoctorNotQualified,
        errors.AgreementMissing,
        errors.ExclusionsNotAgreed,
        keyed=True,
    ),
)
async def open_bed(
    asked: schemas.BedOpening,
    principal: Annotated[Principal, Depends(http.Requires("beds:write"))],
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
) -> schemas.BedRead | Response:
    """建床：每位居民在整个统筹区同时只有一张家庭病床。"""
    return await once.run(asked, lambda: usecases.open_bed(session, principal=principal, asked=asked, now=now))


@router.get("/beds", responses=http.refuses(problems.NotFound, problems.CursorInvalid))
async def list_beds(
    principal: Annotated[Principal, Depends(http.Requires("beds:read"))],
    session: http.Session,
    now: http.Now,
    pages: http.Pages,
    institution_id: UUID | None = None,
    person_id: UUID | None = None,
    open_on: Annotated[date | None, Query(description="当天在床"), WRITTEN] = None,
) -> paging.Page[schemas.BedRead]:
    """列出本机构的家庭病床，或本人可代办居民的家庭病床。"""
    return await usecases.list_beds(
        session,
        principal=principal,
        institution_id=institution_id,
        person_id=person_id,
        open_on=open_on,
        page=pages.of(usecases.LISTING),
        cursors=pages.cursors,
        now=now,
    )


@router.get(
    "/beds/{bed_id}",
    response_model=schemas.BedRead,
    responses=http.refuses(problems.NotFound, patient_errors.RightMissing, etag=True),
)
async def read_bed(
    bed_id: UUID,
    principal: Annotated[Principal, Depends(http.Requires("beds:read"))],
    session: http.Session,
    now: http.Now,
    request: Request,
) -> Response:
    """查看一张家庭病床；带已知 ETag 时答 304。"""
    return http.with_etag(request, await usecases.read_bed(session, principal=principal, bed_id=bed_id, now=now))


@router.post(
    "/beds/{bed_id}/closure",
    responses=http.refuses(
        problems.NotFound,
        errors.BedClosed,
        errors.ClosesBeforeItOpens,
        errors.BedInTheFuture,
        errors.ClosingReasonWrong,
        errors.BedHasOpenOrders,
        errors.BedDaysBilled,
    ),
)
async def close_bed(
    bed_id: UUID,
    asked: schemas.BedClosing,
    principal: Annotated[Principal, Depends(http.Requires("beds:write"))],
    session: http.Session,
    now: http.Now,
) -> schemas.BedRead:
    """撤床并记录撤床情况；撤床当天不计床日。"""
    return await usecases.close_bed(session, principal=principal, bed_id=bed_id, asked=asked, now=now)


@router.post(
    "/beds/{bed_id}/pauses",
    status_code=201,
    response_model=schemas.BedRead,
    responses=http.refuses(
        problems.NotFound,
        errors.BedInTheFuture,
        errors.PauseOutsideStay,
        errors.PausesOverlap,
        errors.RoundsBookedInPause,
        errors.BedDaysBilled,
        keyed=True,
    ),
)
async def pause_bed(
    bed_id: UUID,
    asked: schemas.BedPausing,
    principal: Annotated[Principal, Depends(http.Requires("beds:write"))],
    session: http.Session,
    now: http.Now,
    once: http.OnlyOnce,
) -> schemas.BedRead | Response:
    """暂停：暂停的日子不计床日、不减免，上门照常收费；恢复当天不再暂停。"""
    return await once.run(
        asked, lambda: usecases.pause_bed(session, principal=principal, bed_id=bed_id, asked=asked, now=now)
    )


@router.post(
    "/beds/{bed_id}/resumption",
    responses=http.refuses(problems.NotFound, errors.BedInTheFuture, errors.BedNotPaused),
)
async def resume_bed(
    bed_id: UUID,
    asked: schemas.BedResuming,
    principal: Annotated[Principal, Depends(http.Requires("beds:write"))],
    session: http.Session,
    now: http.Now,
) -> schemas.BedRead:
    """恢复：从这天起重新计床日。"""
    return await usecases.resume_bed(session, principal=principal, bed_id=bed_id, asked=asked, now=now)
