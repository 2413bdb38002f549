"""What a dispatcher writes about a doubtful visit, and his own name, is what its later readers see of the decision."""

import pytest

from service.accounts.rules import Role
from tests.fields.town import ACCOUNT_PASSWORD, Town, changed, made, shown
from tests.visits.conftest import Doors
from tests.world import CENTRE

FAR = {"lon": CENTRE[0] + 0.02, "lat": CENTRE[1], "datum": "wgs84", "accuracy_metres": 10}


async def test_a_decision_is_read_with_its_reason_its_note_and_the_name_of_who_decided(town: Town) -> None:
    body = {
        "username": "chen.dispatcher", "role": "dispatcher", "display_name": "调度员甲", "password": ACCOUNT_PASSWORD,
        "institution_ids": [town.at],
    }  # fmt: skip
    account = (await made(town.chief, "/accounts", body))["id"]
    decider = town.world.client(town.world.principal(Role.dispatcher, account))
    doors = Doors(town.world)
    await doors.prepare()
    door = await doors.open([await doors.member()])
    visit = await door.until("complete", **FAR)
    path = f"/visits/{visit['id']}"
    assert visit["exceptions"][0]["note"] is None
    decision = {"decision": "approved", "reason_code": "confirmed_by_family", "note": "已与女儿电话核实"}
    answer = await decider.post(f"{path}/exceptions/{visit['exceptions'][0]['id']}/decision", json=decision)
    assert answer.status_code == 200, answer.text
    [told] = (await shown(town.desk, path))["exceptions"]
    assert (told["reason_code"], told["note"], told["decided_by_name"]) == (
        "confirmed_by_family", "已与女儿电话核实", "调度员甲",
    )  # fmt: skip
    await changed(town.chief, f"/accounts/{account}", {"display_name": "调度员乙"})
    [told] = (await shown(town.desk, path))["exceptions"]
    assert told["decided_by_name"] == "调度员乙"
    # colleagues read the name; the crew's own phone too, nobody outside the institution
    elder = await town.world.add_account(Role.elder)
    await town.world.add_relation(door.person_id, elder)
    [told] = (await shown(town.world.client(town.world.principal(Role.elder, elder)), path))["exceptions"]
    assert told["decided_by_name"] is None


@pytest.mark.parametrize("away", [{"lon": CENTRE[0] + 0.02}, {"lat": CENTRE[1] + 0.02}])
async def test_an_arrival_away_from_the_home_in_either_direction_is_doubted(town: Town, away: dict[str, float]) -> None:
    doors = Doors(town.world)
    await doors.prepare()
    door = await doors.open([await doors.member()])
    visit = await door.until("complete", **FAR | {"lon": CENTRE[0], "lat": CENTRE[1]} | away)
    assert [each["kind"] for each in visit["exceptions"]] == ["out_of_fence"]
