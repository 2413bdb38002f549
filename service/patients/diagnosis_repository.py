"""Every query of diagnoses, and which refusal each of their constraints stands for."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import refusals
from service.core.db.questions import Question
from service.patients import diagnosis_rules, errors
from service.patients.diagnosis_models import Diagnosis

# what a person has or had, without what was recorded by mistake
DIAGNOSED: Final[Question[list[diagnosis_rules.Diagnosed]]] = Question(
    "code valid_from valid_to",
    "diagnoses where region_id = :region_id and person_id = :person_id and withdrawn_at is null",
    lambda rows: [diagnosis_rules.Diagnosed(row.code, row.valid_from, row.valid_to) for row in rows],
)


async def list_diagnoses(session: AsyncSession, region_id: UUID, person_id: UUID) -> Sequence[Diagnosis]:
    """Return a person's diagnoses, withdrawn ones included, the oldest first."""
    query = select(Diagnosis).where(col(Diagnosis.region_id) == region_id, col(Diagnosis.person_id) == person_id)
    return (await session.execute(query.order_by(col(Diagnosis.valid_from), col(Diagnosis.id)))).scalars().all()


async def find_diagnosis(
    session: AsyncSession, region_id: UUID, person_id: UUID, diagnosis_id: UUID
) -> Diagnosis | None:
    """Return a diagnosis of a person, locked to be ended or withdrawn."""
    row = await session.get(Diagnosis, (region_id, diagnosis_id), with_for_update=True)
    return row if row is not None and row.person_id == person_id else None


refusals.name_constraints(
    {"diagnoses_once": errors.DiagnosisAlready, "diagnoses_withdrawn_stay": errors.DiagnosisWithdrawn}
)
