"""The queries of a bulk load: thousands of homes and people asked for, and cared for, at once."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Text, Uuid, bindparam, cast, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from service.core.db import bulk, fences, refusals
from service.core.ids import new_id
from service.patients import errors, relation_repository
from service.patients.models import CareRelation, Coverage, Home, KeyGroupRow, Patient

refusals.name_constraints({"homes_no_once": errors.HomeNoTaken})

_RELATE: Final = text("select patients_relate_registered(cast(:ids as uuid[]), cast(:persons as uuid[]), :because)")


class KnownHome(NamedTuple):
    """What a load compares of a home; columns alone: a hundred thousand objects take a gigabyte."""

    registered_by_institution_id: UUID
    home_no: str
    id: UUID
    address_sealed: bytes
    lon: float | None
    lat: float | None
    floor: int
    has_lift: bool
    care_institution_id: UUID | None
    grid: str | None


class KnownPerson(NamedTuple):
    """What a load compares of a person."""

    id_number_index: bytes
    id: UUID
    name: str
    phone_index: bytes | None
    home_id: UUID | None
    deceased_on: date | None
    language: str | None
    language_required: bool
    precaution: str


class KnownGroup(NamedTuple):
    """A key group of a person, both days included."""

    person_id: UUID
    key_group: str
    valid_from: date
    valid_to: date | None


class KnownCoverage(NamedTuple):
    """A medical insurance of a person, both days included."""

    person_id: UUID
    plan_code: str
    valid_from: date
    valid_to: date | None


def _columns(model: type[SQLModel], known: type[Any]) -> list[Any]:
    """Return the columns of a model under the names of a tuple's fields."""
    table = fences.table_of(model)
    return [table.c[name] for name in known._fields]


async def find_numbered_homes(
    session: AsyncSession, region_id: UUID, numbers: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], KnownHome]:
    """Return homes by the institution that registered them and its number for them."""
    found: dict[tuple[UUID, str], KnownHome] = {}
    for batch in bulk.batches(numbers):
        # a join: of a list of numbers the planner would look through all homes of the institution
        asked = func.unnest(
            cast([institution_id for institution_id, _ in batch], ARRAY(Uuid)),
            cast([home_no for _, home_no in batch], ARRAY(Text)),
        ).table_valued("institution_id", "home_no")
        asked = asked.render_derived(name="asked")
        query = (
            select(*_columns(Home, KnownHome))
            .select_from(asked)
            .join(
                Home,
                (col(Home.region_id) == region_id)
                & (col(Home.registered_by_institution_id) == asked.c.institution_id)
                & (col(Home.home_no) == asked.c.home_no),
            )
        )
        for home in map(KnownHome._make, await session.execute(query)):
            found[home.registered_by_institution_id, home.home_no] = home
    return found


async def find_indexed(session: AsyncSession, region_id: UUID, indexes: Sequence[bytes]) -> dict[bytes, KnownPerson]:
    """Return the people whom the fence shows, by the blind index of their identity number."""
    found: dict[bytes, KnownPerson] = {}
    for batch in bulk.batches(indexes):
        query = select(*_columns(Patient, KnownPerson)).where(
            col(Patient.region_id) == region_id, col(Patient.id_number_index).in_(batch)
        )
        found |= {one.id_number_index: one for one in map(KnownPerson._make, await session.execute(query))}
    return found


async def list_key_groups(session: AsyncSession, region_id: UUID, person_ids: Sequence[UUID]) -> list[KnownGroup]:
    """Return all key group rows of many people."""
    found: list[KnownGroup] = []
    for batch in bulk.batches(person_ids):
        query = select(*_columns(KeyGroupRow, KnownGroup)).where(
            col(KeyGroupRow.region_id) == region_id, col(KeyGroupRow.person_id).in_(batch)
        )
        found.extend(map(KnownGroup._make, await session.execute(query)))
    return found


async def list_coverages(session: AsyncSession, region_id: UUID, person_ids: Sequence[UUID]) -> list[KnownCoverage]:
    """Return all medical insurances of many people."""
    found: list[KnownCoverage] = []
    for batch in bulk.batches(person_ids):
        query = select(*_columns(Coverage, KnownCoverage)).where(
            col(Coverage.region_id) == region_id, col(Coverage.person_id).in_(batch)
        )
        found.extend(map(KnownCoverage._make, await session.execute(query)))
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
        # a join, as for homes; the name of the list tells the audit trail whose rows are read
        asked = func.unnest(cast(bindparam("persons", list(batch)), ARRAY(Uuid))).table_valued("person_id")
        asked = asked.render_derived(name="asked")
        query = (
            select(col(CareRelation.person_id), col(CareRelation.institution_id))
            .select_from(asked)
            .join(
                CareRelation,
                (col(CareRelation.region_id) == region_id) & (col(CareRelation.person_id) == asked.c.person_id),
            )
            .where(col(CareRelation.institution_id).in_(institution_ids), relation_repository.in_force(now))
        )
        rows = await session.execute(query)
        found |= {(person_id, institution_id) for person_id, institution_id in rows if institution_id}
    return found


async def list_deceased(session: AsyncSession, region_id: UUID, person_ids: Sequence[UUID]) -> set[UUID]:
    """Return those of many people who have died."""
    found: set[UUID] = set()
    for batch in bulk.batches(person_ids):
        query = select(col(Patient.id)).where(
            col(Patient.region_id) == region_id, col(Patient.id).in_(batch), col(Patient.deceased_on).is_not(None)
        )
        found.update((await session.execute(query)).scalars())
    return found


async def list_shown(session: AsyncSession, region_id: UUID, person_ids: Sequence[UUID]) -> set[UUID]:
    """Return the ids of those of many people whom the fence shows."""
    found: set[UUID] = set()
    for batch in bulk.batches(person_ids):
        query = select(col(Patient.id)).where(col(Patient.region_id) == region_id, col(Patient.id).in_(batch))
        found.update((await session.execute(query)).scalars())
    return found


async def relate_registered(session: AsyncSession, person_ids: Sequence[UUID], because: str) -> None:
    """Let the institution that registered each of many people care for him, if it is one of the asker's."""
    for batch in bulk.batches(person_ids):
        asked = {"ids": [new_id() for _ in batch], "persons": list(batch), "because": because}
        await session.execute(_RELATE, asked)
