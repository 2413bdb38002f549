"""Which file a nurse attaches to a visit, and as what, is what its later readers find and what the setting counts."""

from service.accounts.rules import Role
from tests.fields.town import Town, shown
from tests.visits.conftest import Doors

JPEG = b"\xff\xd8\xff\xe0"


async def test_the_file_is_found_at_the_visit_and_counts_as_the_kind_that_was_said(town: Town) -> None:
    await town.set("visit.required_evidence", "signature")
    doors = Doors(town.world)
    await doors.prepare()
    door = await doors.open([await doors.member()])
    nurse = door.crew[0].phone
    visit = await door.until("complete")
    files = []
    for number in range(2):
        answer = await nurse.post("/files", content=JPEG + bytes([number]) * 9, params={"institution_id": town.at})
        files.append(answer.json()["id"])
    path = f"/visits/{visit['id']}"
    first = await nurse.post(f"{path}/evidence", json={"file_id": files[0], "kind": "arrival_photo"})
    assert (first.status_code, first.json()["verified"]) == (201, False)
    second = await nurse.post(f"{path}/evidence", json={"file_id": files[1], "kind": "signature"})
    assert (second.status_code, second.json()["verified"]) == (201, True)
    elder = await town.world.add_account(Role.elder)
    await town.world.add_relation(door.person_id, elder)
    read = await shown(town.world.client(town.world.principal(Role.elder, elder)), path)
    assert [(each["kind"], each["file_id"]) for each in read["evidence"]] == [
        ("arrival_photo", files[0]), ("signature", files[1]),
    ]  # fmt: skip
