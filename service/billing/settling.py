"""Settling a visit (结算): once, when every visit of its trip is final, on the facts of its service date.

The worker settles on the news that a visit is final; a refusal of the gate is written down for people to see. Finance
settles by hand once its cause is gone. Both go through `settle`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import (
    bounds,
    ceiling,
    errors,
    facts,
    journaling,
    making,
    posting,
    repository,
    rules,
    sentences,
    statement,
    visit_facts,
)
from service.billing.models import Settlement, SettlementRefusal
from service.billing.parking import errors as parking_errors
from service.billing.parking import noting
from service.billing.parking.rules import Release
from service.contracts import errors as contract_errors
from service.contracts import usecases as contracts
from service.core import metrics
from service.core.clock import local_date
from service.core.db.session import transaction
from service.core.db.steps import Step, take_together
from service.core.http import House
from service.core.jobs import queue
from service.core.jobs.queue import Job
from service.core.problems import Refusal
from service.orders import usecases as orders
from service.orders.rules import OrderState
from service.visits import usecases as visits
from service.visits.rules import VisitProof

BILL_READY: Final = "bill.ready"
"""News: a visit has a bill (subject: the settlement)."""
_ATTEMPTS: Final = 5
_NO_RISE: Final = ceiling.Rise(0, 0)
_NOT_YET: Final = (errors.VisitNotVerified, errors.AwaitingTrip, parking_errors.BillRejected)
_REFUSED: Final = (
    errors.ProviderNotQualified,
    errors.TooFewStaff,
    errors.PriceMissing,
    errors.OutsideServiceArea,
    errors.TripSettled,
    errors.TripFeeFixed,
)
"""What a human must put right; each is raised before anything is written."""


@dataclass(frozen=True, slots=True)
class Settled:
    """The live settlement of a visit; `bill` is what was written of it when it was settled just now.

    Then `rise` is how far it lies above what the family agreed to, whoever bears that.
    """

    settlement_id: UUID
    bill: tuple[Settlement, tuple[statement.LineFacts, ...]] | None = None
    rise: ceiling.Rise = _NO_RISE


async def settle_visit(house: House, job: Job) -> None:
    """Settle a visit that is final (news VISIT_FINAL); a visit that waits for its trip, or is settled, stays as it is.

    Raises:
        contracts.errors.EntitlementExhausted: bookings kept taking the balances; the queue tries again later.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            async with transaction(house.sessions, job.fence, house.clock.now()) as session:
                await _settle_or_note(session, region_id=job.region_id, visit_id=job.subject_id, now=house.clock.now())
        except contract_errors.EntitlementExhausted:
            # a booking reserved between our reading and our posting: read again
            if attempt == _ATTEMPTS:
                raise
        else:
            return


async def settle(
    session: AsyncSession,
    *,
    region_id: UUID,
    visit_id: UUID,
    account_id: UUID | None,
    now: datetime,
    release: Release | None = None,
    within: Collection[UUID] | None = None,
) -> Settled:
    """Settle a visit, or return the bill that it has; with a human's `release`, whatever bounds it meets.

    `within`: the institutions of which one must be the visit's.

    Raises:
        parking.errors.SettlementParked: it meets a bound, or waits for a human already.
        parking.errors.BillRejected: a human decided that it is not billed.
        problems.NotFound: there is no such visit.
        errors.VisitNotVerified: it is not proven.
        errors.AwaitingTrip: another visit of its trip is not final.
        errors.TripSettled, errors.TripFeeFixed: bills of its trip must be reversed first.
        errors.ProviderNotQualified, errors.TooFewStaff, errors.PriceMissing, errors.OutsideServiceArea: the gate.
        contracts.errors.EntitlementExhausted: a booking took the units in this moment; try again.
    """
    at = {"region_id": region_id, "visit_id": visit_id}
    await visit_facts.hold_and_ask(session, **at, within=within)
    last = await repository.LAST.ask(session, **at)
    if last is not None and last.is_live:
        return Settled(last.settlement_id)
    await noting.refuse_parked(session, **at)
    proof, trip = await visits.proof(session, **at), await visits.trip_of(session, **at)
    service_on = _refuse_unready(proof, trip)
    known = await visit_facts.of_visit(session, region_id=region_id, proof=proof, trip=trip, service_on=service_on)
    made = _made(known)
    sent = await bounds.send(
        session,
        region_id=region_id,
        proof=proof,
        known=known,
        made=made,
        lines=statement.posted_lines(made, known.labels, known.incomes, known.package_classes),
        on=service_on,
        release=release,
    )
    lines = sentences.say(sent.lines, sentences.grants_of(known.patient, known.terms.programmes))
    trip_round, begins = await posting.join_round(
        session,
        region_id=region_id,
        proof=proof,
        policy=known.terms.policy,
        share=made.share or known.forgone,
        last=last,
    )
    row = posting.settlement_of(
        region_id=region_id,
        proof=proof,
        known=known,
        made=made,
        lines=lines,
        uncollected=sent.uncollected,
        last=last,
        trip_round=trip_round,
        service_on=service_on,
        now=now,
    )
    bill = posting.steps_of(row, lines, begins=begins)
    uses = await _uses(session, proof=proof, known=known, made=made, row=row)
    moves = await orders.steps_of_move(
        session,
        region_id=region_id,
        order_id=proof.order_id,
        to=OrderState.closed,
        now=now,
        account_id=account_id,
        because="已结算",
    )
    told = queue.step(BILL_READY, Job(region_id=region_id, institution_ids=(row.institution_id,), subject_id=row.id))
    # the journal last: from there to the commit the institution's next invoice waits
    await take_together(session, [*bill, *uses, *moves, told, *journaling.steps_of(row, lines, now=now)])
    metrics.count_settlement(session, "settled")
    return Settled(row.id, (row, lines), sent.rise)


async def hold(session: AsyncSession, *, region_id: UUID, proof: VisitProof) -> None:
    """Hold the stay, the patient and the order of a visit until the commit, always in this order.

    The stay: its visits share a fee. The patient: his visits share balances; whoever waits here reads what is left
    instead of failing at the cap.
    """
    await repository.hold_visit(session, region_id=region_id, visit_id=proof.visit_id, asked=[])


def _made(known: facts.Facts) -> making.Made:
    try:
        return known.make()
    except rules.Refused as refused:
        raise statement.problem_of(refused.refusal) from refused


async def _uses(
    session: AsyncSession, *, proof: VisitProof, known: facts.Facts, made: making.Made, row: Settlement
) -> list[Step]:
    """Return what gives back what the order still holds, then uses what the bill says, one entitlement by one."""
    return await contracts.steps_of_use(
        session,
        region_id=row.region_id,
        person_id=proof.person_id,
        visit_id=proof.visit_id,
        order_id=proof.order_id,
        settlement_id=row.id,
        on=row.service_on,
        claims=statement.claims_of(made, person_id=proof.person_id, plan_code=known.plan_code),
        limits=statement.limit_grants(made),
    )


async def _settle_or_note(session: AsyncSession, *, region_id: UUID, visit_id: UUID, now: datetime) -> None:
    try:
        await settle(session, region_id=region_id, visit_id=visit_id, account_id=None, now=now)
    except parking_errors.SettlementParked as parked:
        if parked.found is not None:
            await noting.park(session, region_id=region_id, visit_id=visit_id, found=parked.found, now=now)
    except _NOT_YET:
        return
    except _REFUSED as refusal:
        await _note(session, region_id=region_id, visit_id=visit_id, refusal=refusal, now=now)


async def _note(session: AsyncSession, *, region_id: UUID, visit_id: UUID, refusal: Refusal, now: datetime) -> None:
    """Write down why a visit was not settled, unless the last note says the same."""
    proof = await visits.proof(session, region_id=region_id, visit_id=visit_id)
    last = await repository.last_refusal(session, region_id=region_id, visit_id=visit_id)
    said = refusal.problem()
    row = SettlementRefusal(
        region_id=region_id,
        institution_id=proof.institution_id,
        visit_id=visit_id,
        code=said["code"],
        facts={name: said[name] for name in refusal.facts},
        reason=said["detail"],
        refused_at=now,
    )
    if last is None or (last.code, last.facts) != (row.code, row.facts):
        session.add(row)
        await session.flush()
        metrics.count_settlement(session, "refused")


def _refuse_unready(proof: VisitProof, trip: list[VisitProof]) -> date:
    """Return the service date of a visit that may be settled: the local date of its start."""
    if not proof.verified or proof.started_at is None:
        raise errors.VisitNotVerified
    waiting = sum(not each.is_final for each in trip)
    if waiting:
        raise errors.AwaitingTrip(open_visits=waiting)
    return local_date(proof.started_at)
