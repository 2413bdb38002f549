"""Every query and lock of care relations, and the narrow functions through which they are made."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, false, func, literal, or_, text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from service.accounts.rules import Role
from service.core.audit import trail
from service.core.db import refusals
from service.core.db.questions import Asked, Question
from service.core.ids import new_id
from service.core.principal import Principal
from service.patients import errors, facts, rules
from service.patients.models import CareRelation, Home, Patient

refusals.name_constraints(
    {
        "care_relations_institution_once": errors.AdmissionInFlight,
        "care_relations_account_once": errors.AlreadyActsForPerson,
        "care_relations_one_self": errors.AlreadyBound,
        "care_relations_self_once": errors.AlreadyBound,
        "care_relations_max_proxies": errors.TooManyProxies,
        "care_relations_max_elders": errors.TooManyElders,
    }
)


def in_force(at: datetime) -> ColumnElement[bool]:
    """Return the condition that a care relation is in force at a moment."""
    return col(CareRelation.during).op("@>")(literal(at))


def mine(principal: Principal) -> ColumnElement[bool]:
    """Return the condition that a care relation is the principal's own, or one of his institutions'."""
    return or_(
        col(CareRelation.account_id) == principal.account_id,
        col(CareRelation.institution_id).in_(principal.institution_ids),
    )


def resident(principal: Principal) -> ColumnElement[bool]:
    """Return the condition that a person lives in the care home at which the principal works (never, for others)."""
    if principal.role != Role.care_home_staff:
        return false()
    house = aliased(Home)
    ours = select(col(house.id)).where(
        col(house.region_id) == principal.region_id, col(house.care_institution_id).in_(principal.institution_ids)
    )
    return col(Patient.deceased_on).is_(None) & col(Patient.home_id).in_(ours)


async def list_residents(session: AsyncSession, principal: Principal) -> set[UUID]:
    """Return who lives in the care home at which the principal works."""
    query = select(col(Patient.id)).where(col(Patient.region_id) == principal.region_id, resident(principal))
    return set((await session.execute(query)).scalars())


async def is_resident(session: AsyncSession, principal: Principal, person_id: UUID) -> bool:
    """Return whether a person lives in the care home at which the principal works."""
    query = select(col(Patient.id)).where(
        col(Patient.region_id) == principal.region_id, col(Patient.id) == person_id, resident(principal)
    )
    return (await session.execute(query)).first() is not None


_IN_FORCE: Final = (
    "care_relations where region_id = :region_id and person_id = :person_id"
    " and during @> cast(:now as timestamptz) and "
)
_COLUMNS: Final = "id person_id kind institution_id account_id relation rights because"
# a range inside a row is more than the driver understands
_DURING: Final = {"valid_from": "lower(during)", "valid_to": "upper(during)"}


def _relations(rows: Sequence[Any]) -> list[rules.RelationFacts]:
    return [facts.relation_during(row, row.valid_from, row.valid_to) for row in rows]


# those between somebody (or his institutions) and a person
OWN: Final[Question[list[rules.RelationFacts]]] = Question(
    _COLUMNS,
    f"{_IN_FORCE} (account_id = :account_id or institution_id = any(:institution_ids))",
    _relations,
    also=_DURING,
)
PROXIES: Final[Question[list[rules.RelationFacts]]] = Question(
    _COLUMNS, f"{_IN_FORCE} kind = 'proxy' order by id", _relations, also=_DURING
)


def asked_of(principal: Principal, person_id: UUID, now: datetime) -> Asked[list[rules.RelationFacts]]:
    """Return the question which relations in force the principal, or his institutions, have to a person."""
    return OWN.of(
        region_id=principal.region_id,
        person_id=person_id,
        now=now,
        account_id=principal.account_id,
        institution_ids=list(principal.institution_ids),
    )


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
        .where(col(CareRelation.region_id) == region_id, col(CareRelation.account_id) == account_id, in_force(now))
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
        in_force(now),
    )
    return (await session.execute(query.order_by(col(CareRelation.id)))).scalars().all()


async def proxy_names(session: AsyncSession, person_id: UUID) -> dict[UUID, str]:
    """Return the names of the accounts that act, or have acted, for a person whom the fence shows."""
    found = await session.execute(
        text("select account_id, name from patients_proxy_names(:person)"), {"person": person_id}
    )
    return {row.account_id: row.name for row in found}


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
    trail.name_person(session, person_id)


async def admit(
    session: AsyncSession, id_number_index: bytes, name: str, institution_id: UUID, because: str
) -> UUID | None:
    """Let one's institution care for the person with this number and name; None when there is no such person."""
    found: UUID | None = await session.scalar(
        select(func.patients_admit(new_id(), id_number_index, name, institution_id, because))
    )
    trail.name_person(session, found)
    return found


async def bind_account(
    session: AsyncSession, id_number_index: bytes, name: str, account_id: UUID, because: str
) -> UUID | None:
    """Make an elder's account the person's own; None when there is no such person or account."""
    found: UUID | None = await session.scalar(
        select(func.patients_bind_account(new_id(), id_number_index, name, account_id, because))
    )
    trail.name_person(session, found)
    return found


_GRANT = text(
    "select patients_grant_proxy(:id, :person, :account, :kinship, cast(:rights as text[]), :until, :because)"
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
        },
    )
    return bool(granted)
