"""Pausing a bed (住院、外出) and resuming it: on a paused day it funds nothing, waives nothing and bills nothing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds import errors, repository, rules, schemas
from service.beds.models import Bed, BedPause
from service.beds.usecases import episodes
from service.core import problems
from service.core.clock import local_date
from service.core.principal import Principal
from service.orders import usecases as orders
from service.orders.rules import OrderKind


async def pause_bed(
    session: AsyncSession, *, principal: Principal, bed_id: UUID, asked: schemas.BedPausing, now: datetime
) -> schemas.BedRead:
    """Pause a bed of the principal's institution; its rounds on those days must be gone.

    Raises:
        problems.NotFound: there is no such bed at the principal's institutions.
        errors.BedInTheFuture: the pause would begin after today.
        errors.PauseOutsideStay: it does not lie within the stay.
        errors.RoundsBookedInPause: rounds are booked on those days.
        errors.PausesOverlap: the bed is paused on some of these days already.
        errors.BedDaysBilled: some of these days are in a bill.
    """
    row = await _own(session, principal, bed_id)
    pause = rules.PauseFacts(asked.first, asked.until)
    rules.refuse_pause(opened_on=row.opened_on, closed_on=row.closed_on, pause=pause, today=local_date(now))
    # who is placing a round for the person at this moment goes first, and is seen below
    await orders.count_open(session, person_id=row.person_id)
    if await orders.has_open_order(
        session,
        region_id=principal.region_id,
        person_id=row.person_id,
        kind=OrderKind.home_bed_round,
        since=pause.first,
        until=pause.until,
    ):
        raise errors.RoundsBookedInPause(first=pause.first)
    own = {"region_id": row.region_id, "institution_id": row.institution_id}
    session.add(BedPause(**own, bed_id=row.id, first=pause.first, until=pause.until, reason=asked.reason))
    await session.flush()
    return await _read(session, row)


async def resume_bed(
    session: AsyncSession, *, principal: Principal, bed_id: UUID, asked: schemas.BedResuming, now: datetime
) -> schemas.BedRead:
    """End the pause in which a day lies; from that day on the bed is used again.

    Raises:
        problems.NotFound: there is no such bed at the principal's institutions.
        errors.BedInTheFuture: the day has not come.
        errors.BedNotPaused: the bed is not paused on that day.
    """
    row = await _own(session, principal, bed_id)
    rules.refuse_future(asked.on, local_date(now))
    pauses = (await repository.pauses_of(session, region_id=row.region_id, bed_ids=[row.id]))[row.id]
    running = rules.find_running([rules.PauseFacts(each.first, each.until) for each in pauses], asked.on)
    if running is None:
        raise errors.BedNotPaused(on=asked.on)
    for each in pauses:
        if rules.PauseFacts(each.first, each.until) == running:
            each.until = asked.on
    await session.flush()
    return await _read(session, row)


async def _own(session: AsyncSession, principal: Principal, bed_id: UUID) -> Bed:
    """Return a bed locked until the commit: it is paused, closed and billed one after the other."""
    row = await repository.find_bed(session, region_id=principal.region_id, bed_id=bed_id, lock=True)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="家庭病床")
    return row


async def _read(session: AsyncSession, row: Bed) -> schemas.BedRead:
    return episodes.read(row, (await repository.pauses_of(session, region_id=row.region_id, bed_ids=[row.id]))[row.id])
