"""An institution plans its staff's shifts; a shift that has begun stays as it is."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, dates, problems
from service.core.clock import local_date
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.practitioners import facts, repository, rules, schemas
from service.practitioners.models import Shift
from service.practitioners.usecases.answers import day_staff
from service.practitioners.usecases.registering import own_practitioner


def _plan(row: Shift, start: datetime, end: datetime, lunch: schemas.Lunch | schemas.LunchRead | None) -> None:
    """Put times into a shift's row once the rules allow them."""
    window = (lunch.opens, lunch.closes) if lunch else None
    minutes = lunch.minutes if lunch else 0
    rules.refuse_impossible_shift(start, end, window, minutes)
    row.service_on, row.during = local_date(start), dates.moments(start, end)
    row.lunch_from, row.lunch_to = window or (None, None)
    row.lunch_minutes = minutes
    row.lunch_at_station = lunch.at_station if lunch else False


async def add_shift(
    session: AsyncSession, *, principal: Principal, practitioner_id: UUID, draft: schemas.ShiftCreate
) -> rules.ShiftFacts:
    """Give a practitioner a shift; it belongs to the local day on which it starts.

    Raises:
        problems.NotFound: there is no such practitioner.
        ShiftImpossible, LunchImpossible: it cannot be worked as given.
        ShiftOverlaps: at the flush.
    """
    person = await own_practitioner(session, principal, practitioner_id)
    row = Shift(
        region_id=principal.region_id,
        institution_id=person.institution_id,
        practitioner_id=person.id,
        service_on=local_date(draft.start),
    )
    _plan(row, draft.start, draft.end, draft.lunch)
    session.add(row)
    await session.flush()
    return facts.shift(row)


async def list_shifts_of(
    session: AsyncSession, *, principal: Principal, practitioner_id: UUID, first: date, last: date
) -> list[rules.ShiftFacts]:
    """Return a practitioner's shifts of the days first … last (both included).

    Raises:
        problems.NotFound: there is no such practitioner.
    """
    person = await own_practitioner(session, principal, practitioner_id)
    rows = await repository.list_shifts_of(session, principal.region_id, person.id, first, last)
    return [facts.shift(row) for row in rows]


async def list_my_shifts(
    session: AsyncSession, *, principal: Principal, first: date, last: date
) -> list[rules.ShiftFacts]:
    """Return the shifts of the practitioner who is logged in; none for an account that is no practitioner's."""
    person = await repository.find_of_account(session, principal.region_id, principal.account_id)
    if person is None:
        return []
    rows = await repository.list_shifts_of(session, principal.region_id, person.id, first, last)
    return [facts.shift(row) for row in rows]


async def list_shifts(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, on: date, page: PageRequest
) -> list[rules.ShiftFacts]:
    """Return a page of an institution's shifts of a day, one more than asked for when there are more.

    Raises:
        problems.NotFound: the institution is another's.
    """
    access.require_institution(principal, institution_id)
    rows = await repository.list_shifts(session, principal.region_id, [institution_id], on, page)
    return [facts.shift(row) for row in rows]


async def list_duties(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, on: date
) -> list[tuple[rules.StaffDay, tuple[str, ...]]]:
    """Return who of an institution is on duty on a day, as planning sees it, with the certificates that prove it.

    Raises:
        problems.NotFound: the institution is another's.
    """
    access.require_institution(principal, institution_id)
    found = await day_staff(session, region_id=principal.region_id, institution_ids=[institution_id], on=on)
    ids = [each.practitioner_id for each in found]
    held = await repository.list_qualifications(session, principal.region_id, ids)
    return [(each, rules.certificates_on(held, each.practitioner_id, on)) for each in found]


async def _future_shift(session: AsyncSession, principal: Principal, shift_id: UUID, now: datetime) -> Shift:
    row = await repository.find_shift(session, principal.region_id, shift_id)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="班次")
    rules.refuse_begun(facts.shift(row).start, now)
    return row


async def change_shift(
    session: AsyncSession, *, principal: Principal, shift_id: UUID, change: schemas.ShiftUpdate, now: datetime
) -> rules.ShiftFacts:
    """Change the times given of a shift that has not begun.

    Raises:
        problems.NotFound: there is no such shift.
        ShiftBegun: it has begun.
        ShiftImpossible, LunchImpossible: it cannot be worked like this.
        ShiftOverlaps: at the flush.
    """
    row = await _future_shift(session, principal, shift_id, now)
    before = facts.shift(row)
    lunch = change.lunch if "lunch" in change.model_fields_set else schemas.ShiftRead.of(before).lunch
    _plan(row, change.start or before.start, change.end or before.end, lunch)
    await session.flush()
    return facts.shift(row)


async def remove_shift(session: AsyncSession, *, principal: Principal, shift_id: UUID, now: datetime) -> None:
    """Remove a shift that has not begun.

    Raises:
        problems.NotFound: there is no such shift.
        ShiftBegun: it has begun.
    """
    await session.delete(await _future_shift(session, principal, shift_id, now))
    await session.flush()
