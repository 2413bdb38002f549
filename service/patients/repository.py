"""Every query and lock of patients. What people see is asked twice: here by care relation, beneath by the fence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core import paging
from service.core.db import refusals
from service.core.db.asked_once import asked_once
from service.core.db.questions import Question
from service.core.principal import Principal
from service.patients import errors, facts, relation_repository, rules
from service.patients.models import CareRelation, Coverage, Home, KeyGroupRow, Patient
from service.patients.placing_rules import Placing

refusals.name_constraints(
    {
        "patients_id_number_once": errors.PersonAlreadyRegistered,
        "key_group_rows_once": errors.KeyGroupAlready,
        "homes_placed_in_turn": errors.HomePlacedMeanwhile,
        "homes_pin_stays": errors.HomePlacedMeanwhile,
        "home_reviews_one_open": errors.HomePlacedMeanwhile,
        "coverages_one_insurance": errors.CoverageOverlaps,
    }
)

PERSON: Final[Question[rules.PersonFacts | None]] = Question(
    "id name sex born_on home_id deceased_on",
    "patients where region_id = :region_id and id = :person_id",
    lambda rows: next(map(facts.person, rows), None),
)
_PLACE: Final = "id lon lat floor has_lift care_institution_id placed entry_minutes grid"
# rows, for one without a position is no home to the neighbours
HOME: Final[Question[Any]] = Question(
    _PLACE, "homes where region_id = :region_id and id = :home_id", lambda rows: next(iter(rows), None)
)
HOME_OF: Final[Question[Any]] = Question(
    _PLACE,
    "homes where region_id = :region_id"
    " and id = (select home_id from patients where region_id = :region_id and id = :person_id)",
    lambda rows: next(iter(rows), None),
    tells=lambda home, asked: [(HOME.of(region_id=asked["region_id"], home_id=home.id), home)] if home else [],
)
HOMES: Final[Question[dict[UUID, rules.HomeFacts]]] = Question(
    _PLACE,
    f"homes where region_id = :region_id and id = any(:home_ids) and placed <> '{Placing.unplaced}'",
    lambda rows: {row.id: facts.home(row) for row in rows},
)
KEY_GROUPS: Final[Question[list[rules.KeyGroupFacts]]] = Question(
    KeyGroupRow,
    "key_group_rows where region_id = :region_id and person_id = any(:person_ids) order by valid_from, id",
    lambda rows: [facts.key_group(row) for row in rows],
)
# when each of some people was born, and what whoever is sent to him must be: whoever plans a day asks for both
CARE: Final[Question[dict[UUID, tuple[date, rules.CareFacts]]]] = Question(
    "id born_on precaution language language_required excluded_practitioner_ids",
    "patients where region_id = :region_id and id = any(:person_ids)",
    lambda rows: {row.id: (row.born_on, facts.care(row)) for row in rows},
)
COVERAGES: Final[Question[list[rules.CoverageFacts]]] = Question(
    Coverage,
    "coverages where region_id = :region_id and person_id = :person_id order by valid_from",
    lambda rows: [facts.coverage(row) for row in rows],
)


@dataclass(frozen=True, slots=True)
class Search:
    """What a list of people is narrowed to; None = not asked."""

    name: str | None = None
    id_number_index: bytes | None = None
    phone_index: bytes | None = None
    key_group: str | None = None
    on: date | None = None


def _related(principal: Principal, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the principal has a relation in force to a person, or that he lives with him."""
    related = exists().where(
        col(CareRelation.region_id) == principal.region_id,
        col(CareRelation.person_id) == col(Patient.id),
        relation_repository.mine(principal),
        relation_repository.in_force(now),
    )
    return or_(related, relation_repository.resident(principal))


def _dated(row: type[KeyGroupRow] | type[Coverage], on: date) -> ColumnElement[bool]:
    return (col(row.valid_from) <= on) & or_(col(row.valid_to).is_(None), col(row.valid_to) >= on)


@asked_once
async def find_person(session: AsyncSession, region_id: UUID, person_id: UUID) -> Patient | None:
    """Return a person whom the fence lets through."""
    return await session.get(Patient, (region_id, person_id))


async def list_people(
    session: AsyncSession, principal: Principal, now: datetime, search: Search, page: paging.PageRequest
) -> Sequence[Patient]:
    """Return the people to whom the principal has a relation in force, by id, one more than the page holds."""
    query = select(Patient).where(col(Patient.region_id) == principal.region_id, _related(principal, now))
    if search.name is not None:
        query = query.where(col(Patient.name).contains(search.name, autoescape=True))
    if search.id_number_index is not None:
        query = query.where(col(Patient.id_number_index) == search.id_number_index)
    if search.phone_index is not None:
        query = query.where(col(Patient.phone_index) == search.phone_index)
    if search.key_group is not None and search.on is not None:
        query = query.where(
            exists().where(
                col(KeyGroupRow.region_id) == principal.region_id,
                col(KeyGroupRow.person_id) == col(Patient.id),
                col(KeyGroupRow.key_group) == search.key_group,
                _dated(KeyGroupRow, search.on),
            )
        )
    if page.after is not None:
        query = query.where(col(Patient.id) > page.after)
    return (await session.execute(query.order_by(col(Patient.id)).limit(page.limit + 1))).scalars().all()


def _homes_of(principal: Principal, now: datetime) -> ColumnElement[bool]:
    """Return the condition that a home was entered by one's institution, or one may see a resident of it."""
    resident = exists().where(
        col(Patient.region_id) == principal.region_id,
        col(Patient.home_id) == col(Home.id),
        _related(principal, now),
    )
    return or_(col(Home.registered_by_institution_id).in_(principal.institution_ids), resident)


async def find_home_of(
    session: AsyncSession, principal: Principal, home_id: UUID, now: datetime, *, lock: bool = False
) -> Home | None:
    """Return a home that the principal may see; `lock`: its position is changed by one after the other."""
    query = select(Home).where(
        col(Home.region_id) == principal.region_id, col(Home.id) == home_id, _homes_of(principal, now)
    )
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def list_homes(
    session: AsyncSession, principal: Principal, now: datetime, page: paging.PageRequest
) -> Sequence[Home]:
    """Return the homes that the principal may see, by id, one more than the page holds."""
    query = select(Home).where(col(Home.region_id) == principal.region_id, _homes_of(principal, now))
    if page.after is not None:
        query = query.where(col(Home.id) > page.after)
    return (await session.execute(query.order_by(col(Home.id)).limit(page.limit + 1))).scalars().all()


@asked_once
async def find_homes(session: AsyncSession, region_id: UUID, home_ids: Sequence[UUID]) -> Sequence[Home]:
    """Return those of the homes that the fence lets through."""
    query = select(Home).where(col(Home.region_id) == region_id, col(Home.id).in_(home_ids))
    return (await session.execute(query)).scalars().all()


async def list_key_groups(session: AsyncSession, region_id: UUID, person_ids: Sequence[UUID]) -> Sequence[KeyGroupRow]:
    """Return all key group rows of some people, the oldest first."""
    query = select(KeyGroupRow).where(
        col(KeyGroupRow.region_id) == region_id, col(KeyGroupRow.person_id).in_(person_ids)
    )
    return (await session.execute(query.order_by(col(KeyGroupRow.valid_from), col(KeyGroupRow.id)))).scalars().all()


async def find_key_group(session: AsyncSession, region_id: UUID, person_id: UUID, row_id: UUID) -> KeyGroupRow | None:
    """Return a key group row of a person."""
    row = await session.get(KeyGroupRow, (region_id, row_id))
    return row if row is not None and row.person_id == person_id else None


async def list_coverages(session: AsyncSession, region_id: UUID, person_id: UUID) -> Sequence[Coverage]:
    """Return a person's medical insurances, the oldest first."""
    query = select(Coverage).where(col(Coverage.region_id) == region_id, col(Coverage.person_id) == person_id)
    return (await session.execute(query.order_by(col(Coverage.valid_from)))).scalars().all()


async def find_coverage(session: AsyncSession, region_id: UUID, person_id: UUID, row_id: UUID) -> Coverage | None:
    """Return a medical insurance of a person."""
    row = await session.get(Coverage, (region_id, row_id))
    return row if row is not None and row.person_id == person_id else None
