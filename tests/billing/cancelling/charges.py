"""Crews that went in vain, and what is told of their visits' bills."""

from typing import Any
from uuid import UUID

from service.accounts.rules import Role
from tests.billing.test_cancelling import missed, work
from tests.visits.conftest import Doors

Json = dict[str, Any]


async def charged(doors: Doors) -> tuple[UUID, UUID, Json]:
    """Charge an elder who lives alone and was not at home; return him, the visit and the bill."""
    door = await doors.open([await doors.member()])
    visit_id = await missed(door)
    return door.person_id, visit_id, dict((await work(doors, visit_id))["settlement"])


async def status(doors: Doors, visit_id: UUID) -> Json:
    """Return what finance reads of a visit's bill."""
    answer = await (await doors.world.as_role(Role.finance)).get(f"/visits/{visit_id}/settlement")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
