"""Absences where they meet promises: whoever enters one is told which visits and orders it hits, to plan them anew."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.principal import Principal
from service.orders import usecases as orders
from service.orders.rules import OrderState
from service.practitioners import usecases as practitioners
from service.practitioners.absence_rules import AbsenceFacts
from service.practitioners.absence_schemas import AbsenceCreate
from service.routing import absence_schemas, overflow_repository, repository_appointments


async def add_absence(
    session: AsyncSession, *, principal: Principal, practitioner_id: UUID, draft: AbsenceCreate, now: datetime
) -> absence_schemas.AbsenceWithHits:
    """Enter an absence; the answer names what was promised or wished for in that time.

    Raises:
        problems.NotFound: there is no such practitioner.
        practitioners.errors.AbsenceImpossible, practitioners.errors.AbsenceOverlaps: it cannot be.
    """
    entered = await practitioners.add_absence(
        session, principal=principal, practitioner_id=practitioner_id, draft=draft, now=now
    )
    return await _told(session, principal, entered)


async def end_absence(
    session: AsyncSession,
    *,
    principal: Principal,
    practitioner_id: UUID,
    absence_id: UUID,
    end: datetime,
    now: datetime,
) -> absence_schemas.AbsenceWithHits:
    """End an absence early; the answer names what it still hits.

    Raises:
        problems.NotFound: there is no such practitioner or absence.
        practitioners.errors.AbsenceOver, practitioners.errors.EndNotWithinAbsence: it cannot end then.
    """
    ended = await practitioners.end_absence(
        session, principal=principal, practitioner_id=practitioner_id, absence_id=absence_id, end=end, now=now
    )
    return await _told(session, principal, ended)


async def read_absence(
    session: AsyncSession, *, principal: Principal, practitioner_id: UUID, absence_id: UUID
) -> absence_schemas.AbsenceWithHits:
    """Return an absence with what it hits as things stand.

    Raises:
        problems.NotFound: there is no such practitioner or absence.
    """
    found = await practitioners.get_absence(
        session, principal=principal, practitioner_id=practitioner_id, absence_id=absence_id
    )
    return await _told(session, principal, found)


async def _told(session: AsyncSession, principal: Principal, absence: AbsenceFacts) -> absence_schemas.AbsenceWithHits:
    own = await _promised(session, principal, absence)
    given_away = await _given_away(session, absence)
    known = {each.order_id for each in own}
    promised = [*own, *(each for each in given_away if each.order_id not in known)]
    hits = sorted(promised, key=lambda each: (each.start_at, each.order_no))
    hits += await _wished_for(session, principal, absence, {each.order_id for each in hits})
    return absence_schemas.AbsenceWithHits(**absence_schemas.shown(absence), hits=hits)


async def _promised(
    session: AsyncSession, principal: Principal, absence: AbsenceFacts
) -> list[absence_schemas.AbsenceHit]:
    """Return what is promised in that time of what the asker sees."""
    promised = await repository_appointments.list_within(
        session,
        region_id=principal.region_id,
        practitioner_id=absence.practitioner_id,
        start=absence.start,
        end=absence.end,
    )
    hits = []
    for each in promised:
        order = await orders.get_order(session, region_id=principal.region_id, order_id=each.order_id)
        start, end = repository_appointments.span_of(each)
        hits.append(
            absence_schemas.AbsenceHit(
                order_id=order.id,
                order_no=order.order_no,
                order_state=order.state,
                plan_id=each.plan_id,
                start_at=start,
                end_at=end,
                institution_id=each.institution_id,
                overflow_agreement_id=each.overflow_agreement_id,
            )
        )
    return hits


async def _given_away(session: AsyncSession, absence: AbsenceFacts) -> list[absence_schemas.AbsenceHit]:
    """Return what is promised in that time at neighbours' doors: the fence shows neither the order nor whose it is."""
    found = await overflow_repository.given_away(
        session, practitioner_id=absence.practitioner_id, start=absence.start, end=absence.end
    )
    return [
        absence_schemas.AbsenceHit(
            order_id=each.order_id,
            order_no=each.order_no,
            order_state=OrderState(each.order_state),
            plan_id=each.plan_id,
            start_at=each.start,
            end_at=each.end,
            institution_id=each.institution_id,
            overflow_agreement_id=each.overflow_agreement_id,
        )
        for each in found
    ]


async def _wished_for(
    session: AsyncSession, principal: Principal, absence: AbsenceFacts, known: Collection[UUID]
) -> list[absence_schemas.AbsenceHit]:
    """Return the orders that wish for whoever is away in that time and are promised nobody yet."""
    wishing = await orders.list_wishing(
        session,
        region_id=principal.region_id,
        practitioner_id=absence.practitioner_id,
        start=absence.start,
        end=absence.end,
    )
    return [
        absence_schemas.AbsenceHit(
            order_id=each.id,
            order_no=each.order_no,
            order_state=each.state,
            plan_id=None,
            start_at=window.start,
            end_at=window.end,
            institution_id=each.institution_id,
        )
        for each in wishing
        if each.id not in known
        # the first window that lies in that time; the query found one
        for window in [own for own in each.windows if own.start < absence.end and absence.start < own.end][:1]
    ]
