"""Homes: where people live, how one gets to their door, and whether it is a care institution's house."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, problems
from service.core.geo import Datum
from service.core.http import House
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import InstitutionKind
from service.patients import errors, home_schemas, repository, rules
from service.patients.models import Home
from service.patients.placing_rules import HUMAN, Placing, PlacingReason, ReviewOutcome, Source
from service.patients.usecases import positions
from service.patients.usecases.answers import ADDRESS

_MAY_BE_NOTHING: Final = frozenset({"care_institution_id", "grid"})


def read(house: House, row: Home) -> home_schemas.HomeRead:
    """Return a home's row as people see it."""
    return home_schemas.HomeRead(
        id=row.id,
        address=house.cipher.open(row.address_sealed, context=ADDRESS),
        lon=row.lon,
        lat=row.lat,
        given_in=Datum(row.datum) if row.datum else None,
        placing=Placing(row.placed),
        source=Source(row.source) if row.source else None,
        confidence=None if row.confidence is None else float(row.confidence),
        placed_because=PlacingReason(row.placed_because) if row.placed_because else None,
        placing_revision=row.placing_revision,
        floor=row.floor,
        has_lift=row.has_lift,
        entry_minutes=row.entry_minutes,
        floors_on_foot=rules.floors_on_foot(row.floor, row.has_lift),
        care_institution_id=row.care_institution_id,
        grid=row.grid,
    )


async def _require_care_institution(session: AsyncSession, region_id: UUID, institution_id: UUID) -> None:
    found = await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    if found.kind is not InstitutionKind.care_institution:
        raise errors.NotACareInstitution(name=found.name)


async def find_own_home(
    session: AsyncSession, principal: Principal, home_id: UUID, now: datetime, *, lock: bool = False
) -> Home:
    """Return the row of a home that the principal may see; `lock`: nobody else changes it until the commit.

    Raises:
        problems.NotFound: there is none; existence stays secret.
    """
    row = await repository.find_home_of(session, principal, home_id, now, lock=lock)
    if row is None:
        raise problems.NotFound(what="住址")
    return row


async def register_home(
    session: AsyncSession, *, principal: Principal, house: House, draft: home_schemas.HomeCreate
) -> home_schemas.HomeRead:
    """Register a home: the address is sealed, the place turned into WGS-84; without a place the address is looked up.

    Raises:
        problems.NotFound: the institution is another's, or there is no such care institution.
        NotACareInstitution: it is a medical institution.
    """
    access.require_institution(principal, draft.institution_id)
    if draft.care_institution_id is not None:
        await _require_care_institution(session, principal.region_id, draft.care_institution_id)
    place = draft.pin.place() if draft.pin else draft.place
    point = place.point() if place else None
    row = Home(
        region_id=principal.region_id,
        registered_by_institution_id=draft.institution_id,
        address_sealed=house.cipher.seal(draft.full_address(), context=ADDRESS),
        lon=point.lon if point else None,
        lat=point.lat if point else None,
        datum=place.datum if place else None,
        placed=Placing.pinned if place else Placing.unplaced,
        source=_source(draft),
        floor=draft.floor,
        has_lift=draft.has_lift,
        entry_minutes=draft.entry_minutes,
        care_institution_id=draft.care_institution_id,
        grid=draft.grid,
    )
    session.add(row)
    await session.flush()
    if place is None:
        await positions.announce(session, row)
    return read(house, row)


def _source(draft: home_schemas.HomeCreate) -> Source | None:
    if draft.pin is not None:
        return Source.wechat
    return Source.coordinates if draft.place is not None else None


async def list_homes(
    session: AsyncSession, *, principal: Principal, house: House, now: datetime, page: PageRequest
) -> list[home_schemas.HomeRead]:
    """Return a page of the homes that the principal may see, one more than asked for when there are more."""
    return [read(house, row) for row in await repository.list_homes(session, principal, now, page)]


async def read_home(
    session: AsyncSession, *, principal: Principal, house: House, home_id: UUID, now: datetime
) -> home_schemas.HomeRead:
    """Return a home that one's institution entered, or in which somebody lives whom the principal may see.

    Raises:
        problems.NotFound: there is none.
    """
    return read(house, await find_own_home(session, principal, home_id, now))


async def change_home(
    session: AsyncSession,
    *,
    principal: Principal,
    house: House,
    home_id: UUID,
    change: home_schemas.HomeUpdate,
    now: datetime,
) -> home_schemas.HomeRead:
    """Change what is given; `care_institution_id` null says that it is a private home, `grid` null that it lies in
    no grid.

    A place pins the home; a new address alone is looked up again, unless a person has pinned the home.

    Raises:
        problems.NotFound: there is no such home or care institution.
        NotACareInstitution: it is a medical institution.
    """
    row = await find_own_home(session, principal, home_id, now, lock=True)
    if change.address is not None:
        row.address_sealed = house.cipher.seal(change.address, context=ADDRESS)
    if change.place is not None:
        positions.put(row, change.place, Source.coordinates)
        await positions.close_review(session, row, ReviewOutcome.moved, now=now, account_id=principal.account_id)
    elif change.address is not None and row.source not in HUMAN:
        await positions.ask_for_look_up(session, row, now=now)
    if change.care_institution_id is not None:
        await _require_care_institution(session, principal.region_id, change.care_institution_id)
    for name in ("floor", "has_lift", "entry_minutes", "care_institution_id", "grid"):
        value = getattr(change, name)
        if value is not None or (name in _MAY_BE_NOTHING and name in change.model_fields_set):
            setattr(row, name, value)
    await session.flush()
    return read(house, row)
