"""Every query and lock of patients. What people see is asked twice: here by care relation, beneath by the fence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, literal, or_, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core import paging
from service.core.db import refusals
from service.core.ids import new_id
from service.core.principal import Principal
from service.patients import errors
from service.patients.models import CareRelation, Coverage, Home, KeyGroupRow, Patient

refusals.name_constraints(
    {
        "patients_id_number_once": errors.PersonAlreadyRegistered,
        "key_group_rows_once": errors.KeyGroupAlready,
        "coverages_one_insurance": errors.CoverageOverlaps,
        "care_relations_institution_once": errors.AdmissionInFlight,
        "care_relations_account_once": errors.AlreadyActsForPerson,
        "care_relations_one_self": errors.AlreadyBound,
        "care_relations_self_once": errors.AlreadyBound,
        "care_relations_max_proxies": errors.TooManyProxies,
        "care_relations_max_elders": errors.TooManyElders,
    }
)


@dataclass(frozen=True, slots=True)
class Search:
    """What a list of people is narrowed to; None = not asked."""

    name: str | None = None
    id_number_index: bytes | None = None
    phone_index: bytes | None = None
    key_group: str | None = None
    on: date | None = None


def _in_force(at: datetime) -> ColumnElement[bool]:
    return col(CareRelation.during).op("@>")(literal(at))


def _mine(principal: Principal) -> ColumnElement[bool]:
    return or_(
        col(CareRelation.account_id) == principal.account_id,
        col(CareRelation.institution_id).in_(principal.institution_ids),
    )


def _related(principal: Principal, person: Any, now: datetime) -> ColumnElement[bool]:
    """Return the condition that the principal has a relation in force to a person."""
    return exists().where(
        col(CareRelation.region_id) == principal.region_id,
        col(CareRelation.person_id) == person,
        _mine(principal),
        _in_force(now),
    )


def _dated(row: type[KeyGroupRow] | type[Coverage], on: date) -> ColumnElement[bool]:
    return (col(row.valid_from) <= on) & or_(col(row.valid_to).is_(None), col(row.valid_to) >= on)


async def find_person(session: AsyncSession, region_id: UUID, person_id: UUID) -> Patient | None:
    """Return a person whom the fence lets through."""
    return await session.get(Patient, (region_id, person_id))


async def list_people(
    session: AsyncSession, principal: Principal, now: datetime, search: Search, page: paging.PageRequest
) -> Sequence[Patient]:
    """Return the people to whom the principal has a relation in force, by id, one more than the page holds."""
    query = select(Patient).where(
        col(Patient.region_id) == principal.region_id, _related(principal, col(Patient.id), now)
    )
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
        _related(principal, col(Patient.id), now),
    )
    return or_(col(Home.registered_by_institution_id).in_(principal.institution_ids), resident)


async def find_home_of(session: AsyncSession, principal: Principal, home_id: UUID, now: datetime) -> Home | None:
    """Return a home that the principal may see."""
    query = select(Home).where(
        col(Home.region_id) == principal.region_id, col(Home.id) == home_id, _homes_of(principal, now)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def list_homes(
    session: AsyncSession, principal: Principal, now: datetime, page: paging.PageRequest
) -> Sequence[Home]:
    """Return the homes that the principal may see, by id, one more than the page holds."""
    query = select(Home).where(col(Home.region_id) == principal.region_id, _homes_of(principal, now))
    if page.after is not None:
        query = query.where(col(Home.id) > page.after)
    return (await session.execute(query.order_by(col(Home.id)).limit(page.limit + 1))).scalars().all()


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


async def list_own_relations(
    session: AsyncSession, principal: Principal, person_id: UUID, now: datetime
) -> Sequence[CareRelation]:
    """Return the relations in force between the principal (or his institutions) and a person."""
    query = select(CareRelation).where(
        col(CareRelation.region_id) == principal.region_id,
        col(CareRelation.person_id) == person_id,
        _mine(principal),
        _in_force(now),
    )
    return (await session.execute(query)).scalars().all()


async def list_acted_for(
    session: AsyncSession, region_id: UUID, account_id: UUID, now: datetime
) -> Sequence[tuple[CareRelation, Patient]]:
    """Return the people an account may act for, with the relation, the account's own person first."""
    query = (
        select(CareRelation, Patient)
        .join(
            Patient,
            (col(Patient.region_id) == col(CareRelation.region_id)) & (col(Patient.id) == col(CareRelation.person_id)),
        )
        .where(col(CareRelation.region_id) == region_id, col(CareRelation.account_id) == account_id, _in_force(now))
        .order_by(col(CareRelation.kind) != "self", col(CareRelation.id))
    )
    return [(relation, person) for relation, person in (await session.execute(query)).all()]


async def list_proxies(
    session: AsyncSession, region_id: UUID, person_id: UUID, now: datetime
) -> Sequence[CareRelation]:
    """Return a person's proxies in force."""
    query = select(CareRelation).where(
        col(CareRelation.region_id) == region_id,
        col(CareRelation.person_id) == person_id,
        col(CareRelation.kind) == "proxy",
        _in_force(now),
    )
    return (await session.execute(query.order_by(col(CareRelation.id)))).scalars().all()


async def lock_proxy(session: AsyncSession, region_id: UUID, person_id: UUID, proxy_id: UUID) -> CareRelation | None:
    """Return a proxy of a person, locked: of two revocations the second sees the first one's end."""
    query = select(CareRelation).where(
        col(CareRelation.region_id) == region_id,
        col(CareRelation.person_id) == person_id,
        col(CareRelation.id) == proxy_id,
        col(CareRelation.kind) == "proxy",
    )
    return (await session.execute(query.with_for_update())).scalar_one_or_none()


def end_relation(row: CareRelation, *, started: datetime | None, now: datetime) -> None:
    """End a relation now; one made in this very moment was never in force (an empty range)."""
    row.during = Range(started, now, bounds="[)") if started is None or started < now else Range(empty=True)


async def relate_institution(session: AsyncSession, person_id: UUID, institution_id: UUID, because: str) -> None:
    """Let an institution care for a person, if the asker registered him or acts for him."""
    await session.execute(select(func.patients_relate_institution(new_id(), person_id, institution_id, because)))


async def admit(
    session: AsyncSession, id_number_index: bytes, name: str, institution_id: UUID, because: str
) -> UUID | None:
    """Let one's institution care for the person with this number and name; None when there is no such person."""
    found: UUID | None = await session.scalar(
        select(func.patients_admit(new_id(), id_number_index, name, institution_id, because))
    )
    return found


async def bind_account(
    session: AsyncSession, id_number_index: bytes, name: str, account_id: UUID, because: str
) -> UUID | None:
    """Make an elder's account the person's own; None when there is no such person or account."""
    found: UUID | None = await session.scalar(
        select(func.patients_bind_account(new_id(), id_number_index, name, account_id, because))
    )
    return found


_GRANT = text(
    "select patients_grant_proxy(:id, :person, :account, :kinship, cast(:rights as text[]), :until, :because,"
    " :max_proxies, :max_elders)"
)


async def grant_proxy(
    session: AsyncSession,
    *,
    proxy_id: UUID,
    person_id: UUID,
    account_id: UUID,
    kinship: str,
    rights: Sequence[str],
    until: datetime | None,
    because: str,
    max_proxies: int,
    max_elders: int,
) -> bool:
    """Let an account act for a person; False when the person is not the asker's or there is no such account."""
    granted = await session.scalar(
        _GRANT,
        {
            "id": proxy_id,
            "person": person_id,
            "account": account_id,
            "kinship": kinship,
            "rights": list(rights),
            "until": until,
            "because": because,
            "max_proxies": max_proxies,
            "max_elders": max_elders,
        },
    )
    return bool(granted)
