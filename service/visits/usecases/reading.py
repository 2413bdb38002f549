"""Reading visits: for people, and as proof for billing."""

from dataclasses import asdict
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import usecases as accounts
from service.catalog.crew_rules import CrewSync
from service.core import paging, problems
from service.core.audit import trail
from service.core.db.questions import Asked
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.orders.crew_rules import Crew
from service.visits import part_rules, repository, rules, schemas
from service.visits.models import Visit, VisitEvent

_SHOWN = {"id", "kind", "facts", "decision", "reason_code", "note", "decided_by_account_id", "decided_at"}


def summary(row: Visit) -> schemas.VisitSummary:
    """Return a visit as a list shows it."""
    return schemas.VisitSummary.model_validate(row, from_attributes=True)


async def read_visit(session: AsyncSession, *, region_id: UUID, visit_id: UUID) -> schemas.VisitRead:
    """Return a visit with its crew, items, events and exceptions.

    Raises:
        problems.NotFound: there is no such visit, or it is not yours to see.
    """
    return await describe(session, await get(session, region_id, visit_id))


async def list_visits(
    session: AsyncSession,
    *,
    principal: Principal,
    page: paging.PageRequest,
    service_on: date | None = None,
    state: rules.VisitState | None = None,
    person_id: UUID | None = None,
) -> list[schemas.VisitSummary]:
    """Return one more than a page of the visits that the principal may see: the institution's, or his own."""
    rows = await repository.list_visits(
        session, principal.region_id, page=page, service_on=service_on, state=state, person_id=person_id
    )
    return [summary(row) for row in rows]


async def proof(session: AsyncSession, *, region_id: UUID, visit_id: UUID) -> rules.VisitProof:
    """Return what billing needs of a visit.

    Raises:
        problems.NotFound: there is no such visit.
    """
    trip = await trip_of(session, region_id=region_id, visit_id=visit_id)
    return next(each for each in trip if each.visit_id == visit_id)


async def departure(session: AsyncSession, *, region_id: UUID, visit_id: UUID) -> rules.Departure | None:
    """Return the evidence that a visit's crew set out, None when there is none.

    Raises:
        problems.NotFound: there is no such visit.
    """
    row = await get(session, region_id, visit_id)
    limit = await institutions.setting(
        session,
        region_id=region_id,
        institution_id=row.institution_id,
        key=settings.VISIT_ACCURACY_LIMIT_METRES,
        on=row.service_on,
    )
    return rules.departure_of(await reports_of(session, row), row.planned_start_at, accuracy_limit_metres=limit)


async def trip_of(session: AsyncSession, *, region_id: UUID, visit_id: UUID) -> list[rules.VisitProof]:
    """Return the proofs of all visits that were proposed as the visit's trip or made on it, itself among them.

    A trip settles once each of them is final.

    Raises:
        problems.NotFound: there is no such visit.
    """
    found = await asked_trip(region_id=region_id, visit_id=visit_id).ask(session)
    if not found:
        raise problems.NotFound(what="上门记录")
    for each in found:
        trail.name_person(session, each.person_id)
    return found


def asked_trip(*, region_id: UUID, visit_id: UUID) -> Asked[list[rules.VisitProof]]:
    """Return the question that `trip_of` answers, to be asked together with others; empty: there is no such visit."""
    return repository.TRIP.of(region_id=region_id, visit_id=visit_id)


async def get(session: AsyncSession, region_id: UUID, visit_id: UUID, *, lock: bool = False) -> Visit:
    """Return a visit's row, for this room only.

    Raises:
        problems.NotFound: there is no such visit, or it is not yours to see.
    """
    row = await repository.find(session, region_id, visit_id, lock=lock)
    if row is None:
        raise problems.NotFound(what="上门记录")
    return row


async def reports_of(session: AsyncSession, row: Visit) -> list[rules.Report]:
    """Return a visit's events as its rules read them."""
    return [report_of(each) for each in await repository.events(session, row.region_id, row.id)]


def report_of(row: VisitEvent) -> rules.Report:
    """Return an event as the rules read it."""
    return rules.Report(
        rules.EventKind(row.kind),
        row.practitioner_id,
        row.happened_at,
        row.home_distance_metres,
        row.accuracy_metres,
        row.part,
    )


def crew_of(row: Visit) -> Crew:
    """Return how the crew of a visit comes."""
    return Crew(CrewSync(row.crew_sync), row.crew_lag_min_minutes, row.crew_lag_max_minutes)


async def parts_of(session: AsyncSession, row: Visit) -> list[part_rules.PlannedPart]:
    """Return the further parts of a visit as its rules read them."""
    return [
        part_rules.PlannedPart(**each.model_dump(exclude={"region_id", "institution_id", "visit_id"}))
        for each in await repository.parts(session, row.region_id, row.id)
    ]


async def describe(session: AsyncSession, row: Visit) -> schemas.VisitRead:
    """Return everything about a visit's row."""
    crew = await repository.crew(session, row.region_id, row.id)
    doubts = await repository.exceptions(session, row.region_id, row.id)
    deciders = [each.decided_by_account_id for each in doubts if each.decided_by_account_id]
    names = await accounts.names_of(session, region_id=row.region_id, account_ids=deciders)
    events = await repository.events(session, row.region_id, row.id)
    ways = part_rules.between(await parts_of(session, row), [report_of(each) for each in events])
    return schemas.VisitRead(
        **summary(row).model_dump(),
        planned_end_at=row.planned_end_at,
        crew_sync=CrewSync(row.crew_sync),
        crew=[schemas.CrewRead(practitioner_id=each.practitioner_id, name=each.practitioner_name) for each in crew],
        items=[
            schemas.ItemRead.model_validate(each, from_attributes=True)
            for each in await repository.items(session, row.region_id, row.id)
        ],
        events=[schemas.EventRead.model_validate(each, from_attributes=True) for each in events],
        parts=[
            schemas.VisitPartRead(**asdict(each.planned), left_at=each.left_at, back_at=each.back_at) for each in ways
        ],
        evidence=[
            schemas.EvidenceRead.model_validate(each, from_attributes=True)
            for each in await repository.evidence(session, row.region_id, row.id)
        ],
        exceptions=[
            schemas.ExceptionRead(
                **each.model_dump(include=_SHOWN),
                text=rules.EXCEPTION_TEXTS[rules.ExceptionKind(each.kind)],
                decided_by_name=names.get(each.decided_by_account_id) if each.decided_by_account_id else None,
            )
            for each in doubts
        ],
    )  # fmt: skip
