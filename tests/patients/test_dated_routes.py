"""Key groups and medical insurances over HTTP: dated rows, one at a time, ended rather than removed."""

from datetime import date

import pytest

from service.accounts.rules import Role
from service.core.ids import new_id
from service.patients import usecases
from tests.patients.fence import inside

KINDS = {
    "key-groups": ({"key_group": "chronic"}, "key-group-already"),
    "coverages": ({"plan_code": "resident"}, "coverage-overlaps"),
}


@pytest.fixture(params=list(KINDS))
def kind(request):
    return request.param


class TestDatedRows:
    async def test_rows_of_one_kind_do_not_overlap(self, world, kind):
        desk = await world.as_role(Role.dispatcher)
        rows = f"/patients/{await world.add_patient()}/{kind}"
        what, code = KINDS[kind]
        first = await desk.post(rows, json=what | {"valid_from": "2026-01-01"})
        assert first.status_code == 201
        refused = await desk.post(rows, json=what | {"valid_from": "2026-02-01", "valid_to": "2026-02-28"})
        assert (refused.status_code, refused.json()["code"]) == (409, code)
        ended = await desk.patch(f"{rows}/{first.json()['id']}", json={"valid_to": "2026-01-31"})
        assert ended.json()["valid_to"] == "2026-01-31"
        second = await desk.post(rows, json=what | {"valid_from": "2026-02-01", "valid_to": "2026-02-28"})
        assert second.status_code == 201
        assert [each["valid_from"] for each in (await desk.get(rows)).json()["items"]] == ["2026-01-01", "2026-02-01"]
        reopened = await desk.patch(f"{rows}/{first.json()['id']}", json={"valid_to": None})
        assert (reopened.status_code, reopened.json()["code"]) == (409, code)

    async def test_nothing_ends_before_it_starts(self, world, kind):
        desk = await world.as_role(Role.dispatcher)
        rows = f"/patients/{await world.add_patient()}/{kind}"
        what, _ = KINDS[kind]
        refused = await desk.post(rows, json=what | {"valid_from": "2026-01-02", "valid_to": "2026-01-01"})
        assert (refused.status_code, refused.json()["code"]) == (422, "ends-before-start")
        row = (await desk.post(rows, json=what | {"valid_from": "2026-01-02"})).json()
        refused = await desk.patch(f"{rows}/{row['id']}", json={"valid_to": "2026-01-01"})
        assert (refused.status_code, refused.json()["code"]) == (422, "ends-before-start")

    async def test_a_row_of_another_person_is_not_found(self, world, kind):
        desk = await world.as_role(Role.dispatcher)
        one, other = await world.add_patient(), await world.add_patient()
        what, _ = KINDS[kind]
        row = (await desk.post(f"/patients/{one}/{kind}", json=what | {"valid_from": "2026-01-01"})).json()["id"]
        for person, row_id in ((other, row), (one, new_id())):
            answer = await desk.patch(f"/patients/{person}/{kind}/{row_id}", json={"valid_to": None})
            assert answer.status_code == 404

    async def test_the_elder_reads_and_staff_of_his_institution_write(self, world, kind):
        person, elder_id = await world.add_patient(), await world.add_account(Role.elder)
        await world.add_relation(person, elder_id)
        elder = world.client(world.principal(Role.elder, elder_id))
        elsewhere = await world.as_role(Role.dispatcher, await world.add_institution())
        what, _ = KINDS[kind]
        body, rows = what | {"valid_from": "2026-01-01"}, f"/patients/{person}/{kind}"
        assert (await (await world.as_role(Role.doctor)).post(rows, json=body)).status_code == 201
        assert len((await elder.get(rows)).json()["items"]) == 1
        assert (await elder.post(rows, json=body)).status_code == 403
        assert (await elsewhere.get(rows)).status_code == 404
        assert (await elsewhere.post(rows, json=body)).status_code == 404

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "morgen"])
    async def test_refuses_days_no_calendar_here_has(self, world, kind, day):
        desk = await world.as_role(Role.dispatcher)
        what, _ = KINDS[kind]
        answer = await desk.post(f"/patients/{await world.add_patient()}/{kind}", json=what | {"valid_from": day})
        assert answer.status_code == 422


class TestKeyGroups:
    @pytest.mark.requirement("R032")
    async def test_a_person_belongs_to_several_each_for_its_time(self, world):
        desk, person = await world.as_role(Role.dispatcher), await world.add_patient()
        rows = f"/patients/{person}/key-groups"
        await desk.post(rows, json={"key_group": "chronic", "valid_from": "2026-01-01"})
        await desk.post(rows, json={"key_group": "disabled", "valid_from": "2026-01-01", "valid_to": "2026-03-01"})
        await desk.post(rows, json={"key_group": "dementia", "valid_from": "2026-03-02"})
        async with inside(world) as session:
            for day, groups in (
                (date(2025, 12, 31), set()),
                (date(2026, 3, 1), {"chronic", "disabled"}),
                (date(2026, 3, 2), {"chronic", "dementia"}),
            ):
                found = await usecases.groups_of(session, region_id=world.region_id, person_ids=[person], on=day)
                assert found == {person: groups}


class TestCoverages:
    async def test_the_insurance_of_a_day_is_the_row_in_force(self, world):
        desk, person = await world.as_role(Role.dispatcher), await world.add_patient()
        rows = f"/patients/{person}/coverages"
        await desk.post(rows, json={"plan_code": "employee", "valid_from": "2026-01-01", "valid_to": "2026-02-28"})
        await desk.post(rows, json={"plan_code": "resident", "valid_from": "2026-03-02"})
        async with inside(world) as session:
            plans = []
            for day in (date(2025, 12, 31), date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 2)):
                found = await usecases.coverage_on(session, region_id=world.region_id, person_id=person, on=day)
                plans.append(found.plan_code if found else None)
        assert plans == [None, "employee", None, "resident"]
