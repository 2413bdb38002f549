"""A home's position: put there by a person, waiting to be looked up, its open review closed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import places
from service.core.jobs import queue
from service.patients import placing_repository, placing_rules
from service.patients.models import Home
from service.patients.placing_rules import Placing, ReviewOutcome, Source


def put(row: Home, place: places.Place | None, source: Source) -> None:
    """Pin a home by a person's word: at a place, or (None) where it is."""
    if place is not None:
        point = place.point()
        row.lon, row.lat, row.datum = point.lon, point.lat, place.datum
    row.placed, row.source, row.confidence, row.placed_because = Placing.pinned, source, None, None
    row.placing_revision += 1


async def ask_for_look_up(session: AsyncSession, row: Home, *, now: datetime) -> None:
    """Have a home's new address looked up by a worker; until then what was known of its place is a guess."""
    row.placed = Placing.unplaced if row.lon is None else Placing.review
    row.placing_revision += 1
    await close_review(session, row, ReviewOutcome.overtaken, now=now, account_id=None)
    await session.flush()
    await announce(session, row)


async def announce(session: AsyncSession, row: Home) -> None:
    """Tell that a home waits for its address to be looked up; the worker stands behind the registering institution."""
    job = queue.Job(region_id=row.region_id, institution_ids=(row.registered_by_institution_id,), subject_id=row.id)
    await queue.enqueue(session, placing_rules.HOME_PLACED, job)


async def close_review(
    session: AsyncSession, row: Home, outcome: ReviewOutcome, *, now: datetime, account_id: UUID | None
) -> None:
    """Close the open review of a home that one holds, if there is one."""
    review = await placing_repository.open_review(session, row.region_id, row.id)
    if review is not None:
        review.decided_at, review.decided_by_account_id, review.outcome = now, account_id, outcome
