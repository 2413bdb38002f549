"""Every query of contracts, the ledger's functions, and which refusal each constraint stands for."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, or_, select

from service.catalog.rules import IncomeClass
from service.contracts import errors, rules
from service.contracts.models import Contract, Package, PackageItem, ProgrammeEnrolment
from service.core.db import refusals
from service.core.db.questions import Question
from service.core.db.steps import Step
from service.core.ids import new_id
from service.core.paging import PageRequest


async def add_package(session: AsyncSession, row: Package, closes_on: date) -> None:
    """Add a version of a package; an open one that began earlier is offered until `closes_on`."""
    if row.valid_to is None:
        running = (
            select(Package)
            .where(
                col(Package.region_id) == row.region_id,
                col(Package.institution_id) == row.institution_id,
                col(Package.code) == row.code,
                col(Package.valid_to).is_(None),
                col(Package.valid_from) < row.valid_from,
            )
            # whoever else replaces the same version at this moment waits here, then meets the constraint
            .with_for_update()
        )
        found = (await session.execute(running)).scalar_one_or_none()
        if found is not None:
            found.valid_to = closes_on
            await session.flush()  # before the insert: the constraint would not let both stand
    session.add(row)
    await session.flush()


async def find_package(
    session: AsyncSession, *, region_id: UUID, package_id: UUID, lock: bool = False
) -> Package | None:
    """Return a package; `lock` it to change it (who may not change it does not find it then)."""
    query = select(Package).where(col(Package.region_id) == region_id, col(Package.id) == package_id)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def list_packages(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, on: date | None, page: PageRequest
) -> Sequence[Package]:
    """Return a page (and one row more) of an institution's packages by id; with `on`, those offered that day."""
    query = select(Package).where(col(Package.region_id) == region_id, col(Package.institution_id) == institution_id)
    if on is not None:
        query = query.where(_in_force(Package, on))
    if page.after is not None:
        query = query.where(col(Package.id) > page.after)
    return (await session.execute(query.order_by(col(Package.id)).limit(page.limit + 1))).scalars().all()


async def packages_of(session: AsyncSession, *, region_id: UUID, package_ids: Collection[UUID]) -> Sequence[Package]:
    """Return the named packages."""
    query = select(Package).where(col(Package.region_id) == region_id, col(Package.id).in_(package_ids))
    return (await session.execute(query)).scalars().all()


async def items_of(session: AsyncSession, *, region_id: UUID, package_ids: Collection[UUID]) -> Sequence[PackageItem]:
    """Return the items of packages, by code."""
    query = select(PackageItem).where(
        col(PackageItem.region_id) == region_id, col(PackageItem.package_id).in_(package_ids)
    )
    return (await session.execute(query.order_by(col(PackageItem.code)))).scalars().all()


async def find_contract(
    session: AsyncSession, *, region_id: UUID, contract_id: UUID, lock: bool = False
) -> Contract | None:
    """Return a contract; `lock` it to change it (only its institution finds it then)."""
    query = select(Contract).where(col(Contract.region_id) == region_id, col(Contract.id) == contract_id)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


def _live(on: date) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that a contract is in force on a day."""
    not_ended = or_(col(Contract.terminated_on).is_(None), col(Contract.terminated_on) > on)
    return col(Contract.valid_from) <= on, col(Contract.valid_to) >= on, not_ended


async def list_contracts(
    session: AsyncSession,
    *,
    region_id: UUID,
    institution_ids: Collection[UUID] | None,
    person_ids: Collection[UUID] | None,
    on: date | None,
    page: PageRequest,
) -> Sequence[Contract]:
    """Return a page (and one row more) of contracts by id: of institutions, of persons, in force on a day."""
    query = select(Contract).where(col(Contract.region_id) == region_id)
    if institution_ids is not None:
        query = query.where(col(Contract.institution_id).in_(institution_ids))
    if person_ids is not None:
        query = query.where(col(Contract.person_id).in_(person_ids))
    if on is not None:
        query = query.where(*_live(on))
    if page.after is not None:
        query = query.where(col(Contract.id) > page.after)
    return (await session.execute(query.order_by(col(Contract.id)).limit(page.limit + 1))).scalars().all()


async def family_doctors(
    session: AsyncSession, *, region_id: UUID, person_ids: Collection[UUID], on: date
) -> dict[UUID, UUID]:
    """Return the doctor of each person's contract in force on a day, of the contracts that the fence shows."""
    query = select(col(Contract.person_id), col(Contract.doctor_id)).where(
        col(Contract.region_id) == region_id, col(Contract.person_id).in_(person_ids), *_live(on)
    )
    return {row.person_id: row.doctor_id for row in await session.execute(query)}


async def find_enrolment(session: AsyncSession, *, region_id: UUID, enrolment_id: UUID) -> ProgrammeEnrolment | None:
    """Return an enrolment, locked to be changed."""
    query = select(ProgrammeEnrolment).where(
        col(ProgrammeEnrolment.region_id) == region_id, col(ProgrammeEnrolment.id) == enrolment_id
    )
    return (await session.execute(query.with_for_update())).scalar_one_or_none()


async def list_enrolments(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, page: PageRequest
) -> Sequence[ProgrammeEnrolment]:
    """Return a page (and one row more) of a person's enrolments by id."""
    query = select(ProgrammeEnrolment).where(
        col(ProgrammeEnrolment.region_id) == region_id, col(ProgrammeEnrolment.person_id) == person_id
    )
    if page.after is not None:
        query = query.where(col(ProgrammeEnrolment.id) > page.after)
    return (await session.execute(query.order_by(col(ProgrammeEnrolment.id)).limit(page.limit + 1))).scalars().all()


def _cover(row: Any) -> rules.ContractCover:
    return rules.ContractCover(
        contract_id=row.contract_id,
        institution_id=row.institution_id,
        signed_on=row.signed_on,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        terminated_on=row.terminated_on,
        covers_visit_fee=row.covers_visit_fee,
        capitated_codes=frozenset(row.capitated_codes),
        items=tuple((item["code"], item["quantity"], rules.Counting(item["counting"])) for item in row.items),
        income_class=IncomeClass(row.income_class),
    )


def _enrolments(found: Sequence[Any]) -> list[rules.EnrolmentFacts]:
    # whoever was enrolled again in a later year's row is enrolled once
    first = {row.programme_id: row for row in reversed(found)}
    return [rules.EnrolmentFacts(*row) for row in found if first[row.programme_id] is row]


def _balance(row: Any) -> rules.Balance:
    return rules.Balance(
        entitlement_id=row.entitlement_id,
        source=rules.Source(row.source),
        ref_id=row.ref_id,
        code=row.code,
        period=row.period,
        cap=row.cap,
        counting=rules.Counting(row.counting),
        used=row.used,
        reserved=row.reserved,
        closed_on=row.closed_on,
    )


# a person's enrolments by hand in force on a day, the earliest first: the order in which programmes pay; each in what
# the programme's code stands for on that day
ENROLMENTS: Final[Question[list[rules.EnrolmentFacts]]] = Question(
    "programme_id valid_from valid_to",
    "(select today.id as programme_id, e.valid_from, e.valid_to, e.id from programme_enrolments e"
    " join programmes p on p.region_id = e.region_id and p.id = e.programme_id"
    " join programmes today on today.region_id = p.region_id and today.code = p.code"
    " and today.valid_from <= :on and (today.valid_to is null or today.valid_to >= :on)"
    " where e.region_id = :region_id and e.person_id = :person_id and e.valid_from <= :on"
    " and (e.valid_to is null or e.valid_to >= :on)) as enrolled order by valid_from, id",
    _enrolments,
)
# what covers a person on a day at an institution (null: anywhere), the earliest signed first
COVER: Final[Question[list[rules.ContractCover]]] = Question(
    "contract_id institution_id signed_on valid_from valid_to terminated_on covers_visit_fee capitated_codes items"
    " income_class",
    "contracts_cover_at(:person_id, :on, :institution_id) where app_region() = :region_id",
    lambda rows: [_cover(row) for row in rows],
)
# where a person's entitlements stand; whoever posts an entry is told by the chain itself whether it still holds
BALANCES: Final[Question[list[rules.Balance]]] = Question(
    "entitlement_id source ref_id code period cap counting used reserved closed_on",
    "entitlements_standing(:person_id) where app_region() = :region_id order by entitlement_id",
    lambda rows: [_balance(row) for row in rows],
)
# one after the other as they are given, so that two who write or post the same lock it in the same order
_ASKED: Final = (
    "(asked.id, :person_id, asked.source, asked.ref_id, asked.code, asked.period, asked.cap, asked.counting){}"
    " from unnest(cast(:ids as uuid[]), cast(:sources as text[]), cast(:ref_ids as uuid[]), cast(:codes as text[]),"
    " cast(:periods as text[]), cast(:caps as bigint[]), cast(:countings as text[]))"
    " as asked (id, source, ref_id, code, period, cap, counting)"
)
_GRANT: Final = text(f"select entitlement_grant{_ASKED.format('')}")
_GRANTED: Final = f"select asked.id as meant, entitlement_granted{_ASKED.format(' as id')}"
_USE: Final = (
    "select entitlement_post({id}, asked.kind, asked.units, :order_id,"
    " case asked.kind when 'consume' then cast(:visit_id as uuid) end,"
    " case asked.kind when 'consume' then cast(:settlement_id as uuid) end, :on)"
    " from unnest(cast(:entitlement_ids as uuid[]), cast(:kinds as text[]), cast(:units as bigint[]))"
    " as asked (id, kind, units)"
)
_USE_KNOWN: Final = _USE.format(id="asked.id")
_USE_GRANTED: Final = _USE.format(id="coalesce((select g.id from granted g where g.meant = asked.id), asked.id)")
_BALANCES: Final = text(
    "select p.id as person_id, b.* from unnest(cast(:people as uuid[])) as p(id)"
    " cross join lateral entitlements_standing(p.id) b where app_region() = :region order by p.id, b.entitlement_id"
)
_POST: Final = text("select entitlement_post(:entitlement, :kind, :units, :order, :visit, :settlement, :on)")
# one after the other as they are given, so that two who post the same entitlements lock them in the same order
_RESERVE: Final = text(
    "select entitlement_post(asked.id, 'reserve', asked.units, :order, null, null, :on)"
    " from unnest(cast(:entitlements as uuid[]), cast(:units as bigint[])) as asked (id, units)"
)
# the units that an order still holds, by entitlement
HELD: Final[Question[dict[UUID, int]]] = Question(
    "entitlement_id units",
    "entitlements_held(:order_id) where app_region() = :region_id",
    lambda rows: {row.entitlement_id: row.units for row in rows},
)
_CONSUMED: Final = text(
    "select entitlement_id, units from entitlements_consumed(:settlement) where app_region() = :region"
)


async def grant(session: AsyncSession, *, person_id: UUID, grants: Sequence[rules.Grant]) -> None:
    """Write entitlements, in the order given; one that the ledger knows stays."""
    if grants:
        await session.execute(_GRANT, {"person_id": person_id} | _granted({new_id(): each for each in grants}))


def _granted(grants: Mapping[UUID, rules.Grant]) -> dict[str, Any]:
    given = grants.values()
    return {
        "ids": list(grants),
        "sources": [each.source for each in given],
        "ref_ids": [each.ref_id for each in given],
        "codes": [each.code for each in given],
        "periods": [each.period for each in given],
        "caps": [each.cap for each in given],
        "countings": [each.counting for each in given],
    }


async def balances(
    session: AsyncSession, *, region_id: UUID, person_ids: Collection[UUID]
) -> dict[UUID, list[rules.Balance]]:
    """Return where the entitlements of people stand, by entitlement id."""
    standing: dict[UUID, list[rules.Balance]] = {person_id: [] for person_id in person_ids}
    for row in await session.execute(_BALANCES, {"region": region_id, "people": list(standing)}):
        standing[row.person_id].append(_balance(row))
    return standing


async def post(
    session: AsyncSession,
    *,
    entitlement_id: UUID,
    kind: str,
    units: int,
    on: date,
    order_id: UUID | None = None,
    visit_id: UUID | None = None,
    settlement_id: UUID | None = None,
) -> None:
    """Append an entry to an entitlement's chain: reserve, release, consume or reverse."""
    await session.execute(
        _POST,
        {
            "entitlement": entitlement_id,
            "kind": kind,
            "units": units,
            "order": order_id,
            "visit": visit_id,
            "settlement": settlement_id,
            "on": on,
        },
    )


async def reserve(session: AsyncSession, *, units: Mapping[UUID, int], order_id: UUID, on: date) -> None:
    """Hold units of entitlements for an order, in the order of the entitlements' ids."""
    ids = sorted(units)
    held = {"entitlements": ids, "units": [units[each] for each in ids], "order": order_id, "on": on}
    await session.execute(_RESERVE, held)


def using(
    posts: Sequence[tuple[UUID, str, int]],
    *,
    person_id: UUID,
    grants: Mapping[UUID, rules.Grant],
    order_id: UUID | None,
    visit_id: UUID | None,
    settlement_id: UUID,
    on: date,
) -> Step:
    """Return the step that appends entries (entitlement, `release` or `consume`, units) for a settlement.

    First it grants what the ledger does not know, under the ids given, or under those that somebody else was quicker
    to grant it under.
    """
    values = {
        "entitlement_ids": [entitlement_id for entitlement_id, _, _ in posts],
        "kinds": [kind for _, kind, _ in posts],
        "units": [units for _, _, units in posts],
        "order_id": order_id,
        "visit_id": visit_id,
        "settlement_id": settlement_id,
        "on": on,
    }
    if not grants:
        return Step(_USE_KNOWN, values)
    return Step(_USE_GRANTED, {"person_id": person_id} | values | _granted(grants), first={"granted": _GRANTED})


async def consumed_by(session: AsyncSession, *, region_id: UUID, settlement_id: UUID) -> dict[UUID, int]:
    """Return the units that a settlement has used and not returned, by entitlement."""
    found = await session.execute(_CONSUMED, {"region": region_id, "settlement": settlement_id})
    return {row.entitlement_id: row.units for row in found}


def _in_force(model: type[Package], on: date) -> ColumnElement[bool]:
    still = or_(col(model.valid_to).is_(None), col(model.valid_to) >= on)
    return (col(model.valid_from) <= on) & still


refusals.name_constraints(
    {
        "packages_one_version": errors.PackagesOverlap,
        "contracts_one_family_doctor": errors.FamilyDoctorTaken,
        "programme_enrolments_once": errors.AlreadyEnrolled,
        "entitlement_entries_within_cap": errors.EntitlementExhausted,
        "entitlement_entries_expired": errors.EntitlementExpired,
        "entitlement_entries_settled_once": errors.ConsumedAlready,
    }
)
