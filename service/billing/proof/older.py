"""Proofs of bills that were made before their documents were whole: completed from the rows they rest on.

What a bill was is told as it was posted; what it follows from is read again, dated, as it was read then.
"""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import errors, evidence, facts, repository, rules
from service.billing.cancelling import rules as cancelling
from service.billing.cancelling import sharing
from service.billing.consents import repository as consents
from service.billing.models import Settlement
from service.billing.parking import repository as parking
from service.billing.proof import cancellations, ceiling_part, document
from service.visits import usecases as visits


async def whole(session: AsyncSession, row: Settlement) -> document.Document:
    """Return the whole proof of a bill, whatever of it the settlement keeps.

    Raises:
        errors.NoCase: it charges a cancellation whose fee nobody can compute any more.
    """
    kept: document.Document = row.facts
    if row.kind != "visit":
        return kept if "case" in kept else await _of_charge(session, row)
    if kept["format"] != document.FORMAT:
        return document.of_bare_case(evidence.case_of(kept), await _posted(session, row))
    if "ceiling" in kept and "quote" not in kept["ceiling"]:
        return kept | {"ceiling": await _ceiling(session, row, kept["ceiling"]["uncollected_fen"])}
    return kept


async def _posted(session: AsyncSession, row: Settlement) -> document.Document:
    posted = await repository.read(session, row)
    parts: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for part in posted.fundings:
        parts[part.line_no].append(part.model_dump())
    return document.posted_result(line.model_dump() | {"fundings": parts[line.line_no]} for line in posted.lines)


async def _ceiling(session: AsyncSession, row: Settlement, uncollected_fen: int) -> dict[str, Any]:
    """Return the last step of a bill that kept the amounts alone: with its quote, its consents, a human's word."""
    visit = await visits.proof(session, region_id=row.region_id, visit_id=row.visit_id)
    quote = await consents.accepted_quote(session, region_id=row.region_id, order_id=visit.order_id)
    if quote is None:
        raise errors.NoCase
    given = await consents.list_consents(session, region_id=row.region_id, visit_id=row.visit_id)
    released = await parking.find_of_settlement(session, region_id=row.region_id, settlement_id=row.id)
    return ceiling_part.document(
        quote.id,
        quote.bill,
        [each for each in given if each.given_at <= row.settled_at],
        collect_rise=released.collect_rise if released else None,
        uncollected_fen=uncollected_fen,
    )


async def _of_charge(session: AsyncSession, row: Settlement) -> document.Document:
    kept, of = row.facts, {"region_id": row.region_id, "visit_id": row.visit_id}
    proof, departure = await visits.proof(session, **of), await visits.departure(session, **of)
    house = await facts.house_on(session, region_id=row.region_id, institution_id=row.institution_id, on=row.service_on)
    if departure is None:
        raise errors.NoCase
    visit = await sharing.planned(session, region_id=row.region_id, proof=proof, departure=departure, house=house)
    own = rules.find_own_fee(visit, house.terms)
    if own is None:
        raise errors.NoCase
    # it was charged: then nobody knew of a death or an admission
    known = cancelling.Facts(
        service_on=row.service_on,
        departed_at=datetime.fromisoformat(kept["departed_at"]),
        own=own,
        ratio=Decimal(kept["ratio"]),
        quoted_fee_fen=kept["quoted_fee_fen"],
        deceased_on=None,
        is_in_hospital=False,
    )
    found = cancellations.envelope(known, visit=visit, terms=house.terms, institution_code=house.institution.code)
    told = found["cancellation"] | {"own_fee_fen": kept["own_fee_fen"]}
    return found | {"cancellation": told, "result": await _posted(session, row)}
