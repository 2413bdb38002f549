"""Orders written by plain SQL: what the database lets happen when no rule of the application is asked."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.core.ids import new_id
from service.institutions.models import SettingRow
from tests.world import NOW, World

MOVE = text("update orders set state = :state where region_id = :region and id = :id")
INSERT = text(
    "insert into orders (region_id, id, institution_id, order_no, kind, person_id, home_id, state, service_on, wished,"
    " staff_count, mobility_reason, placed_by_account_id, placed_at)"
    " values (:region, :id, :institution, :no, 'home_visit', :person, :home, :state, '2026-03-03',"
    " tstzrange(:start, :end), 1, '偏瘫', :account, :start)"
)


async def allow(
    world: World, limit: int, *, institution_id: UUID | None = None, since: timedelta = timedelta(0)
) -> None:
    """Set how many open orders a person may have: the region's limit, or one institution's."""
    await world.add(
        SettingRow(
            region_id=world.region_id,
            institution_id=institution_id,
            key="orders.max_open_per_person",
            value=limit,
            valid_from=(NOW + since).date(),
            set_by_account_id=new_id(),
            set_at=NOW,
        )
    )


async def write(
    session: AsyncSession,
    world: World,
    *,
    person_id: UUID,
    home_id: UUID,
    state: str = "submitted",
    institution_id: UUID | None = None,
) -> UUID:
    """Insert an order and nothing else; return its id."""
    order_id = new_id()
    row = {
        "region": world.region_id, "id": order_id, "institution": institution_id or world.institution_id,
        "no": f"P{world.number()}", "person": person_id, "home": home_id, "state": state, "start": NOW,
        "end": NOW + timedelta(hours=1), "account": new_id(),
    }  # fmt: skip
    await session.execute(INSERT, row)
    return order_id
