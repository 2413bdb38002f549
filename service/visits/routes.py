"""HTTP of visits: what the crew's phones report, what the dispatcher decides."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from service.core import http, paging, problems
from service.core.dates import WRITTEN
from service.core.principal import Principal
from service.core.router import Router
from service.visits import errors, rules, schemas, usecases

router = Router(tags=["上门"])

Performs = Annotated[Principal, Depends(http.Requires("visits:perform"))]
Reads = Annotated[Principal, Depends(http.Requires("visits:read"))]
Decides = Annotated[Principal, Depends(http.Requires("visits:decide"))]


@router.post(
    "/visit-events",
    status_code=201,
    response_model=schemas.VisitRead,
    responses=http.refuses(
        problems.NotFound, errors.NotYourVisit, errors.StepMissing, errors.VisitOver, errors.ClockAhead,
        errors.CrewNotThere, errors.NothingPerformed, errors.CrewElsewhere, errors.NotInParts, errors.PartsNotDone,
        errors.BackTooSoon, errors.CrewTooSoon, keyed=True,
    ),
)  # fmt: skip
async def report_visit_event(
    body: schemas.EventCreate, principal: Performs, session: http.Session, once: http.OnlyOnce, now: http.Now
) -> schemas.VisitRead | Response:
    """Report a step of a visit: depart, arrive, start, complete, leave. The same step again changes nothing.

    Of a visit in parts (分次服务) also stepping out after a part and coming back for the next one, between start and
    complete.
    """
    return await once.run(body, lambda: usecases.report_event(session, principal=principal, asked=body, now=now))


@router.post(
    "/visits/{visit_id}/items",
    status_code=201,
    response_model=schemas.VisitRead,
    responses=http.refuses(
        problems.NotFound,
        errors.VisitOver,
        errors.ItemNotOrdered,
        errors.ItemNotAddable,
        errors.LotMissing,
        errors.LotOutOfPlace,
        errors.ItemRecorded,
        keyed=True,
    ),
)
async def perform_visit_item(
    visit_id: UUID,
    body: schemas.ItemCreate,
    principal: Performs,
    session: http.Session,
    once: http.OnlyOnce,
    now: http.Now,
) -> schemas.VisitRead | Response:
    """Record a service as performed."""
    return await once.run(
        body, lambda: usecases.perform_item(session, principal=principal, visit_id=visit_id, asked=body, now=now)
    )


@router.post(
    "/visits/{visit_id}/evidence",
    status_code=201,
    response_model=schemas.VisitRead,
    responses=http.refuses(
        problems.NotFound, errors.NotYourVisit, errors.StepMissing, errors.VisitOver, errors.FileDoesNotFit, keyed=True
    ),
)
async def add_visit_evidence(
    visit_id: UUID,
    body: schemas.EvidenceCreate,
    principal: Performs,
    session: http.Session,
    once: http.OnlyOnce,
    now: http.Now,
) -> schemas.VisitRead | Response:
    """Attach a file that was uploaded before: a photo of the door, a signature, a paper form."""
    return await once.run(
        body, lambda: usecases.add_evidence(session, principal=principal, visit_id=visit_id, asked=body, now=now)
    )


@router.post(
    "/visits/{visit_id}/no-show",
    responses=http.refuses(problems.NotFound, errors.NotYourVisit, errors.NotAtTheDoor),
)
async def report_no_show(
    visit_id: UUID, principal: Performs, session: http.Session, now: http.Now
) -> schemas.VisitRead:
    """Report from the door that nobody is at home."""
    return await usecases.report_no_show(session, principal=principal, visit_id=visit_id, now=now)


@router.post(
    "/visits/{visit_id}/exceptions/{exception_id}/decision",
    responses=http.refuses(
        problems.NotFound, errors.ExceptionDecided, errors.ReasonContradicts, errors.EndNeeded, errors.NothingPerformed
    ),
)
async def decide_visit_exception(
    visit_id: UUID,
    exception_id: UUID,
    body: schemas.DecisionCreate,
    principal: Decides,
    session: http.Session,
    now: http.Now,
) -> schemas.VisitRead:
    """Approve an exception with a reason code, or refuse it for good."""
    return await usecases.decide_exception(
        session, principal=principal, visit_id=visit_id, exception_id=exception_id, asked=body, now=now
    )


@router.get("/visits", responses=http.refuses(problems.CursorInvalid))
async def list_visits(
    principal: Reads,
    session: http.Session,
    pages: http.Pages,
    service_on: Annotated[date | None, Query(description="服务日期"), WRITTEN] = None,
    state: rules.VisitState | None = None,
    person_id: UUID | None = None,
) -> paging.Page[schemas.VisitSummary]:
    """List visits: an institution's, or an elder's own."""
    request = pages.of("visits")
    rows = await usecases.list_visits(
        session, principal=principal, page=request, service_on=service_on, state=state, person_id=person_id
    )
    return paging.page_of(
        rows, request=request, read=lambda row: row, last=lambda row: row.id, cursors=pages.cursors, listing="visits"
    )


@router.get(
    "/visits/{visit_id}", response_model=schemas.VisitRead, responses=http.refuses(problems.NotFound, etag=True)
)
async def read_visit(visit_id: UUID, request: Request, principal: Reads, session: http.Session) -> Response:
    """Read a visit: crew, steps, services, exceptions; with an ETag."""
    return http.with_etag(request, await usecases.read_visit(session, region_id=principal.region_id, visit_id=visit_id))
