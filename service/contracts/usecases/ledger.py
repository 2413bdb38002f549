"""The entitlement ledger: what covers a person, what is left of it, and how it is reserved, used and given back.

Every function runs in its caller's transaction and behind its fence: whoever may see the person may ask and post.
Entitlements are always locked in the order of their ids, so that two orders wait for each other but never in a circle.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import usecases as catalog
from service.catalog.rules import InsuranceFacts
from service.contracts import errors, repository, rules
from service.contracts.usecases import enrolments
from service.core.db.questions import Asked
from service.core.db.steps import Step, take_together
from service.core.ids import new_id


async def cover_on(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date, institution_id: UUID | None = None
) -> list[rules.ContractCover]:
    """Return what contracts cover a person on a day, also those of other institutions; the earliest signed first.

    With `institution_id` only those whose package pays there. Empty for whoever has no relation to the person.
    """
    return await repository.COVER.ask(
        session, region_id=region_id, person_id=person_id, on=on, institution_id=institution_id
    )


async def balances(session: AsyncSession, *, region_id: UUID, person_id: UUID) -> list[rules.Balance]:
    """Return where every entitlement of a person stands; empty for whoever has no relation to the person."""
    return await repository.BALANCES.ask(session, region_id=region_id, person_id=person_id)


def asked_of_payers(*, region_id: UUID, institution_id: UUID, person_id: UUID, on: date) -> list[Asked[Any]]:
    """Return what billing asks of what pays for a person on a day at an institution, to be asked with others."""
    of = {"region_id": region_id, "person_id": person_id}
    return [
        repository.ENROLMENTS.of(**of, on=on),
        repository.COVER.of(**of, on=on, institution_id=institution_id),
        repository.BALANCES.of(**of),
    ]


async def ensure_year(
    session: AsyncSession,
    *,
    region_id: UUID,
    person_id: UUID,
    on: date,
    insurance: InsuranceFacts | None,
    ltci_cap_fen: int | None = None,
) -> list[rules.Balance]:
    """Grant what a person has by right in the calendar year of a day and the ledger does not know yet.

    Return where all his entitlements stand then.

    Programmes in which he is enrolled (units per year), and of `insurance`, the rule in force for his coverage that
    day, the fund's yearly cap and the deductible (fen), and `ltci_cap_fen`, the month's cap of his grade. What
    contracts grant is in the ledger since they were signed.
    """
    due = rules.due_grants(
        person_id=person_id,
        on=on,
        enrolments=await enrolments.enrolments_on(session, region_id=region_id, person_id=person_id, on=on),
        programmes=await catalog.programmes(session, region_id=region_id, on=on),
        insurance=insurance,
        ltci_cap_fen=ltci_cap_fen,
    )
    known = await balances(session, region_id=region_id, person_id=person_id)
    missing = rules.missing_grants(due, known)
    if not missing:
        return known
    await repository.grant(session, person_id=person_id, grants=missing)
    return await balances(session, region_id=region_id, person_id=person_id)


async def reserve(
    session: AsyncSession,
    *,
    region_id: UUID,
    order_id: UUID,
    person_id: UUID,
    on: date,
    claims: Sequence[rules.Claim],
) -> None:
    """Hold units for an order that is to be served on `on`; claims on the same entitlement add up.

    Raises:
        errors.EntitlementUnknown: a claim names what the person does not have.
        errors.EntitlementExhausted: too few units are left, also because another order took them just now.
    """
    known = await balances(session, region_id=region_id, person_id=person_id)
    wanted = _resolve(claims, {each.key: each.entitlement_id for each in known})
    if wanted:
        await repository.reserve(session, units=wanted, order_id=order_id, on=on)


async def held_by(session: AsyncSession, *, region_id: UUID, order_id: UUID) -> dict[UUID, int]:
    """Return the units that an order still holds, by entitlement."""
    return await repository.HELD.ask(session, region_id=region_id, order_id=order_id)


def asked_held_by(*, region_id: UUID, order_id: UUID) -> Asked[dict[UUID, int]]:
    """Return the question that `held_by` answers, to be asked together with others."""
    return repository.HELD.of(region_id=region_id, order_id=order_id)


async def release_order(session: AsyncSession, *, region_id: UUID, order_id: UUID, on: date) -> None:
    """Give back everything an order still holds; nothing when it holds nothing."""
    held = await held_by(session, region_id=region_id, order_id=order_id)
    for entitlement_id in sorted(held):
        await repository.post(
            session,
            entitlement_id=entitlement_id,
            kind="release",
            units=held[entitlement_id],
            on=on,
            order_id=order_id,
        )


async def steps_of_use(
    session: AsyncSession,
    *,
    region_id: UUID,
    person_id: UUID,
    visit_id: UUID | None,
    order_id: UUID | None,
    settlement_id: UUID,
    on: date,
    claims: Sequence[rules.Claim],
    limits: Iterable[rules.Grant] = (),
) -> list[Step]:
    """Return what uses what a settlement says, after giving back what its order still holds, one by one.

    Claims on the same entitlement add up: a settlement uses each once. Of `limits`, each used by a claim, those are
    granted that the ledger does not know. It refuses at the step what is exhausted by then, or was used before by this
    settlement.

    Raises:
        errors.EntitlementUnknown: a claim names what the person does not have.
    """
    known = await balances(session, region_id=region_id, person_id=person_id)
    granted = {new_id(): each for each in rules.missing_grants(limits, known)}
    ids = {each.key: each.entitlement_id for each in known} | {each.key: new for new, each in granted.items()}
    wanted = _resolve(claims, ids)
    held = await held_by(session, region_id=region_id, order_id=order_id) if order_id is not None else {}
    posts: list[tuple[UUID, str, int]] = []
    for entitlement_id in sorted(wanted.keys() | held.keys()):
        if entitlement_id in held:
            posts.append((entitlement_id, "release", held[entitlement_id]))
        if entitlement_id in wanted:
            posts.append((entitlement_id, "consume", wanted[entitlement_id]))
    if not posts:
        return []
    return [
        repository.using(
            posts,
            person_id=person_id,
            grants=granted,
            order_id=order_id,
            visit_id=visit_id,
            settlement_id=settlement_id,
            on=on,
        )
    ]


async def consume(
    session: AsyncSession,
    *,
    region_id: UUID,
    person_id: UUID,
    visit_id: UUID | None,
    order_id: UUID | None,
    settlement_id: UUID,
    on: date,
    claims: Sequence[rules.Claim],
) -> None:
    """Use what a settlement says, after giving back what its order still holds, as `steps_of_use` writes it down.

    Raises:
        errors.EntitlementUnknown: a claim names what the person does not have.
        errors.EntitlementExhausted: too few units are left.
        errors.ConsumedAlready: the settlement was posted before.
    """
    steps = await steps_of_use(
        session,
        region_id=region_id,
        person_id=person_id,
        visit_id=visit_id,
        order_id=order_id,
        settlement_id=settlement_id,
        on=on,
        claims=claims,
    )
    await take_together(session, steps)


async def return_settlement(session: AsyncSession, *, region_id: UUID, settlement_id: UUID, on: date) -> None:
    """Give back everything a settlement has used; nothing when it is given back already."""
    used = await repository.consumed_by(session, region_id=region_id, settlement_id=settlement_id)
    for entitlement_id in sorted(used):
        await repository.post(
            session,
            entitlement_id=entitlement_id,
            kind="reverse",
            units=used[entitlement_id],
            on=on,
            settlement_id=settlement_id,
        )


def _resolve(claims: Iterable[rules.Claim], known: Mapping[rules.Key, UUID]) -> dict[UUID, int]:
    wanted = rules.sum_claims(claims)
    for source, _, code, period in wanted.keys() - known.keys():
        raise errors.EntitlementUnknown(source=str(source), item=code, period=period)
    return {known[key]: units for key, units in wanted.items()}
