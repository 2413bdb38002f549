"""Reversing a settlement (冲销): a row that names it; everything that it used is returned."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import errors, journaling, repository, schemas, settling
from service.billing.models import Reversal, Settlement
from service.contracts import usecases as contracts
from service.core import metrics, problems
from service.core.principal import Principal
from service.orders import usecases as orders
from service.orders.rules import OrderState
from service.visits import usecases as visits


async def reverse(
    session: AsyncSession, *, principal: Principal, settlement_id: UUID, asked: schemas.ReversalCreate, now: datetime
) -> Reversal:
    """Take a settlement of the principal's institution back; its visit may be settled again. Return what does so.

    Where visits share a trip, that waits until all bills of the trip are reversed. What the order had reserved is not
    held again.

    Raises:
        problems.NotFound: there is no such settlement at the principal's institutions.
        errors.ReversedAlready: it was taken back before.
    """
    region_id = principal.region_id
    row = await repository.find_settlement(session, region_id=region_id, settlement_id=settlement_id)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="结算单")
    proof = await visits.proof(session, region_id=region_id, visit_id=row.visit_id)
    await settling.hold(session, region_id=region_id, proof=proof)
    # asked after the lock: of two reversals at once the second one finds the first
    if await repository.find_reversal(session, region_id=region_id, settlement_id=settlement_id) is not None:
        raise errors.ReversedAlready
    return await take_back(
        session, row, reason=asked.reason, reason_code=None, account_id=principal.account_id, now=now
    )


async def take_back(
    session: AsyncSession,
    row: Settlement,
    *,
    reason: str,
    reason_code: str | None,
    account_id: UUID,
    now: datetime,
) -> Reversal:
    """Take a settlement back that stands, its visit being held; return what does so.

    `reason_code` says why where no person decided it.

    Raises:
        errors.ReversedAlready: it was taken back at this moment.
        problems.NotFound: the fence does not show its visit.
    """
    region_id = row.region_id
    reversal = Reversal(
        region_id=region_id,
        institution_id=row.institution_id,
        settlement_id=row.id,
        visit_id=row.visit_id,
        seq=row.seq,
        reason=reason,
        reason_code=reason_code,
        gross_fen=row.gross_fen,
        patient_fen=row.patient_fen,
        reversed_by_account_id=account_id,
        journaled=True,
        reversed_at=now,
    )
    session.add(reversal)
    await session.flush()
    metrics.count_settlement(session, "reversed")
    await contracts.return_settlement(session, region_id=region_id, settlement_id=row.id, on=row.service_on)
    # an order whose crew went in vain has ended, whatever becomes of the charge
    if row.kind == "visit":
        proof = await visits.proof(session, region_id=region_id, visit_id=row.visit_id)
        await orders.move(
            session,
            region_id=region_id,
            order_id=proof.order_id,
            to=OrderState.done,
            now=now,
            account_id=account_id,
            because=f"冲销：{reason}",
        )
    await journaling.take_back(session, row, reversal, now=now)
    return reversal
