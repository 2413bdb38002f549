"""A person's access log: the person and the administrator of an institution that cares for him read it."""

from datetime import UTC, datetime, timedelta

import pytest

from service.accounts.rules import Role
from service.core.ids import new_id
from tests.world import World

pytestmark = pytest.mark.database


async def test_an_elder_reads_who_looked_at_his_data_and_why(world: World) -> None:
    person, account, nurse = await world.add_patient(), await world.add_account(Role.elder), new_id()
    await world.add_relation(person, account)
    elder = world.client(world.principal(Role.elder, account))
    seen = world.client(world.principal(Role.nurse, nurse))
    assert (await seen.get(f"/patients/{person}", headers={"X-Purpose": "care"})).status_code == 200
    answer = await elder.get(f"/patients/{person}/accesses")
    assert answer.status_code == 200
    [item] = answer.json()["items"]
    assert (item["operation"], item["role"], item["account_id"]) == ("read_patient", "nurse", str(nurse))
    assert (item["purpose"], item["changed"], item["refused"]) == ("care", False, None)
    assert item["institution_ids"] == [str(world.institution_id)]
    # looking at the log is an access as well
    again = (await elder.get(f"/patients/{person}/accesses")).json()["items"]
    assert [each["operation"] for each in again] == ["list_accesses", "read_patient"]


async def test_the_purpose_that_a_request_states_is_what_the_person_reads(world: World) -> None:
    person = await world.add_patient()
    dispatcher, admin = await world.as_role(Role.dispatcher), await world.as_role(Role.institution_admin)
    for purpose in ("emergency", "payment"):
        assert (await dispatcher.get(f"/patients/{person}", headers={"X-Purpose": purpose})).status_code == 200
    found = (await admin.get(f"/patients/{person}/accesses")).json()["items"]
    assert [each["purpose"] for each in found] == ["payment", "emergency"]


async def test_a_change_is_told_from_a_look(world: World) -> None:
    person = await world.add_patient()
    dispatcher, admin = await world.as_role(Role.dispatcher), await world.as_role(Role.institution_admin)
    body = {"key_group": "chronic", "valid_from": "2026-01-01"}
    assert (await dispatcher.post(f"/patients/{person}/key-groups", json=body)).status_code == 201
    [item] = (await admin.get(f"/patients/{person}/accesses")).json()["items"]
    assert (item["operation"], item["changed"]) == ("add_key_group", True)


async def test_older_ones_follow_before_a_moment(world: World) -> None:
    person = await world.add_patient()
    dispatcher, admin = await world.as_role(Role.dispatcher), await world.as_role(Role.institution_admin)
    for _ in range(3):
        assert (await dispatcher.get(f"/patients/{person}")).status_code == 200
    log = f"/patients/{person}/accesses"
    first = (await admin.get(log, params={"limit": 2})).json()["items"]
    assert len(first) == 2
    rest = (await admin.get(log, params={"before": first[-1]["at"]})).json()["items"]
    assert [each["operation"] for each in rest] == ["read_patient"]
    assert all(each["at"] < first[-1]["at"] for each in rest)
    long_ago = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert (await admin.get(log, params={"before": long_ago})).json()["items"] == []


async def test_a_stranger_learns_nothing(world: World) -> None:
    person = await world.add_patient()
    another = await world.as_role(Role.institution_admin, await world.add_institution())
    elder = await world.as_role(Role.elder)
    for client in (another, elder):
        assert (await client.get(f"/patients/{person}/accesses")).status_code == 404


async def test_those_at_the_door_do_not_read_it(world: World) -> None:
    person = await world.add_patient()
    nurse = await world.as_role(Role.nurse)
    assert (await nurse.get(f"/patients/{person}/accesses")).status_code == 403
