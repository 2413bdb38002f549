"""Posts a bill: the settlement with its evidence, its lines and their payers, and its place in the trip's round."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import ceiling, errors, facts, making, repository, rules, statement
from service.billing.models import BillFunding, BillLine, Settlement, VisitFee
from service.billing.proof import document
from service.core.db import steps
from service.core.db.steps import Step, take_together
from service.core.ids import new_id
from service.visits.rules import VisitProof


@dataclass(frozen=True, slots=True)
class _Trip:
    """The fee of a trip as the kernel splits it: None where each visit pays its own, or there is none."""

    fee_fen: int | None
    shares: dict[str, int]


async def join_round(
    session: AsyncSession,
    *,
    region_id: UUID,
    proof: VisitProof,
    policy: rules.Policy,
    share: rules.FeeShare | None,
    last: repository.Last | None,
) -> tuple[int, VisitFee | None]:
    """Return the round of its trip to which a bill belongs, and the fee that begins it, fixed with all its shares.

    Of a bill that joins a round there is nothing to begin.

    `share` is the visit's share of the fee, whether or not it is charged. A visit that was reversed waits until all
    bills of the round are: `last` is its last settlement, reversed. A visit alone has a round of its own each time.

    Raises:
        errors.TripSettled: another bill of the round stands.
        errors.TripFeeFixed: the fee was split among other visits.
    """
    if proof.trip_id is None:
        return (last.seq + 1 if last else 1), None
    at = {"region_id": region_id, "trip_id": proof.trip_id, "home_id": proof.home_id}
    trip = _trip(share, policy)
    current = await repository.LAST_ROUND.ask(session, **at)
    if current is not None and current.is_live:
        if last is not None and last.trip_round == current.number:
            raise errors.TripSettled
        if (current.fee_fen, current.shares) != (trip.fee_fen, trip.shares):
            raise errors.TripFeeFixed
        return current.number, None
    begins = VisitFee(
        region_id=region_id,
        institution_id=proof.institution_id,
        trip_id=proof.trip_id,
        home_id=proof.home_id,
        round=current.number + 1 if current else 1,
        fee_fen=trip.fee_fen,
        shares=trip.shares,
    )
    return begins.round, begins


def settlement_of(
    *,
    region_id: UUID,
    proof: VisitProof,
    known: facts.Facts,
    made: making.Made,
    lines: Sequence[statement.LineFacts],
    last: repository.Last | None,
    trip_round: int,
    service_on: date,
    now: datetime,
    uncollected: Mapping[str, Any] | None = None,
) -> Settlement:
    """Return the row of a bill.

    `uncollected` is the last step of the proof: what of `lines` the family did not agree to.
    """
    return Settlement(
        region_id=region_id,
        id=new_id(),
        institution_id=proof.institution_id,
        visit_id=proof.visit_id,
        person_id=proof.person_id,
        trip_id=proof.trip_id,
        home_id=proof.home_id,
        trip_round=trip_round,
        seq=last.seq + 1 if last else 1,
        follows_seq=last.seq if last else None,
        service_on=service_on,
        gross_fen=sum(line.gross_fen for line in lines),
        patient_fen=sum(line.patient_fen for line in lines),
        plan_code=known.plan_code,
        facts=_proof(known.proof(made), uncollected),
        journaled=True,
        settled_at=now,
    )


async def post_rows(session: AsyncSession, settlement: Settlement, lines: Sequence[statement.LineFacts]) -> None:
    """Write a settlement, its lines and their fundings.

    At the commit the database checks that its sums agree, and that the journal has it.
    """
    await take_together(session, steps_of(settlement, lines))


def steps_of(
    settlement: Settlement, lines: Sequence[statement.LineFacts], *, begins: VisitFee | None = None
) -> list[Step]:
    """Return what `post_rows` does; before it, the fee that begins the round of a trip."""
    of = {
        "region_id": settlement.region_id,
        "institution_id": settlement.institution_id,
        "settlement_id": settlement.id,
    }
    numbered = [(of | {"line_no": line_no}, line) for line_no, line in enumerate(lines, start=1)]
    paid = [
        {
            **at,
            "funding_no": funding_no,
            "source": part.source,
            "ref_id": part.ref_id,
            "units": part.units,
            "amount_fen": part.amount_fen,
            "reason": part.reason,
            "income_class": part.income_class,
            "remaining": part.remaining,
        }
        for at, line in numbered
        for funding_no, part in enumerate(line.fundings, start=1)
    ]
    return [
        *([steps.rows(VisitFee, [vars(begins)])] if begins else []),
        steps.rows(Settlement, [vars(settlement)]),
        *([steps.rows(BillLine, [at | _line(line) for at, line in numbered])] if numbered else []),
        *([steps.rows(BillFunding, paid)] if paid else []),
    ]


def _line(line: statement.LineFacts) -> dict[str, Any]:
    return {
        "code": line.code,
        "name": line.name,
        "quantity": line.quantity,
        "charged_quantity": line.charged_quantity,
        "status": line.status,
        "gross_fen": line.gross_fen,
        "patient_fen": line.patient_fen,
        "price_from": line.price_from,
        "reason": line.reason,
        "national_code": line.national_code,
        "unit": line.unit,
        "sentence": line.sentence,
        "income_class": line.income.income_class,
        **(asdict(line.claim) if line.claim else {}),
    }


def _trip(share: rules.FeeShare | None, policy: rules.Policy) -> _Trip:
    if share is None or policy.fee_sharing is rules.FeeSharing.per_patient:
        return _Trip(None, {})
    return _Trip(share.home_fen, dict(share.fees))


def _proof(whole: document.Document, uncollected: Mapping[str, Any] | None) -> document.Document:
    """Return the proof of a bill with its last step, where the bill lies above what was quoted."""
    if uncollected is None:
        return whole
    consents = uncollected["consents"]
    agreed = ceiling.Ceiling(uncollected["quoted"], consents[-1]["amount_fen"] if consents else None)
    result = document.capped(whole["result"], agreed, uncollected["uncollected_fen"])
    return whole | {"ceiling": dict(uncollected), "result": result}
