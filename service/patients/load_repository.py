"""The queries of a bulk load: thousands of homes and people asked for, and cared for, at once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Text, Uuid, cast, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import bulk, refusals
from service.core.ids import new_id
from service.patients import errors, relation_repository
from service.patients.models import CareRelation, Coverage, Home, KeyGroupRow, Patient

refusals.name_constraints({"homes_no_once": errors.HomeNoTaken})

_RELATE: Final = text("select patients_relate_registered(cast(:ids as uuid[]), cast(:persons as uuid[]), :because)")


async def find_numbered_homes(
    session: AsyncSession, region_id: UUID, numbers: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], Home]:
    """Return homes by the institution that registered them and its number for them."""
    found: dict[tuple[UUID, str], Home] = {}
    for batch in bulk.batches(numbers):
        # a join: of a list of numbers the planner would look through all homes of the institution
        asked = func.unnest(
            cast([institution_id for institution_id, _ in batch], ARRAY(Uuid)),
            cast([home_no for _, home_no in batch], ARRAY(Text)),
        ).table_valued("institution_id", "home_no")
        asked = asked.render_derived(name="asked")
        query = (
            select(Home)
            .select_from(asked)
            .join(
                Home,
                (col(Home.region_id) == region_id)
                & (col(Home.registered_by_institution_id) == asked.c.institution_id)
                & (col(Home.home_no) == asked.c.home_no),
            )
        )
        for row in (await session.execute(query)).scalars():
            found[row.registered_by_institution_id, row.home_no or ""] = row
    return found


async def find_indexed(session: AsyncSession, region_id: UUID, indexes: Sequence[bytes]) -> dict[bytes, Patient]:
    """Return the people whom the fence shows, by the blind index of their identity number."""
    found: dict[bytes, Patient] = {}
    for batch in bulk.batches(indexes):
        query = select(Patient).where(col(Patient.region_id) == region_id, col(Patient.id_number_index).in_(batch))
        found |= {row.id_number_index: row for row in (await session.execute(query)).scalars()}
    return found


async def list_key_groups(session: AsyncSession, region_id: UUID, person_ids: Sequence[UUID]) -> list[KeyGroupRow]:
    """Return all key group rows of many people."""
    found: list[KeyGroupRow] = []
    for batch in bulk.batches(person_ids):
        query = select(KeyGroupRow).where(
            col(KeyGroupRow.region_id) == region_id, col(KeyGroupRow.person_id).in_(batch)
        )
        found.extend((await session.execute(query)).scalars())
    return found


async def list_coverages(session: AsyncSession, region_id: UUID, person_ids: Sequence[UUID]) -> list[Coverage]:
    """Return all medical insurances of many people."""
    found: list[Coverage] = []
    for batch in bulk.batches(person_ids):
        query = select(Coverage).where(col(Coverage.region_id) == region_id, col(Coverage.person_id).in_(batch))
        found.extend((await session.execute(query)).scalars())
    return found


async def list_cared_for(
    session: AsyncSession,
    region_id: UUID,
    person_ids: Sequence[UUID],
    institution_ids: Collection[UUID],
    now: datetime,
) -> set[tuple[UUID, UUID]]:
    """Return (person, institution) for each relation in force of some institutions to some people."""
    found: set[tuple[UUID, UUID]] = set()
    for batch in bulk.batches(person_ids):
        query = select(CareRelation.person_id, CareRelation.institution_id).where(
            col(CareRelation.region_id) == region_id,
            col(CareRelation.person_id).in_(batch),
            col(CareRelation.institution_id).in_(institution_ids),
            relation_repository.in_force(now),
        )
        rows = await session.execute(query)
        found |= {(person_id, institution_id) for person_id, institution_id in rows if institution_id}
    return found


async def list_people(session: AsyncSession, region_id: UUID, person_ids: Sequence[UUID]) -> list[Patient]:
    """Return those of many people whom the fence shows."""
    found: list[Patient] = []
    for batch in bulk.batches(person_ids):
        query = select(Patient).where(col(Patient.region_id) == region_id, col(Patient.id).in_(batch))
        found.extend((await session.execute(query)).scalars())
    return found


async def list_shown(session: AsyncSession, region_id: UUID, person_ids: Sequence[UUID]) -> set[UUID]:
    """Return the ids of those of many people whom the fence shows."""
    found: set[UUID] = set()
    for batch in bulk.batches(person_ids):
        query = select(Patient.id).where(col(Patient.region_id) == region_id, col(Patient.id).in_(batch))
        found.update((await session.execute(query)).scalars())
    return found


async def relate_registered(session: AsyncSession, person_ids: Sequence[UUID], because: str) -> None:
    """Let the institution that registered each of many people care for him, if it is one of the asker's."""
    for batch in bulk.batches(person_ids):
        asked = {"ids": [new_id() for _ in batch], "persons": list(batch), "because": because}
        await session.execute(_RELATE, asked)
