"""Answers with the proof of a bill: the document that it keeps, and the rows and events that it rests on."""

from collections import defaultdict
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import errors, evidence, presentation, repository
from service.billing.consents import repository as consents
from service.billing.models import Quote, Settlement
from service.billing.proof import document, schemas
from service.catalog import usecases as catalog
from service.contracts import usecases as contracts
from service.core import problems
from service.core.audit import trail
from service.core.principal import Principal
from service.visits import usecases as visits
from service.visits.schemas import VisitRead


async def read_proof(session: AsyncSession, *, principal: Principal, settlement_id: UUID) -> schemas.ProofRead:
    """Return the proof of a bill of the principal's institution.

    Raises:
        problems.NotFound, errors.NoCase: as `bill_of_visit`.
    """
    row = await bill_of_visit(session, principal=principal, settlement_id=settlement_id)
    kept = await _document(session, row)
    return schemas.ProofRead(settlement_id=row.id, **kept, evidence=await _rests_on(session, row, kept))


async def bill_of_visit(session: AsyncSession, *, principal: Principal, settlement_id: UUID) -> Settlement:
    """Return the settlement of a visit of the principal's institution, and note whom it is about.

    For the institution only: its evidence tells what was done for the others of a shared trip, under pseudonyms.

    Raises:
        problems.NotFound: there is no such settlement at the principal's institutions.
        errors.NoCase: it charges a cancellation, for which nothing was computed.
    """
    row = await repository.find_settlement(session, region_id=principal.region_id, settlement_id=settlement_id)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="结算单")
    if row.kind != "visit":
        raise errors.NoCase
    trail.name_person(session, row.person_id)
    return row


async def _document(session: AsyncSession, row: Settlement) -> document.Document:
    """Return the envelope that a settlement keeps; one from before there were proofs keeps its case alone."""
    kept: document.Document = row.facts
    if kept["format"] == document.FORMAT:
        return kept
    posted = await repository.read(session, row)
    parts: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for part in posted.fundings:
        parts[part.line_no].append(part.model_dump())
    lines = (line.model_dump() | {"fundings": parts[line.line_no]} for line in posted.lines)
    return document.of_bare_case(evidence.case_of(kept), document.posted_result(lines))


async def _rests_on(session: AsyncSession, row: Settlement, kept: document.Document) -> schemas.RestsOnRead:
    at = {"region_id": row.region_id, "institution_id": row.institution_id}
    visit = await visits.read_visit(session, region_id=row.region_id, visit_id=row.visit_id)
    performed = next(each for each in kept["case"]["visits"] if each["id"] == str(row.visit_id))
    codes = {item["code"] for item in kept["limits"]["items"]}
    begun = {each["code"]: date.fromisoformat(each["from"]) for each in kept["case"]["price_book"]}
    tariffs = kept["case"]["visit_fee_tariff"]
    tariff = (
        await catalog.tariff_begun(session, **at, begun=date.fromisoformat(tariffs[0]["from"])) if tariffs else None
    )
    quote = await consents.accepted_quote(session, region_id=row.region_id, order_id=visit.order_id)
    entries = await contracts.entries_of_settlement(session, region_id=row.region_id, settlement_id=row.id)
    return schemas.RestsOnRead(
        price_rows=await catalog.prices_begun(
            session, **at, begun={code: on for code, on in begun.items() if code in codes}
        ),
        tariff=tariff,
        distance=schemas.DistanceRead(
            metres=evidence.metres_of(performed),
            note=tariff.distance_note if tariff else "没有上门服务费标准：自机构所在地起，按直线距离计算",
        ),
        crew=_crew(kept["case"], performed, visit),
        entitlements=[schemas.EntitlementEntryRead.model_validate(each, from_attributes=True) for each in entries],
        visit=schemas.VisitEvidenceRead.model_validate(visit.model_dump() | {"visit_id": visit.id}),
        quote=_quote(quote) if quote else None,
    )


def _crew(case: dict[str, Any], performed: dict[str, Any], visit: VisitRead) -> list[schemas.CrewLicencesRead]:
    names = {str(member.practitioner_id): member.name for member in visit.crew}
    licences = {each["id"]: each["licences"] for each in case["staff"]}
    return [
        schemas.CrewLicencesRead(
            practitioner_id=UUID(member),
            name=names.get(member),
            licences=[
                schemas.LicenceRead(valid_from=each["from"], valid_to=each["to"]) for each in licences.get(member, [])
            ],
        )
        for member in performed["staff"]
    ]


def _quote(row: Quote) -> schemas.AcceptedQuoteRead:
    return schemas.AcceptedQuoteRead(
        **row.model_dump(include={"id", "quoted_at", "distance_metres", "gross_fen", "patient_fen"}),
        lines=presentation.quote(row).lines,
    )
