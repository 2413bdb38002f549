"""What other rooms ask of patients: who somebody is, where he lives, what he belongs to, who may act for him."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts.rules import Role
from service.core import access, dates, problems
from service.core.db.questions import Asked
from service.core.http import House
from service.core.principal import Principal
from service.patients import errors, facts, hospital_repository, ltci_repository, relation_repository, repository, rules

ADDRESS = "homes.address"
"""The context under which addresses are sealed."""


async def get_person(session: AsyncSession, *, region_id: UUID, person_id: UUID) -> rules.PersonFacts:
    """Return a person whom the session's fence lets through.

    Raises:
        problems.NotFound: there is none.
    """
    found = await repository.PERSON.ask(session, region_id=region_id, person_id=person_id)
    if found is None:
        raise problems.NotFound(what="居民")
    return found


async def relations_to(
    session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime
) -> list[rules.RelationFacts]:
    """Return the relations in force that the principal, or his institutions, have to a person."""
    return await relation_repository.asked_of(principal, person_id, now).ask(session)


async def rights_over(
    session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime
) -> frozenset[rules.Right]:
    """Return what the principal may do for a person; empty when he has nothing to do with him."""
    rights = rules.rights_of(await relations_to(session, principal=principal, person_id=person_id, now=now))
    if await lives_with(session, principal=principal, person_id=person_id):
        rights |= rules.OVER_RESIDENTS
    return rights


async def lives_with(session: AsyncSession, *, principal: Principal, person_id: UUID) -> bool:
    """Return whether the principal is staff of the care home (养老机构) in which a person lives."""
    if principal.role != Role.care_home_staff:
        return False
    return await relation_repository.is_resident(session, principal, person_id)


async def residents(session: AsyncSession, *, principal: Principal) -> set[UUID] | None:
    """Return who lives in the care home whose staff the principal is; None for everybody else."""
    if principal.role != Role.care_home_staff:
        return None
    return await relation_repository.list_residents(session, principal)


async def require_care(session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime) -> None:
    """Refuse unless one of the principal's institutions cares for the person; being his proxy is not enough.

    Raises:
        problems.NotFound: none does; existence stays secret.
    """
    found = await relations_to(session, principal=principal, person_id=person_id, now=now)
    if not any(each.kind is rules.RelationKind.institution for each in found):
        raise problems.NotFound(what="居民")


async def require_right(
    session: AsyncSession, *, principal: Principal, person_id: UUID, right: rules.Right, now: datetime
) -> None:
    """Refuse unless a care relation in force gives the principal a right over a person.

    The elder's own account has all rights, a proxy those granted to it, an institution's staff view and book, and so
    does the staff of the care home in which he lives.

    Raises:
        problems.NotFound: no relation at all; existence stays secret.
        RightMissing: a relation, but without this right.
    """
    rights = await rights_over(session, principal=principal, person_id=person_id, now=now)
    if not rights:
        raise problems.NotFound(what="居民")
    if right not in rights:
        raise errors.RightMissing(right=str(right))


async def require_booking_at(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, person_id: UUID, now: datetime
) -> None:
    """Refuse who may not book for the person at the institution.

    Elders, proxies and the care home in which he lives choose any institution of the region; other staff book for
    where they work.

    Raises:
        problems.NotFound: the person or the institution is not the principal's to see.
        RightMissing: a proxy without the right `book`.
    """
    if principal.institution_ids and not await lives_with(session, principal=principal, person_id=person_id):
        access.require_institution(principal, institution_id)
    await require_right(session, principal=principal, person_id=person_id, right=rules.Right.book, now=now)


async def my_people(session: AsyncSession, *, principal: Principal, now: datetime) -> list[rules.ActsFor]:
    """Return the people whom the principal's own account may act for: himself first, then as proxy."""
    rows = await relation_repository.list_acted_for(session, principal.region_id, principal.account_id, now)
    return [
        rules.ActsFor(
            person_id=person.id,
            name=person.name,
            kind=relation.kind,
            relation=relation.kinship,
            rights=relation.rights,
            valid_to=relation.valid_to,
        )
        for relation, person in ((facts.relation(row), person) for row, person in rows)
    ]


async def get_home(session: AsyncSession, *, region_id: UUID, home_id: UUID) -> rules.HomeFacts:
    """Return a home that the session's fence lets through.

    Raises:
        problems.NotFound: there is none.
        errors.HomeNotPlaced: it has no position.
    """
    row = await repository.HOME.ask(session, region_id=region_id, home_id=home_id)
    if row is None:
        raise problems.NotFound(what="住址")
    return facts.home(row)


async def homes(session: AsyncSession, *, region_id: UUID, ids: Sequence[UUID]) -> dict[UUID, rules.HomeFacts]:
    """Return those of the homes that the session's fence lets through and that have a position, by id."""
    found = await repository.HOMES.ask(session, region_id=region_id, home_ids=list(ids))
    # whoever asked before shares the answer
    return dict(found)


async def open_address(session: AsyncSession, *, house: House, region_id: UUID, home_id: UUID) -> str:
    """Return the address of a home in the clear, for the one at its door.

    Raises:
        problems.NotFound: there is no such home, or the fence hides it.
    """
    rows = await repository.find_homes(session, region_id, [home_id])
    if not rows:
        raise problems.NotFound(what="住址")
    return house.cipher.open(rows[0].address_sealed, context=ADDRESS)


async def groups_of(
    session: AsyncSession, *, region_id: UUID, person_ids: Sequence[UUID], on: date
) -> dict[UUID, frozenset[rules.KeyGroup]]:
    """Return the key groups of each of the people on a day; every id is a key, also of a person in no group."""
    rows = await repository.KEY_GROUPS.ask(session, region_id=region_id, person_ids=list(person_ids))
    found: defaultdict[UUID, set[rules.KeyGroup]] = defaultdict(set)
    for row in dates.in_force(rows, on):
        found[row.person_id].add(row.key_group)
    return {person_id: frozenset(found[person_id]) for person_id in person_ids}


async def care_of(session: AsyncSession, *, region_id: UUID, person_ids: Sequence[UUID]) -> dict[UUID, rules.CareFacts]:
    """Return what whoever is sent to each of the people must be; nobody whom the fence hides is a key."""
    found = await repository.CARE.ask(session, region_id=region_id, person_ids=list(person_ids))
    return {person_id: care for person_id, (_, care) in found.items()}


async def births_of(session: AsyncSession, *, region_id: UUID, person_ids: Sequence[UUID]) -> dict[UUID, date]:
    """Return when each of the people was born; nobody whom the fence hides is a key."""
    found = await repository.CARE.ask(session, region_id=region_id, person_ids=list(person_ids))
    return {person_id: born_on for person_id, (born_on, _) in found.items()}


async def dated_groups_of(session: AsyncSession, *, region_id: UUID, person_id: UUID) -> list[rules.KeyGroupFacts]:
    """Return the key groups a person ever belonged to, each with its days."""
    return await repository.KEY_GROUPS.ask(session, region_id=region_id, person_ids=[person_id])


async def has_carer(session: AsyncSession, *, region_id: UUID, person_id: UUID, now: datetime) -> bool:
    """Return whether a carer (照护者: a proxy in force who is family, guardian or care worker) is known. R129, R131."""
    proxies = await relation_repository.PROXIES.ask(session, region_id=region_id, person_id=person_id, now=now)
    return any(each.kinship in rules.CARERS for each in proxies)


async def coverage_on(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date
) -> rules.CoverageFacts | None:
    """Return the medical insurance of a person on a day, None without one."""
    rows = await repository.COVERAGES.ask(session, region_id=region_id, person_id=person_id)
    return next(iter(dates.in_force(rows, on)), None)


async def coverages(session: AsyncSession, *, region_id: UUID, person_id: UUID) -> list[rules.CoverageFacts]:
    """Return all medical insurances of a person, the oldest first."""
    return await repository.COVERAGES.ask(session, region_id=region_id, person_id=person_id)


def asked_of_payers(*, region_id: UUID, person_id: UUID) -> list[Asked[Any]]:
    """Return what billing asks of a person, to be asked together with others."""
    of = {"region_id": region_id, "person_id": person_id}
    return [repository.PERSON.of(**of), repository.COVERAGES.of(**of), ltci_repository.ASSESSMENTS.of(**of)]


def asked_of_bill(*, region_id: UUID, person_id: UUID) -> list[Asked[Any]]:
    """Return what billing asks of a person besides his payers, to be asked together with others."""
    of = {"region_id": region_id, "person_id": person_id}
    groups = repository.KEY_GROUPS.of(region_id=region_id, person_ids=[person_id])
    return [groups, hospital_repository.STAYS.of(**of)]


def asked_of_booking(*, principal: Principal, person_id: UUID, now: datetime) -> list[Asked[Any]]:
    """Return what booking asks of a person and of the principal's rights over him, to be asked together with others."""
    of = {"region_id": principal.region_id, "person_id": person_id}
    return [
        relation_repository.asked_of(principal, person_id, now),
        relation_repository.PROXIES.of(**of, now=now),
        repository.PERSON.of(**of),
        repository.HOME_OF.of(**of),
        repository.KEY_GROUPS.of(region_id=principal.region_id, person_ids=[person_id]),
    ]


async def relate_institution(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, institution_id: UUID, because: str
) -> None:
    """Let an institution care for a person from now on, when the asker acts for him (or registered him there).

    Nothing changes when it does already.

    Raises:
        problems.NotFound: the asker may not see the person.
    """
    await get_person(session, region_id=region_id, person_id=person_id)
    await relation_repository.relate_institution(session, person_id, institution_id, because)
