"""Proving a visit: at its completion the doubts are raised, and with the last one approved it is verified."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import usecases as catalog
from service.contracts import usecases as contracts
from service.core.jobs import queue
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.orders import usecases as orders
from service.orders.rules import MOVES, OrderState
from service.visits import crew_rules, part_rules, repository, rules
from service.visits.models import Visit, VisitEvent, VisitException
from service.visits.usecases import reading


async def complete(
    session: AsyncSession, visit: Visit, crew: Sequence[UUID], reports: Sequence[rules.Report], now: datetime
) -> None:
    """End a visit: write down when, raise its doubts, verify it if there is none."""
    visit.started_at, visit.ended_at = rules.span_of(reports)
    planned, limits = await _planned_minutes(session, visit), await _limits(session, visit)
    comes = reading.crew_of(visit)
    shortest = crew_rules.shortest(comes, reports)
    for kind, facts in rules.doubts(crew, reports, planned, limits, shortest=shortest).items():
        await doubt(session, visit, kind, facts, now)
    late = part_rules.late(part_rules.between(await reading.parts_of(session, visit), reports))
    if late:
        await doubt(session, visit, rules.ExceptionKind.back_late, {"parts": late}, now)
    too_late = crew_rules.late(comes, reports)
    if too_late:
        await doubt(session, visit, rules.ExceptionKind.crew_late, {"late": too_late}, now)
    missing = await missing_evidence(session, visit)
    if missing:
        await doubt(session, visit, rules.ExceptionKind.evidence_missing, {"missing": missing}, now)
    await orders.move(
        session, region_id=visit.region_id, order_id=visit.order_id, to=OrderState.done, now=now, account_id=None,
        because="completed",
    )  # fmt: skip
    await judge(session, visit)


async def doubt(
    session: AsyncSession, visit: Visit, kind: rules.ExceptionKind, facts: dict[str, object], now: datetime
) -> None:
    """Raise an exception for a human to decide."""
    session.add(
        VisitException(
            region_id=visit.region_id, institution_id=visit.institution_id, visit_id=visit.id, kind=kind, facts=facts,
            raised_at=now,
        )
    )  # fmt: skip
    await session.flush()


async def judge(session: AsyncSession, visit: Visit) -> None:
    """Compute whether the visit is verified, or refused for good; tell the news when it is final.

    Refused, it gives back what its order held.
    """
    exceptions = await repository.exceptions(session, visit.region_id, visit.id)
    decisions = [rules.Decision(each.decision) if each.decision else None for each in exceptions]
    reports = await repository.events(session, visit.region_id, visit.id)
    visit.verified = rules.is_verified(
        items=len(await repository.items(session, visit.region_id, visit.id)),
        crew=len({each.practitioner_id for each in reports if each.kind == rules.EventKind.start}),
        started_at=visit.started_at,
        ended_at=visit.ended_at,
        decisions=decisions,
    )
    if rules.Decision.refused in decisions:
        visit.verified, visit.state = False, rules.VisitState.refused
    await session.flush()
    if visit.state == rules.VisitState.refused:
        await give_back(session, visit)
    if visit.verified or visit.state in rules.FINAL:
        await announce(session, visit)
    if visit.verified:
        await _tell_of_straying(session, visit, reports)


async def missing_evidence(session: AsyncSession, visit: Visit) -> list[str]:
    """Return the kinds of evidence that the setting of the service date requires and the visit lacks."""
    required = await institutions.setting(
        session,
        region_id=visit.region_id,
        institution_id=visit.institution_id,
        key=settings.VISIT_REQUIRED_EVIDENCE,
        on=visit.service_on,
    )
    given = [rules.EvidenceKind(each.kind) for each in await repository.evidence(session, visit.region_id, visit.id)]
    return [str(each) for each in rules.missing_evidence(required, given)]


async def give_back(session: AsyncSession, visit: Visit) -> None:
    """Give back what the order of a visit held: nothing will be billed against it."""
    # held until the commit: whoever changes the order at this moment waits, or is waited for
    await orders.hold_order(session, region_id=visit.region_id, order_id=visit.order_id)
    await contracts.release_order(session, region_id=visit.region_id, order_id=visit.order_id, on=visit.service_on)


async def announce(session: AsyncSession, visit: Visit) -> None:
    """Tell that a visit is final: of its trip the verified visits may now be settled, the ways in vain charged."""
    for each in await repository.of_trip(session, visit.region_id, visit.trip_key, visit.trip_id):
        if each.verified or each.in_vain:
            job = queue.Job(region_id=each.region_id, institution_ids=(each.institution_id,), subject_id=each.id)
            await queue.enqueue(session, rules.VISIT_FINAL if each.verified else rules.VISIT_FRUITLESS, job)


async def tell_of_missing(session: AsyncSession, visit: Visit) -> None:
    """Tell that a visit was missed, so that what its order held is given back where that is seen."""
    job = queue.Job(region_id=visit.region_id, institution_ids=(visit.institution_id,), subject_id=visit.id)
    await queue.enqueue(session, rules.VISIT_MISSED, job)


async def tell_of_a_way_in_vain(session: AsyncSession, visit: Visit) -> None:
    """Tell that the crew set out in vain because of the family: the way may be charged, once its trip is over."""
    visit.in_vain = True
    await session.flush()
    job = queue.Job(region_id=visit.region_id, institution_ids=(visit.institution_id,), subject_id=visit.id)
    await queue.enqueue(session, rules.VISIT_FRUITLESS, job)


async def _tell_of_straying(session: AsyncSession, visit: Visit, events: Sequence[VisitEvent]) -> None:
    limits = await _limits(session, visit)
    reports = [reading.report_of(each) for each in events]
    if rules.strayed(reports, accuracy_limit_metres=limits.accuracy_limit_metres):
        job = queue.Job(region_id=visit.region_id, institution_ids=(visit.institution_id,), subject_id=visit.id)
        await queue.enqueue(session, rules.VISIT_STRAYED, job)


async def _planned_minutes(session: AsyncSession, visit: Visit) -> int:
    performed = await repository.items(session, visit.region_id, visit.id)
    known = await catalog.items(session, region_id=visit.region_id, codes=[each.code for each in performed])
    return sum(known[each.code].work_minutes * each.quantity for each in performed if each.code in known)


async def _limits(session: AsyncSession, visit: Visit) -> rules.ProofLimits:
    on = await institutions.settings_on(
        session, region_id=visit.region_id, institution_id=visit.institution_id, on=visit.service_on
    )
    return rules.ProofLimits(
        geofence_metres=on.of(settings.VISIT_GEOFENCE_METRES),
        accuracy_limit_metres=on.of(settings.VISIT_ACCURACY_LIMIT_METRES),
        minimum_share=on.of(settings.VISIT_MINIMUM_SHARE_OF_DURATION),
    )


async def move_order(
    session: AsyncSession, visit: Visit, to: OrderState, *, now: datetime, account_id: UUID | None, because: str
) -> None:
    """Push the visit's outcome down to its order, where the order still waits for one."""
    order = await orders.get_order(session, region_id=visit.region_id, order_id=visit.order_id)
    if to in MOVES[order.state]:
        await orders.move(
            session,
            region_id=visit.region_id,
            order_id=visit.order_id,
            to=to,
            now=now,
            account_id=account_id,
            because=because,
        )
