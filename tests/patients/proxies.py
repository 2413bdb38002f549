"""Proxies put in as the schema's owner, and their limits."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import Range

from service.core.dates import moments
from service.core.ids import new_id
from service.institutions.models import SettingRow
from service.patients.models import CareRelation
from tests.world import NOW, World


async def allow(world: World, key: str, limit: int) -> None:
    """Set a limit of the region."""
    await world.add(
        SettingRow(
            region_id=world.region_id,
            key=key,
            value=limit,
            valid_from=date(2026, 1, 1),
            set_by_account_id=new_id(),
            set_at=NOW,
        )
    )


async def add_proxy(
    world: World, person_id: UUID, account_id: UUID, start: datetime | None, end: datetime | None
) -> UUID:
    """Let an account act for a person from a moment to another; return the relation's id."""
    row = CareRelation(
        region_id=world.region_id,
        person_id=person_id,
        kind="proxy",
        account_id=account_id,
        relation="child",
        rights=["view"],
        during=moments(start, end) if start else Range(None, end, bounds="[)"),
        because="test",
    )
    await world.add(row)
    return row.id


async def add_ended(world: World, person_id: UUID, account_id: UUID) -> UUID:
    """Add a proxy who acted for a day, ten days ago and more, and does no longer; return the relation's id."""
    days = world.number() + 10
    return await add_proxy(world, person_id, account_id, NOW - timedelta(days=days), NOW - timedelta(days=days - 1))
