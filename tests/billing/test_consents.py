"""At the door: another service is quoted, agreed to with a file that shows it, performed and collected."""

from typing import Any

import pytest

from service.accounts.rules import Role
from service.billing import settling
from service.core.jobs.queue import Job
from tests.billing.day import Day, parts
from tests.billing.test_quotes import accept, quote
from tests.visits.conftest import Door, Doors
from tests.visits.test_evidence import PDF, kept, show
from tests.world import World


@pytest.fixture
async def doors(world: World) -> Doors:
    """Doors of an institution that offers two services."""
    made, day = Doors(world), Day(world)
    await made.prepare()
    await day.list_services("WOUND")
    await day.price("BP", "10")
    await day.price("WOUND", "20")
    return made


async def begun(doors: Doors) -> tuple[Door, dict[str, Any]]:
    """Return a door with an accepted quote behind which the service has begun, and its visit."""
    door = await doors.open([await doors.member()])
    quoted = await quote(Day(doors.world), door.person_id, door.home_id)
    await accept(Day(doors.world), quoted.quote_id, door.order_id)
    return door, await door.until("start")


class TestAtTheDoor:
    async def test_a_new_quote_a_signature_and_the_added_service_is_collected(self, doors: Doors) -> None:
        door, visit = await begun(doors)
        phone, path = door.crew[0].phone, f"/visits/{visit['id']}"
        items = [{"code": "BP", "quantity": 1}, {"code": "WOUND", "quantity": 1}]
        quoted = await phone.post(f"{path}/quotes", json={"items": items})
        assert (quoted.status_code, quoted.json()["patient_fen"]) == (201, 3000), quoted.text
        assert [line["sentence"] for line in quoted.json()["lines"]] == ["BP：您付10.00元", "WOUND：您付20.00元"]
        shown = (await show(door, visit, "signature")).json()
        body = {"amount": "30.00", "quote_id": quoted.json()["id"]}
        body["evidence_file_id"] = shown["evidence"][0]["file_id"]
        told = await phone.post(f"{path}/consents", json=body)
        assert (told.status_code, told.json()["given_by"], told.json()["amount_fen"]) == (201, "crew", 3000)
        added = await phone.post(f"{path}/items", json={"code": "WOUND", "quantity": 1, "added": True})
        assert added.status_code == 201, added.text
        await door.say("complete")
        job = Job(
            region_id=doors.world.region_id, institution_ids=(doors.world.institution_id,), subject_id=visit["id"]
        )
        await settling.settle_visit(doors.world.house, job)
        finance = await doors.world.as_role(Role.finance)
        bill = (await finance.get(f"{path}/settlement")).json()["settlement"]
        assert (bill["patient_fen"], parts(bill, "WOUND")) == (3000, [("self_pay", None, 2000)])
        listed = (await finance.get(f"{path}/consents")).json()["items"]
        assert [(each["amount_fen"], each["quote_id"]) for each in listed] == [(3000, body["quote_id"])]

    async def test_the_crew_s_word_alone_is_no_consent(self, doors: Doors) -> None:
        door, visit = await begun(doors)
        phone, path = door.crew[0].phone, f"/visits/{visit['id']}/consents"
        photo = (await show(door, visit, "service_photo")).json()["evidence"][0]["file_id"]
        elsewhere = await kept(door, PDF)
        for file_id in (None, photo, elsewhere):
            told = await phone.post(path, json={"amount": "30.00", "evidence_file_id": file_id})
            assert (told.status_code, told.json()["code"]) == (422, "evidence-needed")

    async def test_only_the_crew_quotes_and_records(self, doors: Doors) -> None:
        _, visit = await begun(doors)
        other = await doors.member()
        path = f"/visits/{visit['id']}"
        items = [{"code": "BP", "quantity": 1}]
        assert (await other.phone.post(f"{path}/quotes", json={"items": items})).status_code == 404
        assert (await other.phone.post(f"{path}/consents", json={"amount": "1.00"})).status_code == 404

    async def test_what_the_order_holds_pays_in_the_quote_at_the_door(self, doors: Doors) -> None:
        door, visit = await begun(doors)
        await Day(doors.world).programme(door.person_id, {"BP": 1})
        items = [{"code": "BP", "quantity": 2}]
        quoted = await door.crew[0].phone.post(f"/visits/{visit['id']}/quotes", json={"items": items})
        assert quoted.json()["patient_fen"] == 1000

    @pytest.mark.parametrize("items", [[], [{"code": "BP"}, {"code": "BP"}], [{"code": "BP", "quantity": 0}]])
    async def test_services_are_named_once_each(self, doors: Doors, items: list[dict[str, Any]]) -> None:
        door, visit = await begun(doors)
        told = await door.crew[0].phone.post(f"/visits/{visit['id']}/quotes", json={"items": items})
        assert (told.status_code, told.json()["code"]) == (422, "malformed")

    async def test_others_do_not_read_what_a_family_agreed_to(self, doors: Doors) -> None:
        door, visit = await begun(doors)
        path = f"/visits/{visit['id']}/consents"
        account_id = await doors.world.add_account(Role.family_proxy)
        await doors.world.add_relation(door.person_id, account_id, kind="proxy", rights=["book"])
        proxy = doors.world.client(doors.world.principal(Role.family_proxy, account_id))
        assert (await proxy.get(path)).status_code == 404
        stranger = await doors.world.as_role(Role.finance, await doors.world.add_institution())
        assert (await stranger.get(path)).status_code == 404
