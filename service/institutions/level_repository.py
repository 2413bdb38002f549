"""Every query of an institution's levels (等级), and which refusal their constraint stands for."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import refusals
from service.core.db.questions import Question
from service.core.paging import PageRequest
from service.institutions import errors
from service.institutions.level_models import InstitutionLevelRow
from service.institutions.models import Institution

# the levels of some institutions on a day
LEVELS: Final[Question[Sequence[Any]]] = Question(
    InstitutionLevelRow,
    "institution_levels where region_id = :region_id and institution_id = any(:institution_ids)"
    " and valid_from <= :on and (valid_to is null or valid_to >= :on)",
    list,
)


async def list_levels(
    session: AsyncSession, region_id: UUID, institution_id: UUID, page: PageRequest
) -> Sequence[InstitutionLevelRow]:
    """Return a page (and one row more) of an institution's levels by id, past ones included."""
    query = select(InstitutionLevelRow).where(
        col(InstitutionLevelRow.region_id) == region_id, col(InstitutionLevelRow.institution_id) == institution_id
    )
    if page.after is not None:
        query = query.where(col(InstitutionLevelRow.id) > page.after)
    return (await session.execute(query.order_by(col(InstitutionLevelRow.id)).limit(page.limit + 1))).scalars().all()


async def find_running_level(
    session: AsyncSession, region_id: UUID, institution_id: UUID
) -> InstitutionLevelRow | None:
    """Return an institution's level without an end, locked to be ended by the next one."""
    query = select(InstitutionLevelRow).where(
        col(InstitutionLevelRow.region_id) == region_id,
        col(InstitutionLevelRow.institution_id) == institution_id,
        col(InstitutionLevelRow.valid_to).is_(None),
    )
    return (await session.execute(query.with_for_update())).scalar_one_or_none()


async def lock_level(session: AsyncSession, region_id: UUID, level_id: UUID) -> InstitutionLevelRow | None:
    """Return a dated level, locked to be ended; only the region's administration finds it."""
    return await session.get(InstitutionLevelRow, (region_id, level_id), with_for_update=True)


async def say_level(session: AsyncSession, region_id: UUID, institution_id: UUID, level: str | None) -> None:
    """Say an institution's level from today on: the table's trigger ends the one in force and adds the new one.

    As a statement of its own: it must reach the trigger also where the column says the same already.
    """
    await session.execute(
        update(Institution)
        .where(col(Institution.region_id) == region_id, col(Institution.id) == institution_id)
        .values(level=level)
    )


refusals.name_constraints({"institution_levels_one": errors.LevelsOverlap})
