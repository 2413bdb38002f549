"""Charging for a crew that went in vain: once per visit, with departure evidence, nothing on death or admission."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import ceiling, facts, journaling, posting, repository, settling
from service.billing import rules as kernel
from service.billing.cancelling import rules, sharing
from service.billing.consents import repository as consents
from service.billing.models import Settlement
from service.billing.proof import cancellations
from service.billing.statement import LineFacts
from service.core import metrics
from service.core.db.session import transaction
from service.core.http import House
from service.core.ids import new_id
from service.core.jobs import queue
from service.core.jobs.queue import Job
from service.institutions.rules import settings
from service.patients import usecases as patients
from service.visits import usecases as visits
from service.visits.rules import FINAL, Departure, VisitProof


async def charge_visit(house: House, job: Job) -> None:
    """Charge for a visit whose crew went in vain (news VISIT_FRUITLESS); one that has a bill stays as it is."""
    async with transaction(house.sessions, job.fence, house.clock.now()) as session:
        await charge(session, region_id=job.region_id, visit_id=job.subject_id, now=house.clock.now())


async def charge(session: AsyncSession, *, region_id: UUID, visit_id: UUID, now: datetime) -> Settlement | None:
    """Charge a share of the visit's fee; return the settlement, None when there is nothing to charge.

    That is: no evidence that the crew set out, no fee or no share of it, the patient dead or in hospital, or a bill
    that the visit has or had. While a visit of its trip is not final nobody knows what falls on this one: the news
    comes again with each that is.

    Raises:
        problems.NotFound: there is no such visit.
    """
    proof = await visits.proof(session, region_id=region_id, visit_id=visit_id)
    departure = await visits.departure(session, region_id=region_id, visit_id=visit_id)
    if departure is None or proof.state not in FINAL:
        return None
    await settling.hold(session, region_id=region_id, proof=proof)
    trip = await visits.trip_of(session, region_id=region_id, visit_id=visit_id)
    if not all(each.is_final for each in trip):
        return None
    standing = await repository.standing(session, region_id=region_id, visit_id=visit_id)
    if standing.last is not None:
        return None
    house = await facts.house_on(session, region_id=region_id, institution_id=proof.institution_id, on=proof.service_on)
    visit = await sharing.planned(session, region_id=region_id, proof=proof, departure=departure, house=house)
    visit, *peers = await sharing.with_peers(
        session, region_id=region_id, proof=proof, trip=trip, visit=visit, house=house
    )
    known = await _facts(
        session, region_id=region_id, proof=proof, departure=departure, visit=visit, peers=peers, house=house
    )
    if known is None or not known.amount_fen or house.tariff is None:
        return None
    lines = (rules.line_of(known, str(house.tariff.income_class)),)
    whole = cancellations.envelope(
        known, visit=visit, peers=peers, terms=house.terms, institution_code=house.institution.code
    )
    return await _post(session, region_id, proof, known, lines=lines, whole=whole, now=now)


async def _post(
    session: AsyncSession,
    region_id: UUID,
    proof: VisitProof,
    known: rules.Facts,
    *,
    lines: Sequence[LineFacts],
    whole: dict[str, Any],
    now: datetime,
) -> Settlement:
    row = Settlement(
        region_id=region_id,
        id=new_id(),
        institution_id=proof.institution_id,
        visit_id=proof.visit_id,
        person_id=proof.person_id,
        kind="cancellation",
        trip_round=1,
        seq=1,
        service_on=proof.service_on,
        gross_fen=known.amount_fen,
        patient_fen=known.amount_fen,
        facts=whole,
        journaled=True,
        settled_at=now,
    )
    await posting.post_rows(session, row, lines)
    metrics.count_settlement(session, "settled")
    job = Job(region_id=region_id, institution_ids=(row.institution_id,), subject_id=row.id)
    await queue.enqueue(session, settling.BILL_READY, job)
    await journaling.book(session, row, lines, now=now)
    return row


async def _facts(
    session: AsyncSession,
    *,
    region_id: UUID,
    proof: VisitProof,
    departure: Departure,
    visit: kernel.Visit,
    peers: Sequence[kernel.Visit],
    house: facts.House,
) -> rules.Facts | None:
    own = kernel.find_own_fee(visit, house.terms)
    if own is None:
        return None
    person = await patients.get_person(session, region_id=region_id, person_id=proof.person_id)
    stay = await patients.hospital_on(session, region_id=region_id, person_id=person.id, on=proof.service_on)
    quote = await consents.accepted_quote(session, region_id=region_id, order_id=proof.order_id)
    quoted = ceiling.of_quote(quote.bill, None).quoted.get(kernel.VISIT_FEE, 0) if quote else None
    return rules.Facts(
        service_on=proof.service_on,
        departed_at=departure.at,
        own=own,
        ratio=house.settings.of(settings.FEE_CANCELLATION_RATIO),
        quoted_fee_fen=quoted,
        deceased_on=person.deceased_on,
        is_in_hospital=stay is not None,
        trip=rules.trip_of(visit, peers, house.terms),
    )
