"""What people do with parked bills: list them, let one go, reject one."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import settling
from service.billing.parking import errors, noting, repository, rules, schemas
from service.billing.parking.models import ParkedSettlement
from service.contracts import usecases as contracts
from service.core import access, paging, problems
from service.core.principal import Principal
from service.practitioners import usecases as practitioners
from service.visits import usecases as visits

LISTING: Final = "parked-settlements"


async def list_parked(
    session: AsyncSession,
    *,
    principal: Principal,
    state: rules.ParkingState | None,
    page: paging.PageRequest,
    cursors: paging.Cursors,
) -> paging.Page[schemas.ParkedRead]:
    """Return a page of the parked bills of the principal's institutions.

    Raises:
        problems.NotFound: the principal works for none.
    """
    if not principal.institution_ids:
        raise problems.NotFound(what="机构")
    found = await repository.list_page(session, region_id=principal.region_id, state=state, page=page)
    return paging.page_of(found, request=page, read=read, last=lambda row: row.id, cursors=cursors, listing=LISTING)


async def release(
    session: AsyncSession, *, principal: Principal, parked_id: UUID, asked: schemas.ReleaseCreate, now: datetime
) -> schemas.ParkedRead:
    """Settle the visit of a parked bill after all, in the name of whoever looked at it.

    Raises:
        problems.NotFound: there is no such parked bill at the principal's institutions.
        errors.ParkingDecided: somebody decided before.
        errors.OwnVisit: he was at the door himself.
        billing.errors, contracts.errors: as `settling.settle`; the bill stays parked.
    """
    row, _ = await _release(session, principal=principal, parked_id=parked_id, asked=asked, now=now)
    return read(row)


async def release_found(
    session: AsyncSession,
    *,
    principal: Principal,
    visit_id: UUID,
    found: rules.Found,
    asked: schemas.ReleaseCreate,
    now: datetime,
) -> settling.Settled:
    """Settle a visit whose bill has just been found to meet bounds, in the name of whoever answers for it.

    What was found and what he said of it stay, as of any parked bill.

    Raises:
        errors.OwnVisit: he was at the door himself.
        billing.errors, contracts.errors: as `settling.settle`.
    """
    row = await noting.park(session, region_id=principal.region_id, visit_id=visit_id, found=found, now=now)
    _, settled = await _release(session, principal=principal, parked_id=row.id, asked=asked, now=now)
    return settled


async def reject(
    session: AsyncSession, *, principal: Principal, parked_id: UUID, asked: schemas.RejectionCreate, now: datetime
) -> schemas.ParkedRead:
    """Decide that the visit of a parked bill is never billed; what its order held is free again.

    Raises:
        problems.NotFound: there is no such parked bill at the principal's institutions.
        errors.ParkingDecided: somebody decided before.
        errors.OwnVisit: he was at the door himself.
    """
    row = await _decide(
        session,
        principal=principal,
        parked_id=parked_id,
        state=rules.ParkingState.rejected,
        reason=asked.reason,
        now=now,
    )
    await session.flush()
    # nothing will be billed against what the order held
    proof = await visits.proof(session, region_id=principal.region_id, visit_id=row.visit_id)
    await contracts.release_order(session, region_id=principal.region_id, order_id=proof.order_id, on=row.service_on)
    return read(row)


def read(row: ParkedSettlement) -> schemas.ParkedRead:
    """Return what is shown of a parked bill."""
    return schemas.ParkedRead.model_validate(row, from_attributes=True)


async def _release(
    session: AsyncSession, *, principal: Principal, parked_id: UUID, asked: schemas.ReleaseCreate, now: datetime
) -> tuple[ParkedSettlement, settling.Settled]:
    row = await _decide(
        session,
        principal=principal,
        parked_id=parked_id,
        state=rules.ParkingState.released,
        reason=asked.reason,
        now=now,
    )
    row.collect_rise = asked.collect_rise
    await session.flush()
    settled = await settling.settle(
        session,
        region_id=principal.region_id,
        visit_id=row.visit_id,
        account_id=principal.account_id,
        now=now,
        release=rules.Release(asked.collect_rise),
    )
    row.settlement_id = settled.settlement_id
    await session.flush()
    return row, settled


async def _decide(
    session: AsyncSession,
    *,
    principal: Principal,
    parked_id: UUID,
    state: rules.ParkingState,
    reason: str,
    now: datetime,
) -> ParkedSettlement:
    """Return a parked bill, held until the commit and marked as decided; the caller writes it."""
    row = await repository.find(session, region_id=principal.region_id, parked_id=parked_id)
    if row is None:
        raise problems.NotFound(what="转人工的账单")
    access.require_institution(principal, row.institution_id)
    if row.state != rules.ParkingState.open:
        raise errors.ParkingDecided
    visit = await visits.read_visit(session, region_id=principal.region_id, visit_id=row.visit_id)
    me = await practitioners.find_of_account(session, region_id=principal.region_id, account_id=principal.account_id)
    if me is not None and me.id in {each.practitioner_id for each in visit.crew} | {
        each.practitioner_id for each in visit.events
    }:
        raise errors.OwnVisit
    row.state, row.reason = state, reason
    row.decided_by_account_id, row.decided_at = principal.account_id, now
    return row
