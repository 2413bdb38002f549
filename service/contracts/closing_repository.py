"""Queries of the ledger's rarer entries: what was used before the go-live, and what lapses."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.contracts import errors
from service.core.db import refusals

_OPEN: Final = text("select entitlement_open(:entitlement, :units, :on, :because, :document)")
_OPENINGS: Final = text("select * from entitlement_openings(:people) where app_region() = :region")
_CLOSE_CONTRACT: Final = text("select contracts_close(:contract)")
_CLOSE_DUE: Final = text("select entitlements_close_due(:today, :after, :limit)")


@dataclass(frozen=True, slots=True)
class Opening:
    """What was used of an entitlement before the go-live: until which day, and on whose word."""

    entitlement_id: UUID
    units: int
    on: date
    because: str
    document_no: str | None


async def open_entitlement(session: AsyncSession, opening: Opening) -> None:
    """Append what was used before the go-live to an entitlement's chain."""
    await session.execute(
        _OPEN,
        {
            "entitlement": opening.entitlement_id,
            "units": opening.units,
            "on": opening.on,
            "because": opening.because,
            "document": opening.document_no,
        },
    )


async def openings_of(session: AsyncSession, *, region_id: UUID, person_ids: Collection[UUID]) -> dict[UUID, Opening]:
    """Return what was used before the go-live by people, by entitlement."""
    found = await session.execute(_OPENINGS, {"region": region_id, "people": list(person_ids)})
    return {
        row.entitlement_id: Opening(row.entitlement_id, row.units, row.service_on, row.because, row.document_no)
        for row in found
    }


async def close_contract(session: AsyncSession, *, contract_id: UUID) -> None:
    """Let what a terminated contract of one's institution grants lapse from its end on."""
    await session.execute(_CLOSE_CONTRACT, {"contract": contract_id})


async def close_due(session: AsyncSession, *, today: date, after: UUID | None, limit: int) -> UUID | None:
    """Let what has ended lapse, of `limit` entitlements of the region by id; return the last, None after the end."""
    found: UUID | None = await session.scalar(_CLOSE_DUE, {"today": today, "after": after, "limit": limit})
    return found


refusals.name_constraints({"entitlement_entries_opened_once": errors.OpenedAlready})
