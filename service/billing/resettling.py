"""Settling anew (重新结算): what a bill would be today on the facts of its service date, in place of what it was.

A contract that was signed, upgraded or ended late, a corrected grade or price: the bill is taken back by a row that
names it and made again, in one transaction. Visits that share a trip share a fee: all of their bills are made anew.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import errors, presentation, repository, reversing, schemas, settling
from service.billing.models import Settlement
from service.core import problems
from service.core.principal import Principal
from service.visits import usecases as visits


async def resettle(
    session: AsyncSession, *, principal: Principal, settlement_id: UUID, asked: schemas.ReversalCreate, now: datetime
) -> schemas.ResettlementRead:
    """Take a bill back and settle its visit again, with all bills of its trip; tell what changes for the families.

    Raises:
        problems.NotFound: there is no such settlement at the principal's institutions.
        errors.ReversedAlready: it was taken back before.
        errors.BillUnchanged: every line and every payer would be the same again; nothing was done.
        errors, contracts.errors: as `settling.settle`; then nothing was taken back either.
    """
    region_id = principal.region_id
    row = await repository.find_settlement(session, region_id=region_id, settlement_id=settlement_id)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="结算单")
    bills = await _hold_all(session, row)
    before = [presentation.settlement(await repository.read(session, each)) for each in bills]
    for each in bills:
        await reversing.reverse(session, principal=principal, settlement_id=each.id, asked=asked, now=now)
    after = [await _settled(session, principal=principal, visit_id=each.visit_id, now=now) for each in bills]
    if [_said(bill) for bill in before] == [_said(bill) for bill in after]:
        raise errors.BillUnchanged
    return schemas.ResettlementRead(
        before=before,
        after=after,
        difference_fen=sum(bill.patient_fen for bill in after) - sum(bill.patient_fen for bill in before),
    )


async def _hold_all(session: AsyncSession, row: Settlement) -> list[Settlement]:
    """Hold the visits of a bill's trip, always in the order of their patients, and return the bills that stand."""
    found: Sequence[Settlement] = [row]
    if row.trip_id is not None and row.home_id is not None:
        found = await repository.live_of_trip(
            session, region_id=row.region_id, trip_id=row.trip_id, home_id=row.home_id
        )
    held = sorted({each.id: each for each in (row, *found)}.values(), key=lambda each: (each.person_id, each.visit_id))
    for each in held:
        proof = await visits.proof(session, region_id=each.region_id, visit_id=each.visit_id)
        await settling.hold(session, region_id=each.region_id, proof=proof)
    return held


async def _settled(
    session: AsyncSession, *, principal: Principal, visit_id: UUID, now: datetime
) -> schemas.SettlementRead:
    settled = await settling.settle(
        session, region_id=principal.region_id, visit_id=visit_id, account_id=principal.account_id, now=now
    )
    row = await repository.find_settlement(session, region_id=principal.region_id, settlement_id=settled.settlement_id)
    if row is None:
        raise problems.NotFound(what="结算单")
    return presentation.settlement(await repository.read(session, row))


def _said(bill: schemas.SettlementRead) -> object:
    """Return what a family would see change: the lines and who pays them, whatever is left of the payers' balances."""
    return [
        (
            (line.code, line.charged_quantity, line.status, line.gross_fen),
            [(part.source, part.ref_id, part.units, part.amount_fen) for part in line.fundings],
        )
        for line in bill.lines
    ]
