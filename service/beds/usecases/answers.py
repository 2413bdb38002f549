"""What other rooms ask of beds."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds import repository, rules
from service.beds.models import Bed
from service.catalog import usecases as catalog
from service.catalog.per_diem_rules import PerDiemFacts, StayKind
from service.core import problems
from service.core.db.questions import Asked
from service.patients import usecases as patients


async def open_on(session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date) -> rules.BedFacts | None:
    """Return the bed of a person on a day, at whatever institution, or None; the fence holds the region.

    One that is paused that day is returned, with its pauses.
    """
    return await repository.STAY_ON.ask(session, person_id=person_id, on=on)


def asked_on(*, person_id: UUID, on: date) -> list[Asked[Any]]:
    """Return the question which bed is open for a person on a day, to be asked together with others."""
    return [repository.STAY_ON.of(person_id=person_id, on=on)]


async def stay(session: AsyncSession, *, region_id: UUID, bed_id: UUID, lock: bool = False) -> rules.StayFacts:
    """Return a bed with its pauses and the agreement that holds for the whole stay; `lock` holds it until the commit.

    A bed paid by the day that was opened before there were agreements takes the one of its opening day.

    Raises:
        problems.NotFound: the fence shows no such bed.
    """
    row = await repository.find_bed(session, region_id=region_id, bed_id=bed_id, lock=lock)
    if row is None:
        raise problems.NotFound(what="床位")
    agreement = await _agreement(session, row)
    pauses = (await repository.pauses_of(session, region_id=region_id, bed_ids=[bed_id])).get(bed_id, ())
    bed = rules.BedFacts(
        bed_id=row.id,
        institution_id=row.institution_id,
        opened_on=row.opened_on,
        closed_on=row.closed_on,
        payment=rules.BedPayment(row.payment),
        excluded_codes=frozenset(row.excluded_codes),
        kind=StayKind(row.kind),
        pauses=tuple(rules.PauseFacts(each.first, each.until) for each in pauses if each.until != each.first),
        terms=rules.day_terms(agreement),
    )
    return rules.StayFacts(row.person_id, bed, agreement)


async def _agreement(session: AsyncSession, row: Bed) -> PerDiemFacts | None:
    if row.payment != rules.BedPayment.per_diem:
        return None
    if row.agreement_id is not None:
        return await catalog.get_per_diem(session, region_id=row.region_id, agreement_id=row.agreement_id)
    of = {"region_id": row.region_id, "person_id": row.person_id}
    coverage = await patients.coverage_on(session, **of, on=row.opened_on)
    return await catalog.per_diem_on(
        session,
        region_id=row.region_id,
        institution_id=row.institution_id,
        kind=StayKind(row.kind),
        plan_code=coverage.plan_code if coverage else None,
        on=row.opened_on,
    )
