"""Answers with the proof of a bill: the document that it keeps, and the rows and events that it rests on."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import errors, evidence, presentation, repository
from service.billing.consents import repository as consents
from service.billing.models import Quote, Settlement
from service.billing.proof import document, older, schemas
from service.catalog import usecases as catalog
from service.contracts import usecases as contracts
from service.core import problems
from service.core.audit import trail
from service.core.principal import Principal
from service.visits import usecases as visits
from service.visits.schemas import VisitRead


async def read_proof(session: AsyncSession, *, principal: Principal, settlement_id: UUID) -> schemas.ProofRead:
    """Return the proof of a bill of the principal's institution, be it of a visit or of a cancellation.

    For the institution only: its evidence tells what was done for the others of a shared trip, under pseudonyms.

    Raises:
        problems.NotFound: there is no such settlement at the principal's institutions.
        errors.NoCase: it charges a cancellation whose fee nobody can compute any more.
    """
    row = await _bill(session, principal, settlement_id)
    kept = await older.whole(session, row)
    return schemas.ProofRead(settlement_id=row.id, **kept, evidence=await _rests_on(session, row, kept))


async def bill_of_visit(session: AsyncSession, *, principal: Principal, settlement_id: UUID) -> Settlement:
    """Return the settlement of a visit of the principal's institution, and note whom it is about.

    Raises:
        problems.NotFound: there is no such settlement at the principal's institutions.
        errors.NoCase: it charges a cancellation: nothing that was done was settled.
    """
    row = await _bill(session, principal, settlement_id)
    if row.kind != "visit":
        raise errors.NoCase
    return row


async def _bill(session: AsyncSession, principal: Principal, settlement_id: UUID) -> Settlement:
    row = await repository.find_settlement(session, region_id=principal.region_id, settlement_id=settlement_id)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="结算单")
    trail.name_person(session, row.person_id)
    return row


async def _rests_on(session: AsyncSession, row: Settlement, kept: document.Document) -> schemas.RestsOnRead:
    at = {"region_id": row.region_id, "institution_id": row.institution_id}
    visit = await visits.read_visit(session, region_id=row.region_id, visit_id=row.visit_id)
    performed = next(each for each in kept["case"]["visits"] if each["id"] == str(row.visit_id))
    # of a cancellation nothing was performed
    codes = {item["code"] for item in kept["limits"].get("items", [])}
    begun = {each["code"]: date.fromisoformat(each["from"]) for each in kept["case"]["price_book"]}
    tariffs = kept["case"]["visit_fee_tariff"]
    tariff = (
        await catalog.tariff_begun(session, **at, begun=date.fromisoformat(tariffs[0]["from"])) if tariffs else None
    )
    quote = await consents.accepted_quote(session, region_id=row.region_id, order_id=visit.order_id)
    entries = await contracts.entries_of_settlement(session, region_id=row.region_id, settlement_id=row.id)
    return schemas.RestsOnRead(
        price_rows=await catalog.prices_begun(
            session, **at, begun={code: on for code, on in begun.items() if code in codes}, on=row.service_on
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
