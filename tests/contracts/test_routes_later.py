"""What becomes of a contract over HTTP: ended, and read by those it concerns."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from service.accounts.rules import Role
from service.contracts import usecases
from service.core.db.session import transaction
from tests.contracts.forms import covers, prepared, refused, relate
from tests.contracts.papers import fence, sign
from tests.world import World


class TestTermination:
    async def signed(self, world: World) -> tuple[AsyncClient, dict[str, Any], str]:
        body, doctor = await prepared(world), await world.as_role(Role.doctor)
        contract = (await doctor.post("/contracts", json=body)).json()
        return doctor, body, f"/contracts/{contract['id']}/termination"

    async def test_covers_nothing_from_that_day_on_and_makes_room_for_another_doctor(self, listed: World) -> None:
        doctor, body, path = await self.signed(listed)
        ended = await doctor.post(path, json={"on": "2026-06-01", "reason": "moved_away"})
        assert ended.status_code == 200, ended.text
        assert (ended.json()["terminated_on"], ended.json()["termination_reason"]) == ("2026-06-01", "moved_away")
        assert len(await covers(listed, body["person_id"], date(2026, 5, 31))) == 1
        assert await covers(listed, body["person_id"], date(2026, 6, 1)) == []
        [listed_then] = (await doctor.get("/contracts", params={"on": "2026-05-31"})).json()["items"]
        assert listed_then == ended.json()
        assert (await doctor.get("/contracts", params={"on": "2026-06-01"})).json()["items"] == []
        again = body | {"valid_from": "2026-06-01", "valid_to": "2027-05-31"}
        assert (await doctor.post("/contracts", json=again)).status_code == 201

    async def test_the_same_again_changes_nothing_and_otherwise_it_is_refused(self, listed: World) -> None:
        doctor, _, path = await self.signed(listed)
        said = {"on": "2026-06-01", "reason": "signed_anew"}
        first, second = await doctor.post(path, json=said), await doctor.post(path, json=said)
        assert (second.status_code, second.json()) == (200, first.json())
        for change in ({"on": "2026-07-01"}, {"reason": "other"}):
            refused(await doctor.post(path, json=said | change), 409, "contract-terminated")

    async def test_by_death_exactly_when_a_death_is_on_record(self, listed: World) -> None:
        doctor, body, path = await self.signed(listed)
        refused(await doctor.post(path, json={"on": "2026-03-02", "reason": "died"}), 409, "termination-reason-wrong")
        desk, person = await listed.as_role(Role.dispatcher), f"/patients/{body['person_id']}"
        assert (await desk.patch(person, json={"deceased_on": "2026-03-01"})).status_code == 200
        for reason in ("lost_contact", "moved_away", "person_declined", "signed_anew", "other"):
            told = refused(
                await doctor.post(path, json={"on": "2026-03-02", "reason": reason}), 409, "termination-reason-wrong"
            )
            assert "去世" in told["detail"]
        ended = await doctor.post(path, json={"on": "2026-03-02", "reason": "died"})
        assert (ended.status_code, ended.json()["termination_reason"]) == (200, "died")

    @pytest.mark.parametrize("on", ["2026-03-01", "2027-03-02"])
    async def test_neither_before_its_first_day_nor_after_its_last(self, listed: World, on: str) -> None:
        doctor, _, path = await self.signed(listed)
        refused(await doctor.post(path, json={"on": on, "reason": "other"}), 409, "termination-day-invalid")

    async def test_only_by_its_institution(self, listed: World) -> None:
        _, body, path = await self.signed(listed)
        other = await listed.add_institution()
        await relate(listed, body["person_id"], other)
        stranger = await listed.as_role(Role.doctor, other)
        said = {"on": "2026-06-01", "reason": "other"}
        refused(await stranger.post(path, json=said), 404, "not-found")
        refused(await stranger.post(f"/contracts/{uuid4()}/termination", json=said), 404, "not-found")
        refused(await (await listed.as_role(Role.elder)).post(path, json=said), 403, "forbidden")

    async def test_a_reason_must_be_one_of_the_list(self, listed: World) -> None:
        doctor, _, path = await self.signed(listed)
        refused(await doctor.post(path, json={"on": "2026-06-01", "reason": "bored"}), 422, "malformed")


class TestReading:
    async def test_elder_and_proxy_see_their_own_and_strangers_nothing(self, listed: World) -> None:
        body = await prepared(listed)
        contract = (await (await listed.as_role(Role.doctor)).post("/contracts", json=body)).json()
        path = f"/contracts/{contract['id']}"
        person = UUID(body["person_id"])
        for role, kind in ((Role.elder, "self"), (Role.family_proxy, "proxy")):
            account = await listed.add_account(role)
            await listed.add_relation(person, account, kind=kind)
            client = listed.client(listed.principal(role, account))
            assert (await client.get(path)).json() == contract
            assert (await client.get("/contracts")).json()["items"] == [contract]
            nobody = {"person_id": str(await listed.add_patient())}
            assert (await client.get("/contracts", params=nobody)).json()["items"] == []
        stranger = await listed.as_role(Role.elder)
        refused(await stranger.get(path), 404, "not-found")
        assert (await stranger.get("/contracts")).json()["items"] == []

    async def test_a_proxy_without_the_right_to_look_does_not(self, listed: World) -> None:
        body = await prepared(listed)
        contract = (await (await listed.as_role(Role.doctor)).post("/contracts", json=body)).json()
        account = await listed.add_account(Role.family_proxy)
        await listed.add_relation(UUID(body["person_id"]), account, kind="proxy", rights=["pay"])
        client = listed.client(listed.principal(Role.family_proxy, account))
        refused(await client.get(f"/contracts/{contract['id']}"), 403, "right-missing")
        assert (await client.get("/contracts")).json()["items"] == []
        refused(await client.get(f"/patients/{body['person_id']}/entitlements"), 403, "right-missing")

    async def test_another_institution_sees_that_it_is_covered_but_never_the_contract(self, listed: World) -> None:
        person = await listed.add_patient()
        contract_id = await sign(listed, person)
        other = await listed.add_institution()
        theirs = fence(listed, other)

        async def asked() -> tuple[int, int, int]:
            async with transaction(listed.house.sessions, theirs, listed.clock.now()) as session:
                cover = await usecases.cover_on(
                    session, region_id=listed.region_id, person_id=person, on=date(2026, 3, 2)
                )
                standing = await usecases.balances(session, region_id=listed.region_id, person_id=person)
                rows = list(await session.execute(text("select id from contracts")))
                rows += list(await session.execute(text("select id from entitlements")))
            return len(cover), len(standing), len(rows)

        assert await asked() == (0, 0, 0)
        await relate(listed, str(person), other)
        assert await asked() == (1, 1, 0)
        doctor = await listed.as_role(Role.doctor, other)
        refused(await doctor.get(f"/contracts/{contract_id}"), 404, "not-found")
        assert (await doctor.get("/contracts", params={"person_id": str(person)})).json()["items"] == []
        [told] = (await doctor.get(f"/patients/{person}/entitlements")).json()["items"]
        assert (told["name"], told["remaining"]) == ("血压测量", 8)
        assert str(contract_id) not in str(told)

    async def test_a_region_sees_nothing_of_the_next(self, listed: World) -> None:
        person = await listed.add_patient()
        contract_id = await sign(listed, person)
        next_door = World(listed.owner, listed.house, listed.clock, listed.app)
        await next_door.start()
        # a token of the next region that even names the institution
        both = (next_door.institution_id, listed.institution_id)
        doctor = listed.client(next_door.principal(Role.doctor, institution_ids=both))
        refused(await doctor.get(f"/contracts/{contract_id}"), 404, "not-found")
        assert (await doctor.get("/contracts")).json()["items"] == []
        refused(await doctor.get(f"/patients/{person}/entitlements"), 404, "not-found")

    async def test_the_list_is_paged(self, listed: World) -> None:
        ids = [str(await sign(listed, await listed.add_patient())) for _ in range(3)]
        doctor = await listed.as_role(Role.doctor)
        page = (await doctor.get("/contracts", params={"limit": 2})).json()
        rest = (await doctor.get("/contracts", params={"limit": 2, "cursor": page["next_cursor"]})).json()
        assert [each["id"] for each in (*page["items"], *rest["items"])] == ids
        assert rest["next_cursor"] is None
