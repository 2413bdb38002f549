"""Whether a bill may be sent as it was made: the ceiling that the accepted quote is, and the safety bounds.

Asked after the bill is made and before anything is posted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import ceiling, facts, making
from service.billing.consents import repository as consents
from service.billing.models import Quote
from service.billing.parking import errors, repository, rules
from service.billing.statement import LineFacts
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.patients import usecases as patients
from service.visits.rules import VisitProof


@dataclass(frozen=True, slots=True)
class Sent:
    """A bill that may be sent: its lines, and what was not collected of them (a part of the proof; None: nothing)."""

    lines: tuple[LineFacts, ...]
    uncollected: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What the family agreed to, and how the bill rises above it; without an accepted quote there is neither."""

    quote: Quote | None
    limit: ceiling.Ceiling
    rise: ceiling.Rise


async def send(
    session: AsyncSession,
    *,
    region_id: UUID,
    proof: VisitProof,
    known: facts.Facts,
    made: making.Made,
    lines: Sequence[LineFacts],
    on: date,
    release: rules.Release | None,
) -> Sent:
    """Return a bill as it may be sent; with a human's `release`, whatever bounds it meets.

    Raises:
        parking.errors.SettlementParked: it meets a bound and waits for a human; the caller writes that down.
    """
    agreed = await _agreed(session, region_id=region_id, proof=proof, known=known, made=made)
    if release is None:
        reasons = await _reasons(session, region_id=region_id, proof=proof, made=made, agreed=agreed, on=on)
        if reasons:
            raise errors.SettlementParked(rules.Found(reasons, made.bill.gross_fen, made.patient_fen))
    uncollected = agreed.rise.other_fen
    if release is not None and not release.collect_rise:
        uncollected += agreed.rise.money_fen
    if not uncollected:
        return Sent(tuple(lines), None)
    said = {
        "quoted": dict(agreed.limit.quoted),
        "consented_fen": agreed.limit.consented_fen,
        "uncollected_fen": uncollected,
    }
    return Sent(ceiling.collect(lines, agreed.limit, uncollected), said)


async def _agreed(
    session: AsyncSession, *, region_id: UUID, proof: VisitProof, known: facts.Facts, made: making.Made
) -> _Agreed:
    quote = await consents.accepted_quote(session, region_id=region_id, order_id=proof.order_id)
    if quote is None:
        return _Agreed(None, ceiling.Ceiling({}), ceiling.Rise(0, 0))
    agreed = ceiling.of_quote(quote.bill, None)
    if made.patient_fen <= agreed.agreed_fen:
        return _Agreed(quote, agreed, ceiling.Rise(0, 0))
    consented = await consents.consented_fen(session, region_id=region_id, visit_id=proof.visit_id)
    agreed = replace(agreed, consented_fen=consented)
    as_quoted = replace(known, used=ceiling.with_quoted_money(known.used, quote.bill, known.patient.id))
    rise = ceiling.rise_of(agreed, billed_fen=made.patient_fen, with_quoted_money_fen=as_quoted.make().patient_fen)
    return _Agreed(quote, agreed, rise)


async def _reasons(
    session: AsyncSession, *, region_id: UUID, proof: VisitProof, made: making.Made, agreed: _Agreed, on: date
) -> tuple[rules.Reason, ...]:
    in_force = await institutions.settings_on(session, region_id=region_id, institution_id=proof.institution_id, on=on)
    bounds = rules.Bounds(
        usual_multiple=in_force.of(settings.BILL_USUAL_MULTIPLE),
        usual_minimum=in_force.of(settings.BILL_USUAL_MINIMUM),
        daily_limit=in_force.of(settings.BILL_DAILY_LIMIT),
    )
    stay = await patients.hospital_on(session, region_id=region_id, person_id=proof.person_id, on=on)
    return rules.reasons_of(
        gross_fen=made.bill.gross_fen,
        agreed_fen=agreed.limit.agreed_fen,
        rise=agreed.rise,
        usual=await _usual(session, region_id=region_id, proof=proof, quote=agreed.quote, bounds=bounds),
        settled_that_day=await repository.settled_that_day(session, person_id=proof.person_id, on=on),
        hospital=rules.Hospital(stay.hospital, stay.admitted_on) if stay else None,
        bounds=bounds,
    )


async def _usual(
    session: AsyncSession, *, region_id: UUID, proof: VisitProof, quote: Quote | None, bounds: rules.Bounds
) -> rules.Usual | None:
    if not bounds.usual_multiple:
        return None
    if quote is not None:
        return rules.Usual(quote.gross_fen, is_quote=True)
    median = await repository.median_fen(
        session, region_id=region_id, institution_id=proof.institution_id, least=bounds.usual_minimum
    )
    return None if median is None else rules.Usual(median, is_quote=False)
