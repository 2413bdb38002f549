"""Writes down that a bill waits for a human, and refuses to make it meanwhile."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing.parking import errors, repository
from service.billing.parking.models import ParkedSettlement
from service.billing.parking.rules import Found, ParkingState
from service.core import metrics
from service.visits import usecases as visits


async def park(
    session: AsyncSession, *, region_id: UUID, visit_id: UUID, found: Found, now: datetime
) -> ParkedSettlement:
    """Write down that a visit's bill waits for a human, and why."""
    proof = await visits.proof(session, region_id=region_id, visit_id=visit_id)
    row = ParkedSettlement(
        region_id=region_id,
        institution_id=proof.institution_id,
        visit_id=visit_id,
        person_id=proof.person_id,
        service_on=proof.service_on,
        reasons=[
            {"why": each.why.value, "sentence": each.sentence, "facts": dict(each.facts)} for each in found.reasons
        ],
        gross_fen=found.gross_fen,
        patient_fen=found.patient_fen,
        parked_at=now,
    )
    session.add(row)
    await session.flush()
    metrics.count_settlement(session, "parked")
    return row


async def refuse_parked(session: AsyncSession, *, region_id: UUID, visit_id: UUID) -> None:
    """Refuse to make a bill that waits for a human, or that a human has rejected.

    Raises:
        errors.SettlementParked, errors.BillRejected: it is so.
    """
    parked = await repository.LAST_SAID.ask(session, region_id=region_id, visit_id=visit_id)
    if parked is not None and parked.state == ParkingState.open:
        raise errors.SettlementParked
    if parked is not None and parked.state == ParkingState.rejected:
        raise errors.BillRejected(reason=parked.reason)
