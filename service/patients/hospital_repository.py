"""Every query of stays in hospital, and which refusal their constraint stands for."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.db import refusals
from service.core.db.questions import Question
from service.patients import errors
from service.patients.hospital_models import HospitalStay

# a person's stays, the oldest first
STAYS: Final[Question[Sequence[Any]]] = Question(
    HospitalStay,
    "hospital_stays where region_id = :region_id and person_id = :person_id order by admitted_on, id",
    list,
)


async def find_stay(session: AsyncSession, region_id: UUID, person_id: UUID, stay_id: UUID) -> HospitalStay | None:
    """Return a stay of a person, locked to be ended."""
    row = await session.get(HospitalStay, (region_id, stay_id), with_for_update=True)
    return row if row is not None and row.person_id == person_id else None


refusals.name_constraints({"hospital_stays_one": errors.HospitalStaysOverlap})
