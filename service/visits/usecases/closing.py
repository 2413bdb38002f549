"""Visits that end without a service: nobody at home, cancelled, or never begun."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.clock import local_date
from service.core.principal import Principal
from service.orders.rules import OrderState
from service.visits import errors, part_rules, repository, rules, schemas
from service.visits.models import Visit
from service.visits.usecases import proving, reading
from service.visits.usecases.reporting import own_visit


async def report_no_show(
    session: AsyncSession, *, principal: Principal, visit_id: UUID, now: datetime
) -> schemas.VisitRead:
    """Record that nobody was at home: the crew stands at the door and has not begun.

    Raises:
        errors.NotYourVisit: the account is not in the crew.
        errors.NotAtTheDoor: it has not arrived, or the service has begun.
    """
    visit = await reading.get(session, principal.region_id, visit_id, lock=True)
    visit, _ = await own_visit(session, principal, visit.order_id)
    if visit.state != rules.VisitState.arrived:
        raise errors.NotAtTheDoor(state=visit.state)
    await _miss(session, visit, now=now, account_id=principal.account_id, because="nobody_at_home")
    if visit.institution_id in principal.institution_ids:
        await proving.give_back(session, visit)
    else:  # who helps a neighbour institution out does not see what its order holds
        await proving.tell_of_missing(session, visit)
    await proving.tell_of_a_way_in_vain(session, visit)
    return await reading.describe(session, visit)


async def give_back_missed(session: AsyncSession, *, region_id: UUID, visit_id: UUID) -> None:
    """Give back what the order of a missed visit still holds; again changes nothing."""
    visit = await repository.find(session, region_id, visit_id)
    if visit is not None and visit.state == rules.VisitState.missed:
        await proving.give_back(session, visit)


async def cancel_visit(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> None:
    """Cancel the visit of an order that is cancelled, if it was prepared; its trip may then settle without it."""
    visit = await repository.find_of_order(session, region_id, order_id, lock=True)
    if visit is not None and visit.state == rules.VisitState.prepared:
        visit.state = rules.VisitState.cancelled
        await session.flush()
        await proving.announce(session, visit)


async def call_back(session: AsyncSession, *, region_id: UUID, order_id: UUID, in_vain: bool) -> bool:
    """Cancel the visit of an order whose crew is on its way, or at the door, and has not begun; return whether it is.

    `in_vain`: because of the family, so that the way may be charged.
    """
    visit = await repository.find_of_order(session, region_id, order_id, lock=True)
    if visit is None or visit.state not in {rules.VisitState.departed, rules.VisitState.arrived}:
        return False
    visit.state = rules.VisitState.cancelled
    await session.flush()
    await proving.announce(session, visit)
    if in_vain:
        await proving.tell_of_a_way_in_vain(session, visit)
    return True


async def close_days(session: AsyncSession, *, region_id: UUID, institution_ids: Sequence[UUID], now: datetime) -> int:
    """Close the days before today: visits not begun are missed, those without an end, or without one of
    their parts, doubted; return how many.
    """
    rows = await repository.unfinished(session, region_id, institution_ids, local_date(now))
    for visit in rows:
        if visit.started_at is None:
            await _miss(session, visit, now=now, account_id=None, because="not_begun")
            await proving.give_back(session, visit)
        elif rules.ENDLESS.isdisjoint(
            rules.ExceptionKind(each.kind) for each in await repository.exceptions(session, region_id, visit.id)
        ):
            await _doubt_end(session, visit, now)
    return len(rows)


async def _doubt_end(session: AsyncSession, visit: Visit, now: datetime) -> None:
    """Have a person decide how a visit ended that nobody completed: of one in parts, what was not begun is missing."""
    parts = len(await repository.parts(session, visit.region_id, visit.id)) + 1
    reports = await reading.reports_of(session, visit)
    begun = part_rules.begun(part_rules.Step(each.kind, each.part) for each in reports)
    if begun < parts:
        facts: dict[str, object] = {"parts": parts, "begun": begun}
        await proving.doubt(session, visit, rules.ExceptionKind.part_missing, facts, now)
    else:
        await proving.doubt(session, visit, rules.ExceptionKind.end_missing, {}, now)
        await _doubt_crew(session, visit, reports, now)


async def _doubt_crew(session: AsyncSession, visit: Visit, reports: Sequence[rules.Report], now: datetime) -> None:
    """Doubt a visit to which not all of its crew came, whose members come apart."""
    crew = [each.practitioner_id for each in await repository.crew(session, visit.region_id, visit.id)]
    begun = {each.practitioner_id for each in reports if each.kind is rules.EventKind.start}
    if reading.crew_of(visit).is_apart and not set(crew) <= begun:
        facts: dict[str, object] = {"planned": len(crew), "present": len(begun)}
        await proving.doubt(session, visit, rules.ExceptionKind.crew_incomplete, facts, now)


async def _miss(session: AsyncSession, visit: Visit, *, now: datetime, account_id: UUID | None, because: str) -> None:
    visit.state = rules.VisitState.missed
    await session.flush()
    await proving.move_order(session, visit, OrderState.noshow, now=now, account_id=account_id, because=because)
    await proving.announce(session, visit)
