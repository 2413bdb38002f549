"""What people do to settle anew (重新结算): what a bill would be today on the facts of its service date, in its place.

A contract that was signed, upgraded or ended late, a corrected grade or price: the bill is taken back by a row that
names it and made again, in one transaction. Visits that share a trip share a fee: all of their bills are made anew.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import errors, presentation, repository, reversing, settling
from service.billing import schemas as bills
from service.billing.consents import usecases as consents
from service.billing.models import Reversal, Settlement
from service.billing.parking import errors as parking_errors
from service.billing.parking import usecases as parking
from service.billing.resettling import repository as trail
from service.billing.resettling import rules, schemas
from service.billing.resettling.errors import ResettlementNeedsRelease
from service.billing.resettling.models import Resettlement
from service.billing.words import Payer
from service.core import paging, problems
from service.core.principal import Principal
from service.visits import usecases as visits

LISTING: Final = "resettlements"


async def resettle(
    session: AsyncSession,
    *,
    principal: Principal,
    settlement_id: UUID,
    asked: schemas.ResettlementCreate,
    now: datetime,
) -> schemas.ResettlementRead:
    """Take a bill back and settle its visit again, with all bills of its trip; tell what changes for the families.

    What they agreed to stays the ceiling: without a consent to more the institution bears what rises above it.

    Raises:
        problems.NotFound: there is no such settlement at the principal's institutions, or a consent is to a visit
            whose bill is not made anew.
        errors.ReversedAlready: it was taken back before.
        errors.BillUnchanged: every line and every payer would be the same again; nothing was done.
        ResettlementNeedsRelease: it meets a safety bound, and nobody answers for it; nothing was done.
        parking.errors.OwnVisit: whoever answers for it was at the door himself.
        consents.errors.EvidenceNeeded, consents.errors.ConsentAhead: a consent is not shown, or lies ahead.
        errors, contracts.errors: as `settling.settle`; then nothing was taken back either.
    """
    region_id = principal.region_id
    row = await repository.find_settlement(session, region_id=region_id, settlement_id=settlement_id)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="结算单")
    rows = await _hold_all(session, row)
    await _record_consents(session, principal=principal, rows=rows, asked=asked, now=now)
    before = [presentation.settlement(await repository.read(session, each)) for each in rows]
    why = bills.ReversalCreate(reason=asked.reason)
    backs = [
        await reversing.reverse(session, principal=principal, settlement_id=each.id, asked=why, now=now)
        for each in rows
    ]
    anew = [await _settled(session, principal=principal, visit_id=each.visit_id, asked=asked, now=now) for each in rows]
    after = [bill for bill, _ in anew]
    if [_said(bill) for bill in before] == [_said(bill) for bill in after]:
        raise errors.BillUnchanged
    kept = [
        _row(old, back, new, borne, by=principal.account_id)
        for old, back, (new, borne) in zip(before, backs, anew, strict=True)
    ]
    session.add_all(kept)
    await session.flush()
    changes = [_read(each, of) for each, of in zip(kept, rows, strict=True)]
    return schemas.ResettlementRead(
        before=before,
        after=after,
        difference_fen=sum(each.patient_difference_fen for each in changes),
        borne_fen=sum(each.borne_fen for each in changes),
        changes=changes,
    )


async def list_resettlements(
    session: AsyncSession,
    *,
    principal: Principal,
    owed: rules.Owed | None,
    page: paging.PageRequest,
    cursors: paging.Cursors,
) -> paging.Page[schemas.ResettledRead]:
    """Return a page of the bills of the principal's institutions that were made anew, and what that changed.

    Raises:
        problems.NotFound: the principal works for none.
    """
    if not principal.institution_ids:
        raise problems.NotFound(what="机构")
    found = await trail.list_page(session, region_id=principal.region_id, owed=owed, page=page)
    return paging.page_of(
        found,
        request=page,
        read=lambda row: _read(*row),
        last=lambda row: row[0].id,
        cursors=cursors,
        listing=LISTING,
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


async def _record_consents(
    session: AsyncSession,
    *,
    principal: Principal,
    rows: Sequence[Settlement],
    asked: schemas.ResettlementCreate,
    now: datetime,
) -> None:
    made_anew = {each.visit_id for each in rows}
    for consent in asked.consents:
        if consent.visit_id not in made_anew:
            raise problems.NotFound(what="要重新结算的上门记录")
        await consents.record_consent(session, principal=principal, asked=consent, now=now)


async def _settled(
    session: AsyncSession, *, principal: Principal, visit_id: UUID, asked: schemas.ResettlementCreate, now: datetime
) -> tuple[bills.SettlementRead, tuple[rules.Borne, ...]]:
    """Settle a visit again; a bound that its bill meets needs the word of whoever asks."""
    try:
        settled = await settling.settle(
            session, region_id=principal.region_id, visit_id=visit_id, account_id=principal.account_id, now=now
        )
    except parking_errors.SettlementParked as parked:
        # it refuses before anything is written
        if asked.release is None or parked.found is None:
            raise ResettlementNeedsRelease(**parked.facts) from parked
        settled = await parking.release_found(
            session, principal=principal, visit_id=visit_id, found=parked.found, asked=asked.release, now=now
        )
    row = await repository.find_settlement(session, region_id=principal.region_id, settlement_id=settled.settlement_id)
    if row is None:
        raise problems.NotFound(what="结算单")
    bill = presentation.settlement(await repository.read(session, row))
    return bill, rules.borne_of(row.facts.get("ceiling"), settled.rise)


def _said(bill: bills.SettlementRead) -> object:
    """Return what a family would see change: the lines and who pays them, whatever is left of the payers' balances."""
    return [
        (
            (line.code, line.charged_quantity, line.status, line.gross_fen),
            [(part.source, part.ref_id, part.units, part.amount_fen) for part in line.fundings],
        )
        for line in bill.lines
    ]


def _parts(bill: bills.SettlementRead) -> list[tuple[str, int]]:
    return [(part.source, part.amount_fen) for line in bill.lines for part in line.fundings]


def _row(
    old: bills.SettlementRead,
    back: Reversal,
    new: bills.SettlementRead,
    borne: Sequence[rules.Borne],
    *,
    by: UUID,
) -> Resettlement:
    return Resettlement(
        region_id=back.region_id,
        institution_id=back.institution_id,
        before_id=old.id,
        after_id=new.id,
        reversal_id=back.id,
        gross_difference_fen=new.gross_fen - old.gross_fen,
        patient_difference_fen=new.patient_fen - old.patient_fen,
        differences=rules.differences(_parts(old), _parts(new)),
        borne=[{"why": each.why, "amount_fen": each.amount_fen, "sentence": each.sentence} for each in borne],
        reason=back.reason,
        resettled_by_account_id=by,
        resettled_at=back.reversed_at,
    )


def _read(row: Resettlement, of: Settlement) -> schemas.ResettledRead:
    return schemas.ResettledRead(
        **row.model_dump(exclude={"region_id", "differences", "borne"}),
        person_id=of.person_id,
        visit_id=of.visit_id,
        service_on=of.service_on,
        owed=rules.owed_of(row.patient_difference_fen),
        differences=[
            schemas.DifferenceRead(source=source, label=presentation.LABELS[source], amount_fen=row.differences[source])
            for source in Payer
            if source in row.differences
        ],
        borne_fen=sum(each["amount_fen"] for each in row.borne),
        borne=[schemas.BorneRead.model_validate(each) for each in row.borne],
    )
