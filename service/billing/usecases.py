"""What people do with bills: ask for a price, settle by hand, read, take back, add up. The door of the room.

Booking quotes through `quoting`; the worker settles through `settling`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import errors, evidence, presentation, repository, reversing, schemas, settling, totals
from service.billing.models import Settlement
from service.billing.parking import errors as parking_errors
from service.billing.parking import noting
from service.billing.parking import repository as parking
from service.billing.parking.rules import ParkingState
from service.billing.parking.schemas import ParkedRead
from service.billing.proof import usecases as proofs
from service.billing.quoting import accept_quote, preview, quote, read_quote
from service.core import paging, problems
from service.core.principal import Principal
from service.patients import usecases as patients
from service.patients.rules import Right
from service.visits import usecases as visits

__all__ = [
    "LiveBill",
    "accept_quote",
    "list_settlements",
    "live_bill",
    "preview",
    "quote",
    "read_case",
    "read_quote",
    "read_settlement",
    "read_totals",
    "read_visit_settlement",
    "reverse_settlement",
    "settle_visit",
]


@dataclass(frozen=True, slots=True)
class LiveBill:
    """What people are told of a bill that stands."""

    institution_id: UUID
    person_id: UUID
    visit_id: UUID
    service_on: date
    patient_fen: int


LISTING: Final = "settlements"
_LONGEST_DAYS: Final = 366
_SEES: Final = frozenset({Right.view, Right.pay})


async def settle_visit(
    session: AsyncSession, *, principal: Principal, visit_id: UUID, now: datetime
) -> tuple[schemas.SettlementRead, bool] | ParkedRead:
    """Settle a visit of the principal's institution; return its bill and whether it was made just now.

    A bill that meets a bound is parked for a human and returned as such.

    Raises:
        problems.NotFound: there is no such visit at the principal's institutions.
        parking.errors.SettlementParked: it waits for a human already.
        errors, contracts.errors: as `settling.settle`.
    """
    try:
        settled = await settling.settle(
            session,
            region_id=principal.region_id,
            visit_id=visit_id,
            account_id=principal.account_id,
            now=now,
            within=principal.institution_ids,
        )
    except parking_errors.SettlementParked as parked:
        if parked.found is None:
            raise
        row = await noting.park(session, region_id=principal.region_id, visit_id=visit_id, found=parked.found, now=now)
        return ParkedRead.model_validate(row, from_attributes=True)
    if settled.bill is not None:
        return presentation.made(*settled.bill), True
    return await read_settlement(session, principal=principal, settlement_id=settled.settlement_id, now=now), False


async def reverse_settlement(
    session: AsyncSession, *, principal: Principal, settlement_id: UUID, asked: schemas.ReversalCreate, now: datetime
) -> schemas.SettlementRead:
    """Take a settlement back and return it with its reversal.

    Raises:
        problems.NotFound: there is no such settlement at the principal's institutions.
        errors.ReversedAlready: it was taken back before.
    """
    await reversing.reverse(session, principal=principal, settlement_id=settlement_id, asked=asked, now=now)
    return await read_settlement(session, principal=principal, settlement_id=settlement_id, now=now)


async def live_bill(session: AsyncSession, *, region_id: UUID, settlement_id: UUID) -> LiveBill | None:
    """Return what is told of a bill, None when it was taken back or the fence does not show it."""
    row = await repository.find_settlement(session, region_id=region_id, settlement_id=settlement_id)
    reversed_by = await repository.find_reversal(session, region_id=region_id, settlement_id=settlement_id)
    if row is None or reversed_by is not None:
        return None
    return LiveBill(row.institution_id, row.person_id, row.visit_id, row.service_on, row.patient_fen)


async def read_settlement(
    session: AsyncSession, *, principal: Principal, settlement_id: UUID, now: datetime
) -> schemas.SettlementRead:
    """Return a bill to its institution, to the patient, and to whoever may view or pay for him.

    Raises:
        problems.NotFound: there is no such settlement, or it is not the principal's to see.
    """
    row = await _visible(session, principal=principal, settlement_id=settlement_id, now=now)
    return presentation.settlement(await repository.read(session, row))


async def read_case(session: AsyncSession, *, principal: Principal, settlement_id: UUID) -> dict[str, Any]:
    """Return the evidence of a bill as a billing case, from which it can be settled again offline.

    Raises:
        problems.NotFound, errors.NoCase: as `proof.usecases.bill_of_visit`.
    """
    row = await proofs.bill_of_visit(session, principal=principal, settlement_id=settlement_id)
    return evidence.case_of(row.facts)


async def read_visit_settlement(
    session: AsyncSession, *, principal: Principal, visit_id: UUID, now: datetime
) -> schemas.VisitSettlementRead:
    """Return the live bill of a visit, or why there is none.

    Raises:
        problems.NotFound: there is no such visit, or it is not the principal's to see.
    """
    region_id = principal.region_id
    proof = await visits.proof(session, region_id=region_id, visit_id=visit_id)
    if proof.institution_id not in principal.institution_ids and not await _may_see(
        session, principal=principal, person_id=proof.person_id, now=now
    ):
        raise problems.NotFound(what="上门记录")
    standing = await repository.standing(session, region_id=region_id, visit_id=visit_id)
    if standing.live is not None:
        bill = presentation.settlement(await repository.read(session, standing.live))
        status = schemas.SettlementStatus.settled
        return schemas.VisitSettlementRead(visit_id=visit_id, status=status, settlement=bill, refusal=None)
    parked = await parking.last_of_visit(session, region_id=region_id, visit_id=visit_id)
    if parked is not None and parked.state != ParkingState.released:
        return schemas.VisitSettlementRead(
            visit_id=visit_id,
            status=schemas.SettlementStatus.parked,
            settlement=None,
            refusal=None,
            parked=ParkedRead.model_validate(parked, from_attributes=True),
        )
    refusal = await repository.last_refusal(session, region_id=region_id, visit_id=visit_id)
    back = standing.reversal
    # ids are made in the order of time: a refusal before the last reversal is history
    if refusal is not None and (back is None or refusal.id > back.id):
        status = schemas.SettlementStatus.refused
        said = presentation.refusal(refusal)
        return schemas.VisitSettlementRead(visit_id=visit_id, status=status, settlement=None, refusal=said)
    status = schemas.SettlementStatus.reversed if back else schemas.SettlementStatus.open
    return schemas.VisitSettlementRead(visit_id=visit_id, status=status, settlement=None, refusal=None)


async def list_settlements(
    session: AsyncSession,
    *,
    principal: Principal,
    person_id: UUID | None,
    service_on: date | None,
    page: paging.PageRequest,
    cursors: paging.Cursors,
    now: datetime,
) -> paging.Page[schemas.SettlementSummary]:
    """Return a page of the settlements of the principal's institutions, or of those whom he may view or pay for."""
    people = {person_id} if person_id else None
    if not principal.institution_ids:
        seen = {
            each.person_id
            for each in await patients.my_people(session, principal=principal, now=now)
            if _SEES & each.rights
        }
        people = seen if people is None else seen & people
    found = await repository.list_page(
        session, region_id=principal.region_id, person_ids=people, service_on=service_on, page=page
    )
    return paging.page_of(
        found,
        request=page,
        read=lambda row: presentation.summary(row[0], reversed_=row[1]),
        last=lambda row: row[0].id,
        cursors=cursors,
        listing=LISTING,
    )


async def read_totals(session: AsyncSession, *, principal: Principal, period: schemas.Period) -> schemas.TotalsRead:
    """Return the sums of the live bills of the principal's institutions.

    Raises:
        problems.NotFound: the principal works for none.
        errors.PeriodTooLong: more than a year, or ending before it begins.
    """
    if not principal.institution_ids:
        raise problems.NotFound(what="机构")
    if not 0 <= (period.last - period.first).days < _LONGEST_DAYS:
        raise errors.PeriodTooLong
    sums = await totals.sum_up(
        session,
        region_id=principal.region_id,
        institution_ids=principal.institution_ids,
        first=period.first,
        last=period.last,
    )
    return presentation.totals(period, sums)


async def _visible(session: AsyncSession, *, principal: Principal, settlement_id: UUID, now: datetime) -> Settlement:
    row = await repository.find_settlement(session, region_id=principal.region_id, settlement_id=settlement_id)
    if row is None or (
        row.institution_id not in principal.institution_ids
        and not await _may_see(session, principal=principal, person_id=row.person_id, now=now)
    ):
        raise problems.NotFound(what="结算单")
    return row


async def _may_see(session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime) -> bool:
    rights = await patients.rights_over(session, principal=principal, person_id=person_id, now=now)
    return not principal.institution_ids and bool(_SEES & rights)
