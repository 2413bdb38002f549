"""Every query of long-term care assessments, and which refusal their constraint stands for."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import refusals
from service.core.db.questions import Question
from service.patients import errors
from service.patients.ltci_models import LtciAssessment

# a person's assessments, the oldest first
ASSESSMENTS: Final[Question[Sequence[Any]]] = Question(
    LtciAssessment,
    "ltci_assessments where region_id = :region_id and person_id = :person_id order by valid_from",
    list,
)


async def list_assessments(session: AsyncSession, region_id: UUID, person_id: UUID) -> Sequence[LtciAssessment]:
    """Return a person's assessments, the oldest first."""
    query = select(LtciAssessment).where(
        col(LtciAssessment.region_id) == region_id, col(LtciAssessment.person_id) == person_id
    )
    return (await session.execute(query.order_by(col(LtciAssessment.valid_from)))).scalars().all()


async def find_running(session: AsyncSession, region_id: UUID, person_id: UUID) -> LtciAssessment | None:
    """Return a person's assessment without an end, locked to be ended by the next one."""
    query = select(LtciAssessment).where(
        col(LtciAssessment.region_id) == region_id,
        col(LtciAssessment.person_id) == person_id,
        col(LtciAssessment.valid_to).is_(None),
    )
    return (await session.execute(query.with_for_update())).scalar_one_or_none()


async def find_assessment(
    session: AsyncSession, region_id: UUID, person_id: UUID, row_id: UUID
) -> LtciAssessment | None:
    """Return an assessment of a person, locked to be ended."""
    row = await session.get(LtciAssessment, (region_id, row_id), with_for_update=True)
    return row if row is not None and row.person_id == person_id else None


refusals.name_constraints({"ltci_assessments_one": errors.AssessmentsOverlap})
