"""Dispatch areas over HTTP: the region's administration makes and changes them, everybody of the region reads them."""

import pytest

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.routing.scene import DAY, Scene
from tests.world import World


async def test_an_area_is_made_read_listed_and_changed(world: World) -> None:
    admin, nurse = await world.as_role(Role.region_admin), await world.as_role(Role.nurse)
    other = await world.add_institution()
    body = {"code": "DWK-1", "name": "大武口城区", "institution_ids": [str(world.institution_id)]}
    made = await admin.post("/dispatch-areas", json=body)
    assert made.status_code == 201
    path = f"/dispatch-areas/{made.json()['id']}"
    assert (await nurse.get(path)).json() == made.json() == body | {"id": made.json()["id"]}
    assert (await nurse.get("/dispatch-areas")).json()["items"] == [made.json()]
    changed = await admin.patch(path, json={"name": "城区", "institution_ids": [str(other), str(world.institution_id)]})
    assert changed.status_code == 200
    assert (await nurse.get(path)).json()["name"] == "城区"
    assert (await nurse.get(path)).json()["institution_ids"] == [str(other), str(world.institution_id)]


async def test_the_institutions_that_an_area_lists_are_those_that_the_next_plan_covers(world: World) -> None:
    scene = await Scene.set_up(world)
    before = (await scene.request()).json()
    other = await world.add_institution()
    admin = await world.as_role(Role.region_admin)
    both = [str(world.institution_id), str(other)]
    assert (await admin.patch(f"/dispatch-areas/{scene.area_id}", json={"institution_ids": both})).status_code == 200
    dispatcher = await world.as_role(Role.dispatcher, world.institution_id, other)
    body = {"area_id": scene.area_id, "service_on": DAY.isoformat()}
    assert (await dispatcher.post("/plans", json=body)).json()["institution_ids"] == both
    assert (await scene.read(before["id"]))["institution_ids"] == [str(world.institution_id)]


async def test_refuses_a_code_that_is_taken_in_the_region_only(world: World) -> None:
    admin = await world.as_role(Role.region_admin)
    body = {"code": "DWK-1", "name": "城区", "institution_ids": [str(world.institution_id)]}
    assert (await admin.post("/dispatch-areas", json=body)).status_code == 201
    again = await admin.post("/dispatch-areas", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "area-code-taken")


@pytest.mark.parametrize("twice", [True, False])
async def test_refuses_institutions_listed_twice_or_not_of_the_region(world: World, twice: bool) -> None:
    admin = await world.as_role(Role.region_admin)
    ids = [str(world.institution_id), str(world.institution_id if twice else new_id())]
    body = {"code": "DWK-1", "name": "城区", "institution_ids": ids}
    answer = await admin.post("/dispatch-areas", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "area-institutions-invalid")
    scene = await Scene.set_up(world)
    changed = await admin.patch(f"/dispatch-areas/{scene.area_id}", json={"institution_ids": ids})
    assert (changed.status_code, changed.json()["code"]) == (422, "area-institutions-invalid")
    assert (await admin.post("/dispatch-areas", json=body | {"institution_ids": []})).status_code == 422


async def test_only_the_region_s_administration_makes_and_changes_areas(world: World) -> None:
    scene = await Scene.set_up(world)
    body = {"code": "X", "name": "城区", "institution_ids": [str(world.institution_id)]}
    for role in (Role.dispatcher, Role.institution_admin, Role.nurse):
        client = await world.as_role(role)
        assert (await client.post("/dispatch-areas", json=body)).status_code == 403
        assert (await client.patch(f"/dispatch-areas/{scene.area_id}", json={"name": "x"})).status_code == 403
    admin = await world.as_role(Role.region_admin)
    assert (await admin.patch(f"/dispatch-areas/{new_id()}", json={"name": "x"})).status_code == 404
    assert (await admin.get(f"/dispatch-areas/{new_id()}")).status_code == 404


async def test_another_region_s_areas_do_not_exist(world: World) -> None:
    scene = await Scene.set_up(world)
    abroad = World(world.owner, world.house, world.clock, world.app)
    await abroad.start()
    admin = await abroad.as_role(Role.region_admin)
    assert (await admin.get(f"/dispatch-areas/{scene.area_id}")).status_code == 404
    assert (await admin.get("/dispatch-areas")).json()["items"] == []
