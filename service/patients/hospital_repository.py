"""Every query of stays in hospital, and which refusal their constraint stands for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import refusals
from service.core.db.asked_once import asked_once
from service.patients import errors
from service.patients.hospital_models import HospitalStay


@asked_once
async def list_stays(session: AsyncSession, region_id: UUID, person_id: UUID) -> Sequence[HospitalStay]:
    """Return a person's stays, the oldest first."""
    query = select(HospitalStay).where(
        col(HospitalStay.region_id) == region_id, col(HospitalStay.person_id) == person_id
    )
    return (await session.execute(query.order_by(col(HospitalStay.admitted_on), col(HospitalStay.id)))).scalars().all()


async def find_stay(session: AsyncSession, region_id: UUID, person_id: UUID, stay_id: UUID) -> HospitalStay | None:
    """Return a stay of a person, locked to be ended."""
    row = await session.get(HospitalStay, (region_id, stay_id), with_for_update=True)
    return row if row is not None and row.person_id == person_id else None


refusals.name_constraints({"hospital_stays_one": errors.HospitalStaysOverlap})
