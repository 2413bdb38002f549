"""Whoever is not to come any more: a plan that was solved before the family said so is not published."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.patients import usecases as patients
from service.patients.rules import CareFacts
from service.routing import changes, errors, repository_appointments
from service.routing.models import Appointment, Plan, PlanStop


async def refuse_unwelcome(
    session: AsyncSession,
    plan: Plan,
    stops: Sequence[tuple[PlanStop, UUID]],
    names: Mapping[UUID, str],
    promised: Collection[Appointment],
) -> None:
    """Refuse to send somebody whom the elder's side does not want any more; `stops` are visits with whom they are to.

    What a repair has frozen stays: `promised` is what the plan before did. What an order itself excludes needs no look:
    it cannot change once the order is accepted, while the person's own list can at any time.

    Raises:
        errors.StaffUnwelcome: names who.
    """
    known = await patients.care_of(session, region_id=plan.region_id, person_ids=sorted({who for _, who in stops}))
    frozen = _frozen(plan, promised)
    unwelcome = {
        names[each.practitioner_id]
        for each, who in stops
        if each.practitioner_id in known.get(who, CareFacts()).excluded_practitioner_ids
        and (each.order_id, each.practitioner_id) not in frozen
    }
    if unwelcome:
        raise errors.StaffUnwelcome(names="、".join(sorted(unwelcome)))


def _frozen(plan: Plan, promised: Collection[Appointment]) -> set[tuple[UUID | None, UUID]]:
    """Return who was promised to which order so early that a repair lets it be."""
    if plan.repair is None:
        return set()
    until: datetime = changes.RepairAsk.model_validate(plan.repair).frozen_until or plan.requested_at
    begins = repository_appointments.span_of
    return {(each.order_id, each.practitioner_id) for each in promised if begins(each)[0] < until}
