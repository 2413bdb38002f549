"""Every query of designations (定点), and which refusal their constraint stands for."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import refusals
from service.core.db.questions import Question
from service.core.paging import PageRequest
from service.institutions import errors
from service.institutions.designation_models import InstitutionDesignation

# the designations of an institution in force on a day
DESIGNATIONS: Final[Question[Sequence[Any]]] = Question(
    InstitutionDesignation,
    "institution_designations where region_id = :region_id and institution_id = :institution_id"
    " and valid_from <= :on and (valid_to is null or valid_to >= :on)",
    list,
)


async def designations_between(
    session: AsyncSession, region_id: UUID, institution_id: UUID, first: date, last: date
) -> Sequence[InstitutionDesignation]:
    """Return the designations of an institution in force on some day of a period, both days included."""
    query = select(InstitutionDesignation).where(
        col(InstitutionDesignation.region_id) == region_id,
        col(InstitutionDesignation.institution_id) == institution_id,
        col(InstitutionDesignation.valid_from) <= last,
        or_(col(InstitutionDesignation.valid_to).is_(None), col(InstitutionDesignation.valid_to) >= first),
    )
    return (await session.execute(query)).scalars().all()


async def list_designations(
    session: AsyncSession, region_id: UUID, institution_id: UUID, page: PageRequest
) -> Sequence[InstitutionDesignation]:
    """Return a page (and one row more) of an institution's designations by id, past ones included."""
    query = select(InstitutionDesignation).where(
        col(InstitutionDesignation.region_id) == region_id,
        col(InstitutionDesignation.institution_id) == institution_id,
    )
    if page.after is not None:
        query = query.where(col(InstitutionDesignation.id) > page.after)
    ordered = query.order_by(col(InstitutionDesignation.id)).limit(page.limit + 1)
    return (await session.execute(ordered)).scalars().all()


async def lock_designation(
    session: AsyncSession, region_id: UUID, designation_id: UUID
) -> InstitutionDesignation | None:
    """Return a designation, locked to be changed; only the region's administration finds it."""
    return await session.get(InstitutionDesignation, (region_id, designation_id), with_for_update=True)


refusals.name_constraints({"institution_designations_once": errors.DesignatedAlready})
