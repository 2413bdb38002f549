"""An institution enters when its staff are not there; planning then counts on them no more, and again once it ends."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime
from typing import cast
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, clock, dates, problems
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.practitioners import absence_repository, absence_rules, absence_schemas
from service.practitioners.absence_models import Absence
from service.practitioners.absence_rules import AbsenceFacts, AbsenceReason
from service.practitioners.usecases.registering import own_practitioner


async def add_absence(
    session: AsyncSession,
    *,
    principal: Principal,
    practitioner_id: UUID,
    draft: absence_schemas.AbsenceCreate,
    now: datetime,
) -> AbsenceFacts:
    """Enter an absence of a practitioner, also one that has begun.

    Raises:
        problems.NotFound: there is no such practitioner.
        AbsenceImpossible: it would end before it starts, or lasts too long.
        AbsenceOverlaps: at the flush.
    """
    person = await own_practitioner(session, principal, practitioner_id)
    absence_rules.refuse_impossible(draft.start, draft.end)
    row = Absence(
        region_id=principal.region_id,
        institution_id=person.institution_id,
        practitioner_id=person.id,
        during=dates.moments(draft.start, draft.end),
        reason=draft.reason,
        note=draft.note,
        entered_by_account_id=principal.account_id,
        entered_at=now,
    )
    session.add(row)
    await session.flush()
    return _facts(row)


async def get_absence(
    session: AsyncSession, *, principal: Principal, practitioner_id: UUID, absence_id: UUID
) -> AbsenceFacts:
    """Return an absence of a practitioner.

    Raises:
        problems.NotFound: there is no such practitioner or absence.
    """
    return _facts(await _own(session, principal, practitioner_id, absence_id))


async def end_absence(
    session: AsyncSession,
    *,
    principal: Principal,
    practitioner_id: UUID,
    absence_id: UUID,
    end: datetime,
    now: datetime,
) -> AbsenceFacts:
    """End an absence earlier than entered; from then on he counts again.

    Raises:
        problems.NotFound: there is no such practitioner or absence.
        AbsenceOver: it is over.
        EndNotWithinAbsence: the moment lies too far back, or not within it.
    """
    row = await _own(session, principal, practitioner_id, absence_id, lock=True)
    before = _facts(row)
    absence_rules.refuse_end(before, end, now)
    row.during = dates.moments(before.start, end)
    row.ended_by_account_id, row.ended_at = principal.account_id, now
    await session.flush()
    return _facts(row)


async def remove_absence(
    session: AsyncSession, *, principal: Principal, practitioner_id: UUID, absence_id: UUID, now: datetime
) -> None:
    """Remove an absence that has not begun.

    Raises:
        problems.NotFound: there is no such practitioner or absence.
        AbsenceBegun: it has begun.
    """
    row = await _own(session, principal, practitioner_id, absence_id, lock=True)
    absence_rules.refuse_begun(_facts(row).start, now)
    await session.delete(row)
    await session.flush()


async def list_absences_of(
    session: AsyncSession, *, principal: Principal, practitioner_id: UUID, first: date, last: date
) -> list[AbsenceFacts]:
    """Return a practitioner's absences that touch the days first … last (both included).

    Raises:
        problems.NotFound: there is no such practitioner.
    """
    person = await own_practitioner(session, principal, practitioner_id)
    start, end = _span(first, last)
    rows = await absence_repository.list_absences_of(session, principal.region_id, [person.id], start, end)
    return [_facts(row) for row in rows]


async def list_absences(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID,
    first: date,
    last: date,
    page: PageRequest,
) -> list[AbsenceFacts]:
    """Return a page of an institution's absences that touch some days, one more than asked for when there are more.

    Raises:
        problems.NotFound: the institution is another's.
    """
    access.require_institution(principal, institution_id)
    start, end = _span(first, last)
    rows = await absence_repository.list_absences(
        session, principal.region_id, [institution_id], start=start, end=end, page=page
    )
    return [_facts(row) for row in rows]


async def hold_absences(session: AsyncSession, *, region_id: UUID, practitioner_ids: Collection[UUID]) -> None:
    """Let nobody enter an absence of these practitioners until the commit: what is read now stays true."""
    await absence_repository.hold_absences(session, region_id, practitioner_ids)


async def times_away(
    session: AsyncSession, *, region_id: UUID, practitioner_ids: Collection[UUID], start: datetime, end: datetime
) -> dict[UUID, list[tuple[datetime, datetime]]]:
    """Return when practitioners whom the fence shows are away in [start, end); who is not has no entry."""
    found: defaultdict[UUID, list[tuple[datetime, datetime]]] = defaultdict(list)
    for row in await absence_repository.list_absences_of(session, region_id, practitioner_ids, start, end):
        each = _facts(row)
        found[each.practitioner_id].append((each.start, each.end))
    return dict(found)


async def _own(
    session: AsyncSession, principal: Principal, practitioner_id: UUID, absence_id: UUID, *, lock: bool = False
) -> Absence:
    person = await own_practitioner(session, principal, practitioner_id)
    row = await absence_repository.find_absence(session, principal.region_id, person.id, absence_id, lock=lock)
    if row is None:
        raise problems.NotFound(what="缺勤记录")
    return row


def _span(first: date, last: date) -> tuple[datetime, datetime]:
    """Return the moments [start, end) of the days first … last, at least of the first one."""
    return clock.day_bounds(first)[0], clock.day_bounds(max(first, last))[1]


def _facts(row: Absence) -> AbsenceFacts:
    during = cast("Range[datetime]", row.during)
    return AbsenceFacts(
        id=row.id,
        institution_id=row.institution_id,
        practitioner_id=row.practitioner_id,
        # both bounds are always set
        start=cast("datetime", during.lower),
        end=cast("datetime", during.upper),
        reason=AbsenceReason(row.reason),
        note=row.note,
        entered_by_account_id=row.entered_by_account_id,
        entered_at=row.entered_at,
        ended_by_account_id=row.ended_by_account_id,
        ended_at=row.ended_at,
    )
