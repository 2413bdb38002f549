"""Who acts for whom over HTTP: the elder's own account, proxies with rights, an end, a revocation and limits."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from service.accounts.rules import Role
from service.core.ids import new_id
from service.patients import errors, usecases
from service.patients.rules import Right
from tests.patients.fence import inside
from tests.world import NOW, World


async def elder_of(world: World, person_id: UUID):
    """Return the client of the elder's own account."""
    account_id = await world.add_account(Role.elder)
    await world.add_relation(person_id, account_id)
    return world.client(world.principal(Role.elder, account_id))


async def child_of(world: World):
    """Return a family proxy's account and its client."""
    account_id = await world.add_account(Role.family_proxy)
    return account_id, world.client(world.principal(Role.family_proxy, account_id))


def grant(account_id: UUID, *rights: str, **changes):
    return {"account_id": str(account_id), "relation": "child", "rights": list(rights or ("view", "book"))} | changes


class TestBindAccount:
    async def person(self, world: World, name: str = "居民甲") -> dict[str, str]:
        born_on = date(1945, 5, 1)
        body = {
            "institution_id": str(world.institution_id),
            "name": name,
            "sex": "female",
            "born_on": str(born_on),
            "id_number": world.id_number(born_on),
        }
        answer = await (await world.as_role(Role.dispatcher)).post("/patients", json=body)
        return {"person_id": answer.json()["id"], "id_number": body["id_number"], "name": name}

    async def test_the_elder_then_acts_for_himself_with_all_rights(self, world):
        app, person = await world.as_role(Role.service_client), await self.person(world)
        account_id = await world.add_account(Role.elder)
        elder = world.client(world.principal(Role.elder, account_id))
        assert (await elder.get(f"/patients/{person['person_id']}")).status_code == 404
        ask = {"account_id": str(account_id), "id_number": person["id_number"], "name": person["name"]}
        bound = await app.post("/patients/bindings", json=ask)
        assert (bound.status_code, bound.json()["person_id"]) == (201, person["person_id"])
        assert (await elder.get(f"/patients/{person['person_id']}")).status_code == 200
        mine = (await elder.get("/my/people")).json()["items"]
        assert [(each["person_id"], each["kind"]) for each in mine] == [(person["person_id"], "self")]
        assert mine[0]["rights"] == ["view", "book", "pay", "grant"]

    async def test_a_second_binding_of_the_person_or_of_the_account_is_refused(self, world):
        app = await world.as_role(Role.service_client)
        one, two = await self.person(world), await self.person(world, "居民丁")
        first, second = [str(await world.add_account(Role.elder)) for _ in range(2)]

        async def bind(person: dict[str, str], account_id: str):
            return await app.post(
                "/patients/bindings",
                json={"account_id": account_id, "id_number": person["id_number"], "name": person["name"]},
            )

        assert (await bind(one, first)).status_code == 201
        for person, account_id in ((one, second), (two, first)):
            refused = await bind(person, account_id)
            assert (refused.status_code, refused.json()["code"]) == (409, "already-bound")
        assert (await bind(one, first)).status_code == 409
        assert (await bind(two, second)).status_code == 201

    async def test_wrong_names_unknown_numbers_and_staff_accounts_look_the_same(self, world):
        app, person = await world.as_role(Role.service_client), await self.person(world)
        elder, nurse = await world.add_account(Role.elder), await world.add_account(Role.nurse, world.institution_id)
        right = {"account_id": str(elder), "id_number": person["id_number"], "name": person["name"]}
        answers = [
            await app.post("/patients/bindings", json=right | wrong)
            for wrong in (
                {"name": "居民乙"},
                {"id_number": world.id_number()},
                {"account_id": str(nurse)},
                {"account_id": str(new_id())},
            )
        ]
        assert {each.status_code for each in answers} == {404}
        assert len({each.text for each in answers}) == 1

    @pytest.mark.parametrize("role", [Role.elder, Role.dispatcher, Role.institution_admin])
    async def test_only_the_service_client_binds(self, world, role):
        ask = {"account_id": str(new_id()), "id_number": world.id_number(), "name": "王"}
        assert (await (await world.as_role(role)).post("/patients/bindings", json=ask)).status_code == 403


class TestGrantProxy:
    @pytest.mark.requirement("R131")
    async def test_the_elder_grants_a_child_who_then_sees_and_acts_for_him(self, world):
        person = await world.add_patient()
        elder, (child_id, child) = await elder_of(world, person), await child_of(world)
        assert (await child.get(f"/patients/{person}")).status_code == 404
        assert (await elder.get(f"/patients/{person}")).json()["has_carer"] is False
        answer = await elder.post(f"/patients/{person}/proxies", json=grant(child_id, "book"))
        assert answer.status_code == 201
        assert (answer.json()["rights"], answer.json()["because"]) == (["view", "book"], "本人授权")
        assert (await child.get(f"/patients/{person}")).json()["has_carer"] is True
        mine = (await child.get("/my/people")).json()["items"]
        assert [(each["person_id"], each["kind"], each["relation"], each["rights"]) for each in mine] == [
            (str(person), "proxy", "child", ["view", "book"])
        ]

    async def test_a_neighbour_may_act_but_is_no_carer(self, world):
        person = await world.add_patient()
        elder, (neighbour_id, neighbour) = await elder_of(world, person), await child_of(world)
        body = grant(neighbour_id, relation="acquaintance")
        assert (await elder.post(f"/patients/{person}/proxies", json=body)).status_code == 201
        assert (await neighbour.get(f"/patients/{person}")).json()["has_carer"] is False

    async def test_rights_are_those_granted_and_no_others(self, world):
        person = await world.add_patient()
        elder, (child_id, _) = await elder_of(world, person), await child_of(world)
        await elder.post(f"/patients/{person}/proxies", json=grant(child_id, "view", "pay"))
        child = world.principal(Role.family_proxy, child_id)
        async with inside(world, child) as session:
            for right in (Right.view, Right.pay):
                await usecases.require_right(
                    session, principal=child, person_id=person, right=right, now=world.clock.now()
                )
            for right in (Right.book, Right.grant):
                with pytest.raises(errors.RightMissing):
                    await usecases.require_right(
                        session, principal=child, person_id=person, right=right, now=world.clock.now()
                    )

    async def test_a_proxy_hands_nothing_on_and_grant_is_no_right_to_give(self, world):
        person = await world.add_patient()
        elder, (child_id, child) = await elder_of(world, person), await child_of(world)
        await elder.post(f"/patients/{person}/proxies", json=grant(child_id))
        other_id, _ = await child_of(world)
        assert (await child.post(f"/patients/{person}/proxies", json=grant(other_id))).status_code == 403
        assert (await elder.post(f"/patients/{person}/proxies", json=grant(other_id, "grant"))).status_code == 422
        # an elder who is somebody's proxy has the scope, but not the right
        friend_id = await world.add_account(Role.elder)
        await elder.post(f"/patients/{person}/proxies", json=grant(friend_id, relation="spouse"))
        friend = world.client(world.principal(Role.elder, friend_id))
        refused = await friend.post(f"/patients/{person}/proxies", json=grant(other_id))
        assert (refused.status_code, refused.json()["code"]) == (403, "right-missing")

    async def test_staff_record_it_from_paper_only(self, world):
        desk, person = await world.as_role(Role.dispatcher), await world.add_patient()
        child_id, _ = await child_of(world)
        refused = await desk.post(f"/patients/{person}/proxies", json=grant(child_id))
        assert (refused.status_code, refused.json()["code"]) == (422, "paper-missing")
        answer = await desk.post(f"/patients/{person}/proxies", json=grant(child_id, paper_no="授-12"))
        assert (answer.status_code, answer.json()["because"]) == (201, "纸质授权书 授-12")
        elsewhere = await world.as_role(Role.dispatcher, await world.add_institution())
        other_id, _ = await child_of(world)
        refused = await elsewhere.post(f"/patients/{person}/proxies", json=grant(other_id, paper_no="授-13"))
        assert refused.status_code == 404

    async def test_only_accounts_of_elders_and_proxies_act_for_people(self, world):
        person = await world.add_patient()
        elder = await elder_of(world, person)
        for account_id in (new_id(), await world.add_account(Role.nurse, world.institution_id)):
            assert (await elder.post(f"/patients/{person}/proxies", json=grant(account_id))).status_code == 404

    async def test_nobody_is_granted_twice_at_a_time(self, world):
        person = await world.add_patient()
        elder, (child_id, _) = await elder_of(world, person), await child_of(world)
        await elder.post(f"/patients/{person}/proxies", json=grant(child_id, "view"))
        refused = await elder.post(f"/patients/{person}/proxies", json=grant(child_id, "view", "pay"))
        assert (refused.status_code, refused.json()["code"]) == (409, "already-acts-for-person")

    async def test_a_proxy_ends_when_it_says_so(self, world):
        person = await world.add_patient()
        elder, (child_id, child) = await elder_of(world, person), await child_of(world)
        until = NOW + timedelta(days=1)
        refused = await elder.post(f"/patients/{person}/proxies", json=grant(child_id, valid_to=NOW.isoformat()))
        assert (refused.status_code, refused.json()["code"]) == (422, "proxy-ends-in-the-past")
        await elder.post(f"/patients/{person}/proxies", json=grant(child_id, valid_to=until.isoformat()))
        world.clock.shows = until - timedelta(seconds=1)
        assert (await child.get(f"/patients/{person}")).status_code == 200
        world.clock.shows = until
        assert (await child.get(f"/patients/{person}")).status_code == 404
        assert (await child.get("/my/people")).json()["items"] == []
        assert (await elder.get(f"/patients/{person}/proxies")).json()["items"] == []
        assert (await elder.get(f"/patients/{person}")).json()["has_carer"] is False

    @pytest.mark.parametrize(
        "moment", ["2026-03-03T00:00:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+08:00"]
    )
    async def test_refuses_ends_that_are_no_moments_here(self, world, moment):
        person = await world.add_patient()
        elder, (child_id, _) = await elder_of(world, person), await child_of(world)
        answer = await elder.post(f"/patients/{person}/proxies", json=grant(child_id, valid_to=moment))
        assert answer.status_code == 422


class TestLimits:
    async def limit(self, world: World, key: str, value: int) -> None:
        governor = await world.as_role(Role.region_admin)
        body = {"key": key, "value": value, "valid_from": "2026-03-02"}
        answer = await governor.post("/settings", json=body)
        assert answer.status_code == 201, answer.text

    async def test_an_elder_has_three_proxies_unless_the_region_says_otherwise(self, world):
        person = await world.add_patient()
        elder = await elder_of(world, person)

        async def add():
            child_id, _ = await child_of(world)
            return await elder.post(f"/patients/{person}/proxies", json=grant(child_id))

        first = [await add() for _ in range(3)]
        assert [each.status_code for each in first] == [201] * 3
        refused = await add()
        assert (refused.status_code, refused.json()["code"]) == (409, "too-many-proxies")
        await elder.post(f"/patients/{person}/proxies/{first[0].json()['id']}/revocation")
        assert (await add()).status_code == 201
        await self.limit(world, "proxy.max_per_elder", 4)
        assert ((await add()).status_code, (await add()).status_code) == (201, 409)

    async def test_an_account_acts_for_five_elders_unless_the_region_says_otherwise(self, world):
        desk = await world.as_role(Role.dispatcher)
        child_id, child = await child_of(world)

        async def add():
            person = await world.add_patient()
            return await desk.post(f"/patients/{person}/proxies", json=grant(child_id, paper_no="授-1"))

        assert [(await add()).status_code for _ in range(5)] == [201] * 5
        refused = await add()
        assert (refused.status_code, refused.json()["code"]) == (409, "too-many-elders")
        await self.limit(world, "proxy.max_elders", 6)
        assert (await add()).status_code == 201
        assert len((await child.get("/my/people")).json()["items"]) == 6


class TestRevokeProxy:
    async def test_takes_effect_at_once(self, world):
        person = await world.add_patient()
        elder, (child_id, child) = await elder_of(world, person), await child_of(world)
        proxy = (await elder.post(f"/patients/{person}/proxies", json=grant(child_id))).json()
        assert [each["id"] for each in (await elder.get(f"/patients/{person}/proxies")).json()["items"]] == [
            proxy["id"]
        ]
        revoked = await elder.post(f"/patients/{person}/proxies/{proxy['id']}/revocation")
        assert revoked.status_code == 200
        assert datetime.fromisoformat(revoked.json()["valid_to"]) == world.clock.now()
        assert (await child.get(f"/patients/{person}")).status_code == 404
        assert (await elder.get(f"/patients/{person}/proxies")).json()["items"] == []
        again = await elder.post(f"/patients/{person}/proxies/{proxy['id']}/revocation")
        assert (again.status_code, again.json()["code"]) == (409, "proxy-ended")
        assert (await elder.post(f"/patients/{person}/proxies", json=grant(child_id))).status_code == 201

    async def test_what_was_done_before_stays_in_the_row(self, world):
        person = await world.add_patient()
        elder, (child_id, child) = await elder_of(world, person), await child_of(world)
        proxy = (await elder.post(f"/patients/{person}/proxies", json=grant(child_id))).json()["id"]
        world.clock.shows = later = NOW + timedelta(hours=2)
        desk = await world.as_role(Role.dispatcher)
        assert (await desk.post(f"/patients/{person}/proxies/{proxy}/revocation")).status_code == 200
        assert (await child.get(f"/patients/{person}")).status_code == 404
        async with world.owner.connect() as connection:
            rows = await connection.exec_driver_sql(
                f"select lower(during), upper(during) from care_relations where id = '{proxy}'"
            )
            assert [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in rows] == [(NOW, later)]

    async def test_is_the_elders_or_his_institutions_to_do(self, world):
        person = await world.add_patient()
        elder, (child_id, child) = await elder_of(world, person), await child_of(world)
        stranger, elsewhere = (
            await elder_of(world, await world.add_patient()),
            await world.as_role(Role.dispatcher, await world.add_institution()),
        )
        proxy = (await elder.post(f"/patients/{person}/proxies", json=grant(child_id))).json()["id"]
        at = f"/patients/{person}/proxies/{proxy}/revocation"
        assert [(await each.post(at)).status_code for each in (child, stranger, elsewhere)] == [403, 404, 404]
        assert (await elder.post(f"/patients/{person}/proxies/{new_id()}/revocation")).status_code == 404
        own = (await elder.get("/my/people")).json()["items"]
        assert len(own) == 1
        assert (await child.get(f"/patients/{person}")).status_code == 200
