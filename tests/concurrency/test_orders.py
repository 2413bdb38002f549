"""Orders raced on real connections: over HTTP, and as the application's role with its checks switched off."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts.rules import Role
from service.core.db.refusals import constraint_of
from service.core.db.session import raise_fence, transaction
from service.core.problems import Refusal
from service.orders import errors, repository
from tests.booking.scene import Scene, make_scene
from tests.orders import plain
from tests.orders.moves import LEGAL
from tests.world import NOW, World

Act = Callable[[AsyncSession], Awaitable[object]]
WHY = {"reason": "老人临时住院"}


@pytest.fixture
async def scene(world: World) -> Scene:
    """An elder who may be served at home, and an institution that may serve him."""
    return await make_scene(world)


class TestTwoCancellations:
    async def test_one_is_done_and_the_units_come_back_once(self, scene: Scene) -> None:
        await scene.add_programme(4)
        async with scene.elder() as elder, await scene.world.as_role(Role.dispatcher) as staff:
            order = await scene.placed(elder, items=[{"code": "REHAB", "quantity": 2}])
            url = f"/orders/{order['id']}/cancellation"
            answers = await asyncio.gather(*(client.post(url, json=WHY) for client in (elder, staff, elder, staff)))
            moves = (await staff.get(f"/orders/{order['id']}")).json()["moves"]
        assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]
        assert [move["to_state"] for move in moves] == ["submitted", "cancelled"]
        assert await scene.count("entitlement_entries") == 2
        assert await scene.held(order["id"]) == 0


class TestAcceptanceAgainstCancellation:
    async def test_the_elder_gets_out_and_the_history_is_legal(self, scene: Scene) -> None:
        await scene.add_programme(4)
        async with scene.elder() as elder, await scene.world.as_role(Role.dispatcher) as staff:
            for _ in range(3):
                order = await scene.placed(elder)
                accepted, cancelled = await asyncio.gather(
                    staff.post(f"/orders/{order['id']}/acceptance"),
                    elder.post(f"/orders/{order['id']}/cancellation", json=WHY),
                )
                assert cancelled.status_code == 200
                assert accepted.status_code in {200, 409}
                now = (await staff.get(f"/orders/{order['id']}")).json()
                assert now["state"] == "cancelled"
                steps = [(move["from_state"], move["to_state"]) for move in now["moves"][1:]]
                assert len(steps) == (2 if accepted.status_code == 200 else 1)
                assert set(steps) <= LEGAL
                assert await scene.held(order["id"]) == 0


class TestAcceptanceAgainstRejection:
    async def test_the_database_judges_the_second_by_what_the_first_left(self, scene: Scene) -> None:
        """No lock and no rule of the application: two plain updates on two connections."""
        async with scene.elder() as elder:
            order = await scene.placed(elder)
        row = {"region": scene.world.region_id, "id": order["id"]}
        fence = scene.world.principal(Role.dispatcher).fence
        async with scene.world.house.sessions() as first, scene.world.house.sessions() as second:
            await raise_fence(first, fence, NOW)
            await raise_fence(second, fence, NOW)
            await first.execute(plain.MOVE, row | {"state": "rejected"})
            waiting = asyncio.create_task(second.execute(plain.MOVE, row | {"state": "accepted"}))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            await first.commit()
            with pytest.raises(DBAPIError) as refused:
                await waiting
        assert constraint_of(refused.value) == "orders_state_moves"


class TestOpenOrders:
    async def test_as_many_as_allowed_get_through_at_once(self, scene: Scene) -> None:
        await scene.set("orders.max_open_per_person", 3)
        other = await scene.world.add_institution()
        await scene.add_prices(other)
        async with scene.elder() as elder:
            answers = await asyncio.gather(
                *(
                    scene.place(elder, institution_id=str(at))
                    for at in (scene.world.institution_id, other, scene.world.institution_id, other)
                )
            )
        assert sorted(each.status_code for each in answers) == [201, 201, 201, 409]
        assert [each.json()["code"] for each in answers if each.status_code == 409] == ["too-many-open-orders"]
        assert await scene.count("orders") == 3

    async def test_the_last_unit_pays_for_one_of_them(self, scene: Scene) -> None:
        await scene.add_programme(1)
        async with scene.elder() as elder:
            answers = await asyncio.gather(*(scene.place(elder) for _ in range(3)))
        assert [each.status_code for each in answers] == [201, 201, 201]
        assert sorted(each.json()["quote"]["patient_fen"] for each in answers) == [0, 6000, 6000]
        assert sum([await scene.held(each.json()["order"]["id"]) for each in answers]) == 1

    async def test_one_key_at_once_places_one_order(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            answers = await asyncio.gather(
                *(elder.post("/orders", json=scene.asked(), headers={"Idempotency-Key": "k"}) for _ in range(4))
            )
        assert {each.status_code for each in answers} <= {201, 409}
        assert {each.json()["code"] for each in answers if each.status_code == 409} <= {"key-in-flight"}
        assert await scene.count("orders") == 1


class TestTheLimitWithoutTheApplication:
    """Plain SQL on connections of its own, as the application's role: nobody has counted before the row is written."""

    async def race(self, scene: Scene, *acts: Act) -> Counter[type[Refusal] | None]:
        """Carry out acts at once, each in its own transaction; return how often each outcome came."""
        start = asyncio.Barrier(len(acts))
        world = scene.world

        async def one(act: Act) -> type[Refusal] | None:
            staff = world.principal(Role.dispatcher, institution_ids=tuple(self.institution_ids))
            try:
                async with transaction(world.house.sessions, staff.fence, NOW) as session:
                    await start.wait()
                    await act(session)
            except Refusal as refusal:
                return type(refusal)
            return None

        return Counter(await asyncio.gather(*map(one, acts)))

    @pytest.fixture(autouse=True)
    async def two_institutions(self, scene: Scene) -> None:
        self.institution_ids = [scene.world.institution_id, await scene.world.add_institution()]

    async def test_exactly_as_many_orders_as_allowed_are_written(self, scene: Scene) -> None:
        await plain.allow(scene.world, 2)

        def insert(no: int) -> Act:
            at = self.institution_ids[no % 2]
            elder = {"person_id": scene.person_id, "home_id": scene.home_id}
            return lambda session: plain.write(session, scene.world, **elder, institution_id=at)

        outcome = await self.race(scene, *map(insert, range(8)))
        assert outcome == {None: 2, errors.TooManyOpenOrders: 6}
        assert await scene.count("orders") == 2

    async def test_exactly_as_many_drafts_as_allowed_are_submitted(self, scene: Scene) -> None:
        start = NOW + timedelta(days=1)
        window = {"start": start, "end": start + timedelta(hours=1)}
        drafts = [
            await scene.world.add_order(
                scene.person_id, scene.home_id, **window, state="draft", institution_id=self.institution_ids[no % 2]
            )
            for no in range(6)
        ]

        def submit(order_id: UUID) -> Act:
            row = {"region": scene.world.region_id, "id": order_id, "state": "submitted"}
            return lambda session: session.execute(plain.MOVE, row)

        assert await self.race(scene, *map(submit, drafts)) == {None: 3, errors.TooManyOpenOrders: 3}

    async def test_an_inserted_and_a_submitted_order_do_not_both_take_the_last_place(self, scene: Scene) -> None:
        await plain.allow(scene.world, 1)
        start = NOW + timedelta(days=1)
        draft = await scene.world.add_order(
            scene.person_id, scene.home_id, start=start, end=start + timedelta(hours=1), state="draft"
        )
        outcome = await self.race(
            scene,
            lambda session: plain.write(session, scene.world, person_id=scene.person_id, home_id=scene.home_id),
            lambda session: session.execute(
                plain.MOVE, {"region": scene.world.region_id, "id": draft, "state": "submitted"}
            ),
        )
        assert outcome == {None: 1, errors.TooManyOpenOrders: 1}


class TestNumbers:
    async def test_elders_who_book_at_once_get_numbers_without_a_gap(self, scene: Scene) -> None:
        people = [str(await scene.add_elder("disabled")) for _ in range(5)]
        async with await scene.world.as_role(Role.dispatcher) as staff:
            answers = await asyncio.gather(*(scene.place(staff, person_id=person) for person in people))
        numbers = sorted(each.json()["order"]["order_no"] for each in answers)
        assert numbers == [f"20260302-000{number}" for number in range(1, 6)]

    async def test_the_constraint_refuses_a_number_that_was_not_asked_for(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            first, second = await scene.placed(elder), await scene.placed(elder)
        fence = scene.world.principal(Role.dispatcher).fence
        with pytest.raises(errors.OrderNumberTaken):
            async with transaction(scene.world.house.sessions, fence, NOW) as session:
                row = await repository.find_order(
                    session, region_id=scene.world.region_id, order_id=second["id"], lock=True
                )
                assert row is not None
                row.order_no = first["order_no"]


class TestBedAgainstRound:
    async def test_a_bed_is_not_closed_beneath_a_round_that_is_being_booked(self, scene: Scene) -> None:
        world = scene.world
        doctor_id = await world.add_practitioner(role="doctor")
        opening = {
            "institution_id": str(world.institution_id), "person_id": str(scene.person_id),
            "doctor_id": str(doctor_id), "opened_on": "2026-02-20",
        }  # fmt: skip
        async with scene.elder() as elder, await world.as_role(Role.doctor) as doctor:
            bed = (await doctor.post("/beds", json=opening)).json()
            closed, placed = await asyncio.gather(
                doctor.post(f"/beds/{bed['id']}/closure", json={"closed_on": "2026-03-02", "reason": "好转"}),
                scene.place(elder, kind="home_bed_round", items=[{"code": "BEDROUND"}]),
            )
        assert sorted([closed.status_code, placed.status_code]) in ([200, 409], [201, 409])

    async def test_a_closing_waits_for_who_is_placing_for_the_person(self, scene: Scene) -> None:
        doctor_id = await scene.world.add_practitioner(role="doctor")
        opening = {
            "institution_id": str(scene.world.institution_id), "person_id": str(scene.person_id),
            "doctor_id": str(doctor_id), "opened_on": "2026-02-20",
        }  # fmt: skip
        fence = scene.world.principal(Role.elder, scene.account_id).fence
        async with await scene.world.as_role(Role.doctor) as doctor, scene.world.house.sessions() as placing:
            bed = (await doctor.post("/beds", json=opening)).json()
            await raise_fence(placing, fence, NOW)
            await repository.count_open(placing, person_id=scene.person_id)
            closing = {"closed_on": "2026-03-02", "reason": "好转"}
            waiting = asyncio.create_task(doctor.post(f"/beds/{bed['id']}/closure", json=closing))
            await asyncio.sleep(0.2)
            assert not waiting.done()
            await placing.rollback()
            assert (await waiting).status_code == 200

    async def test_two_institutions_open_one_bed(self, scene: Scene) -> None:
        world = scene.world
        other = await world.add_institution()
        principal = world.principal(Role.elder, scene.account_id)
        async with transaction(world.house.sessions, principal.fence, NOW) as session:
            await session.execute(
                text("select patients_relate_institution(gen_random_uuid(), :person, :at, 'order')"),
                {"person": scene.person_id, "at": other},
            )
        bodies = []
        for at, station in ((world.institution_id, world.station_id), (other, world.station_id)):
            doctor_id = await world.add_practitioner(role="doctor", institution_id=at, station_id=station)
            bodies.append(
                {
                    "institution_id": str(at), "person_id": str(scene.person_id), "doctor_id": str(doctor_id),
                    "opened_on": "2026-02-20",
                }
            )  # fmt: skip
        async with await world.as_role(Role.doctor) as here, await world.as_role(Role.doctor, other) as there:
            answers = await asyncio.gather(here.post("/beds", json=bodies[0]), there.post("/beds", json=bodies[1]))
        assert sorted(each.status_code for each in answers) == [201, 409]
        assert {each.json().get("code") for each in answers} == {None, "bed-already-open"}
        assert await scene.count("beds") == 1


class TestDepartureAgainstCancellation:
    async def test_a_move_by_a_job_and_a_cancellation_come_one_after_the_other(self, scene: Scene) -> None:
        start = NOW + timedelta(days=1)
        order_id = await scene.world.add_order(
            scene.person_id, scene.home_id, start=start, end=start + timedelta(hours=1), state="scheduled"
        )
        row = {"region": scene.world.region_id, "id": order_id, "state": "in_progress"}
        async with scene.world.house.sessions() as crew, scene.elder() as elder:
            await raise_fence(crew, scene.world.principal(Role.nurse).fence, NOW)
            await crew.execute(plain.MOVE, row)
            waiting = asyncio.create_task(elder.post(f"/orders/{order_id}/cancellation", json=WHY))
            await asyncio.sleep(0.1)
            assert not waiting.done()
            await crew.commit()
            refused = await waiting
        assert (refused.status_code, refused.json()["from_state"]) == (409, "in_progress")
