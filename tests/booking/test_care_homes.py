"""A care home's staff book for those who live there, anywhere in the region, and for nobody else."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.principal import Fence
from tests.booking.scene import Scene

ROUND: dict[str, Any] = {"kind": "institution_round"}


@dataclass
class CareHome:
    """A care home in which the scene's elder lives; a health centre that serves him knows him by no relation yet."""

    scene: Scene
    id: UUID
    staff: AsyncClient

    async def colleague(self) -> AsyncClient:
        """Return another member of its staff."""
        return await self.scene.world.as_role(Role.care_home_staff, self.id)

    async def neighbours(self) -> AsyncClient:
        """Return the staff of another care home."""
        other = await self.scene.world.add_institution(kind="care_institution", modes=())
        return await self.scene.world.as_role(Role.care_home_staff, other)

    async def move_out(self) -> None:
        """Let the elder move to a home of his own."""
        home = await self.scene.world.add_home()
        await self.scene.run("update patients set home_id = :home where id = :id", home=home, id=self.scene.person_id)


@pytest.fixture
async def care(scene: Scene) -> CareHome:
    at = await scene.world.add_institution(kind="care_institution", modes=())
    await scene.run("update homes set care_institution_id = :at where id = :id", at=at, id=scene.home_id)
    # nobody but the care home stands for him here: what it may, it may by itself
    await scene.run("delete from care_relations where kind = 'institution' and person_id = :id", id=scene.person_id)
    return CareHome(scene, at, await scene.world.as_role(Role.care_home_staff, at))


class TestBooking:
    @pytest.mark.requirement("R013")
    async def test_a_round_is_quoted_placed_seen_and_cancelled(self, care: CareHome) -> None:
        scene = care.scene
        await scene.add_programme(10)
        answer = await scene.place(care.staff, **ROUND)
        assert answer.status_code == 201, answer.text
        order, quote = answer.json()["order"], answer.json()["quote"]
        assert (order["state"], order["kind"]) == ("submitted", "institution_round")
        assert (await care.staff.get(f"/quotes/{quote['id']}")).json() == quote
        assert await scene.held(order["id"]) == 1, "the programme's unit is reserved for him"
        async with await scene.world.as_role(Role.dispatcher) as dispatcher:
            assert (await dispatcher.get(f"/patients/{scene.person_id}")).status_code == 200, "who serves him sees him"
            assert (await dispatcher.post(f"/orders/{order['id']}/acceptance")).status_code == 200
        listed = (await care.staff.get("/orders")).json()["items"]
        assert [each["id"] for each in listed] == [order["id"]]
        cancelled = await care.staff.post(f"/orders/{order['id']}/cancellation", json={"reason": "老人住院"})
        assert cancelled.json()["state"] == "cancelled"
        assert await scene.held(order["id"]) == 0

    async def test_a_draft_is_changed_and_submitted(self, care: CareHome) -> None:
        draft = await care.scene.placed(care.staff, draft=True, **ROUND)
        window = {"wished_start": "2026-03-04T08:00:00+08:00", "wished_end": "2026-03-04T10:00:00+08:00"}
        changed = await care.staff.patch(f"/orders/{draft['id']}", json=window)
        assert changed.json()["order"]["service_on"] == "2026-03-04"
        submitted = await care.staff.post(f"/orders/{draft['id']}/submission")
        assert submitted.json()["order"]["state"] == "submitted"

    async def test_what_it_would_cost_is_said_before(self, care: CareHome) -> None:
        scene = care.scene
        asked = {
            "institution_id": str(scene.world.institution_id), "person_id": str(scene.person_id),
            "kind": "institution_round", "start_at": "2026-03-03T08:00:00+08:00", "items": [{"code": "REHAB"}],
        }  # fmt: skip
        assert (await care.staff.post("/quotes", json=asked)).status_code == 201
        await care.move_out()
        assert (await care.staff.post("/quotes", json=asked)).status_code == 404

    async def test_not_for_one_who_does_not_live_there(self, care: CareHome) -> None:
        scene = care.scene
        resident, scene.person_id = scene.person_id, await scene.add_elder("disabled")
        assert (await scene.place(care.staff)).status_code == 404
        scene.person_id = resident
        assert (await scene.place(await care.neighbours(), **ROUND)).status_code == 404
        assert (await scene.place(care.staff, **ROUND)).status_code == 201

    @pytest.mark.parametrize("role", [Role.phone_agent, Role.dispatcher])
    async def test_other_roles_at_the_care_home_have_no_such_right(self, care: CareHome, role: Role) -> None:
        async with await care.scene.world.as_role(role, care.id) as other:
            assert (await care.scene.place(other, **ROUND)).status_code == 404


class TestMovedOut:
    async def test_neither_he_nor_his_orders_are_reached_any_more(self, care: CareHome) -> None:
        order = await care.scene.placed(care.staff, **ROUND)
        assert (await care.staff.get(f"/orders/{order['id']}")).status_code == 200
        await care.move_out()
        assert (await care.scene.place(care.staff)).status_code == 404
        assert (await care.staff.get(f"/orders/{order['id']}")).status_code == 404
        assert (await care.staff.get("/orders")).json()["items"] == []
        cancelled = await care.staff.post(f"/orders/{order['id']}/cancellation", json={"reason": "搬走"})
        assert cancelled.status_code == 404

    async def test_a_house_that_is_no_longer_the_care_home_s_opens_nothing(self, care: CareHome) -> None:
        await care.scene.run("update homes set care_institution_id = null where id = :id", id=care.scene.home_id)
        assert (await care.scene.place(care.staff)).status_code == 404

    async def test_a_dead_resident_lives_nowhere(self, care: CareHome) -> None:
        person = care.scene.person_id
        await care.scene.run("update patients set deceased_on = '2026-03-01' where id = :id", id=person)
        assert (await care.scene.place(care.staff, **ROUND)).status_code == 404


class TestOwnBookings:
    async def test_a_colleague_of_the_next_shift_cancels(self, care: CareHome) -> None:
        order = await care.scene.placed(care.staff, **ROUND)
        colleague = await care.colleague()
        cancelled = await colleague.post(f"/orders/{order['id']}/cancellation", json={"reason": "老人住院"})
        assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")

    async def test_what_the_elder_booked_is_seen_and_left_alone(self, care: CareHome) -> None:
        async with care.scene.elder() as elder:
            order = await care.scene.placed(elder, **ROUND)
            draft = await care.scene.placed(elder, draft=True, **ROUND)
        assert (await care.staff.get(f"/orders/{order['id']}")).status_code == 200
        refusals = [
            await care.staff.post(f"/orders/{order['id']}/cancellation", json={"reason": "老人住院"}),
            await care.staff.patch(f"/orders/{order['id']}", json={"staff_sex": "female"}),
            await care.staff.post(f"/orders/{draft['id']}/submission"),
        ]
        assert [(each.status_code, each.json()["code"]) for each in refusals] == [(403, "booked-by-others")] * 3


class TestFence:
    """With the application's checks switched off: plain SQL behind the fence of a care home's staff."""

    async def _opens(self, care: CareHome, role: Role, at: UUID) -> tuple[bool, bool]:
        world = care.scene.world
        fence = Fence(world.region_id, (at,), await world.add_account(role, at))
        asked = {"region": world.region_id, "who": care.scene.person_id}
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            found = await session.execute(
                text("select app_acts_for(:region, :who), exists (select 1 from patients where id = :who)"), asked
            )
            acts, sees = found.one()
        return acts, sees

    async def test_opens_residents_to_this_care_home_s_staff_only(self, care: CareHome) -> None:
        elsewhere = await care.scene.world.add_institution(kind="care_institution", modes=())
        assert await self._opens(care, Role.care_home_staff, care.id) == (True, True)
        assert await self._opens(care, Role.care_home_staff, elsewhere) == (False, False)
        assert await self._opens(care, Role.phone_agent, care.id) == (False, False)
        await care.move_out()
        assert await self._opens(care, Role.care_home_staff, care.id) == (False, False)

    async def test_an_order_is_put_in_for_a_resident_and_for_nobody_else(self, care: CareHome) -> None:
        scene, world = care.scene, care.scene.world
        order = await scene.placed(care.staff, **ROUND)
        copy = text(
            "insert into orders select (o).* from (select jsonb_populate_record(o, cast(:changes as jsonb)) o"
            " from orders o where id = :id) copies"
        )
        fence = Fence(world.region_id, (care.id,), await world.add_account(Role.care_home_staff, care.id))
        stranger, no = await scene.add_elder("disabled"), world.number()

        async def put_in(person: UUID, number: int) -> None:
            changes = f'{{"id": "{UUID(int=number)}", "order_no": "20260302-{number}", "person_id": "{person}"}}'
            async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                await session.execute(copy, {"changes": changes, "id": order["id"]})

        await put_in(scene.person_id, 500 + no)
        with pytest.raises(DBAPIError, match="row-level security"):
            await put_in(stranger, 600 + no)
