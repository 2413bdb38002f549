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
from service.billing.consents.models import VisitConsent
from service.billing.models import Quote
from service.billing.parking import errors, repository, rules
from service.billing.proof import ceiling_part
from service.billing.statement import LineFacts
from service.core.db.questions import Asked
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.patients import usecases as patients
from service.visits.rules import VisitProof


@dataclass(frozen=True, slots=True)
class Sent:
    """A bill that may be sent: its lines, and what was not collected of them.

    That is the last step of the proof, with what it follows from; None: the bill is not above what was quoted.
    `rise` is how far it lies above what was agreed to.
    """

    lines: tuple[LineFacts, ...]
    uncollected: dict[str, Any] | None
    rise: ceiling.Rise


@dataclass(frozen=True, slots=True)
class _Agreed:
    """What the family agreed to, and how the bill rises above it; without an accepted quote there is neither.

    `gross_fen` is the whole of the accepted quote. Only of a bill above it the `quote` and the `consents` are known.
    """

    gross_fen: int | None
    limit: ceiling.Ceiling
    rise: ceiling.Rise
    quote: Quote | None = None
    consents: Sequence[VisitConsent] | None = None


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
    if agreed.quote is None or agreed.consents is None:
        return Sent(tuple(lines), None, agreed.rise)
    collect_rise = release.collect_rise if release else None
    uncollected = ceiling.uncollected_fen(agreed.rise, collect_rise)
    return Sent(
        ceiling.collect(lines, agreed.limit, uncollected),
        ceiling_part.document(
            agreed.quote.id,
            agreed.quote.bill,
            agreed.consents,
            collect_rise=collect_rise,
            uncollected_fen=uncollected,
        ),
        agreed.rise,
    )


async def _agreed(
    session: AsyncSession, *, region_id: UUID, proof: VisitProof, known: facts.Facts, made: making.Made
) -> _Agreed:
    accepted = await consents.ACCEPTED.ask(session, region_id=region_id, order_id=proof.order_id)
    if accepted is None:
        return _Agreed(None, ceiling.Ceiling({}), ceiling.Rise(0, 0))
    agreed = ceiling.of_quote({"lines": accepted.lines}, None)
    quote = None
    if made.patient_fen > agreed.agreed_fen:
        quote = await consents.accepted_quote(session, region_id=region_id, order_id=proof.order_id)
    if quote is None:
        return _Agreed(accepted.gross_fen, agreed, ceiling.Rise(0, 0))
    given = await consents.list_consents(session, region_id=region_id, visit_id=proof.visit_id)
    agreed = replace(agreed, consented_fen=given[-1].amount_fen if given else None)
    as_quoted = replace(known, used=ceiling.with_quoted_money(known.used, quote.bill, known.patient.id))
    rise = ceiling.rise_of(agreed, billed_fen=made.patient_fen, with_quoted_money_fen=as_quoted.make().patient_fen)
    return _Agreed(quote.gross_fen, agreed, rise, quote, given)


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
        usual=await _usual(session, region_id=region_id, proof=proof, quoted_fen=agreed.gross_fen, bounds=bounds),
        settled_that_day=await repository.SETTLED_THAT_DAY.ask(session, person_id=proof.person_id, on=on),
        hospital=rules.Hospital(stay.hospital, stay.admitted_on) if stay else None,
        bounds=bounds,
    )


async def _usual(
    session: AsyncSession, *, region_id: UUID, proof: VisitProof, quoted_fen: int | None, bounds: rules.Bounds
) -> rules.Usual | None:
    if not bounds.usual_multiple:
        return None
    if quoted_fen is not None:
        return rules.Usual(quoted_fen, is_quote=True)
    bills, median = await repository.USUAL.ask(
        session, region_id=region_id, institution_id=proof.institution_id, order_id=proof.order_id
    )
    return None if median is None or bills < bounds.usual_minimum else rules.Usual(median, is_quote=False)


def asked_of_visit(*, region_id: UUID, proof: VisitProof, on: date) -> list[Asked[Any]]:
    """Return what is asked of a visit's bill once it is made, to be asked together with others beforehand."""
    of = {"region_id": region_id, "order_id": proof.order_id}
    return [
        consents.ACCEPTED.of(**of),
        repository.USUAL.of(**of, institution_id=proof.institution_id),
        repository.SETTLED_THAT_DAY.of(person_id=proof.person_id, on=on),
    ]
