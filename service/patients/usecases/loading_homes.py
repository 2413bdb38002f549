"""Loading an institution's list of homes: each found again by the institution's number for it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.db import bulk
from service.core.http import House
from service.core.ids import new_id
from service.core.jobs import queue
from service.core.loading import Loaded, Outcome, compared
from service.core.principal import Principal
from service.patients import home_schemas, load_repository, loads, placing_rules
from service.patients.models import Home
from service.patients.placing_rules import Placing, Source
from service.patients.usecases import housing
from service.patients.usecases.answers import ADDRESS


async def load_homes(
    session: AsyncSession,
    *,
    principal: Principal,
    house: House,
    drafts: Sequence[loads.HomeDraft],
    update: bool,
    now: datetime,
) -> list[Loaded]:
    """Register the homes that are not there, compare those that are; with `update` change what differs.

    The institutions are the principal's, each number stands once in `drafts`, and care institutions are such. A home
    without a place gets one from its address, later.
    """
    numbers = [(draft.institution_id, draft.home_no) for draft in drafts]
    known = await load_repository.find_numbered_homes(session, principal.region_id, numbers)
    fresh = {key: _row(house, principal, draft) for key, draft in zip(numbers, drafts, strict=True) if key not in known}
    await bulk.insert_rows(session, Home, list(fresh.values()))
    await _announce(session, list(fresh.values()))
    done: list[Loaded] = []
    for key, draft in zip(numbers, drafts, strict=True):
        if key in fresh:
            done.append(Loaded(Outcome.new, fresh[key]["id"]))
            continue
        home_id = known[key].id
        loaded = compared(home_id, loads.home_differs(draft, _stands(house, known[key])), update=update)
        if loaded.outcome is Outcome.updated:
            # as anybody would who changes the home by hand
            change = _change_of(draft, loaded.fields)
            await housing.change_home(
                session, principal=principal, house=house, home_id=home_id, change=change, now=now
            )
        done.append(loaded)
    return done


def _row(house: House, principal: Principal, draft: loads.HomeDraft) -> dict[str, Any]:
    point = draft.place.point() if draft.place else None
    return {
        "id": new_id(),
        "region_id": principal.region_id,
        "registered_by_institution_id": draft.institution_id,
        "home_no": draft.home_no,
        "address_sealed": house.cipher.seal(draft.address, context=ADDRESS),
        "lon": point.lon if point else None,
        "lat": point.lat if point else None,
        "datum": draft.place.datum if draft.place else None,
        "placed": Placing.pinned if point else Placing.unplaced,
        "source": Source.coordinates if point else None,
        "floor": draft.floor,
        "has_lift": draft.has_lift,
        "care_institution_id": draft.care_institution_id,
        "grid": draft.grid,
    }


async def _announce(session: AsyncSession, rows: Sequence[bulk.RowValues]) -> None:
    """Tell of the homes whose addresses wait to be looked up, as their registration one by one would."""
    jobs = [
        queue.Job(
            region_id=row["region_id"],
            institution_ids=(row["registered_by_institution_id"],),
            subject_id=row["id"],
        )
        for row in rows
        if row["placed"] == Placing.unplaced
    ]
    await queue.enqueue_many(session, placing_rules.HOME_PLACED, jobs)


def _stands(house: House, row: load_repository.KnownHome) -> loads.HomeStands:
    address = house.cipher.open(row.address_sealed, context=ADDRESS)
    return loads.HomeStands(address, row.lon, row.lat, row.floor, row.has_lift, row.care_institution_id, row.grid)


def _change_of(draft: loads.HomeDraft, fields: Sequence[str]) -> home_schemas.HomeUpdate:
    values = {
        "address": draft.address,
        "place": draft.place,
        "floor": draft.floor,
        "has_lift": draft.has_lift,
        "care_institution": draft.care_institution_id,
        "grid": draft.grid,
    }
    names = {field: "care_institution_id" if field == "care_institution" else field for field in fields}
    return home_schemas.HomeUpdate.model_validate({name: values[field] for field, name in names.items()})


async def homes_numbered(
    session: AsyncSession, *, region_id: UUID, numbers: Sequence[tuple[UUID, str]]
) -> dict[tuple[UUID, str], UUID]:
    """Return the ids of homes that are there, by the institution that registered them and its number for them."""
    found = await load_repository.find_numbered_homes(session, region_id, numbers)
    return {key: row.id for key, row in found.items()}
