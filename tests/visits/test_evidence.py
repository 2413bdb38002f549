"""Evidence of a visit: what the setting requires keeps it from being verified until it is there."""

import asyncio
from typing import Any

import pytest
from httpx import AsyncClient

from service.accounts.rules import Role
from service.core.files.kinds import FileKind
from service.institutions.rules import settings
from service.visits import rules
from service.visits.rules import EvidenceKind
from tests.visits.conftest import Door, Doors

JPEG = b"\xff\xd8\xff\xe0"
PDF = b"%PDF-1.7"


async def kept(door: Door, content: bytes = JPEG, phone: AsyncClient | None = None) -> str:
    """Upload a file that nobody has uploaded before; return its id."""
    client = phone or door.crew[0].phone
    answer = await client.post(
        "/files", content=content + door.order_id.bytes, params={"institution_id": str(door.world.institution_id)}
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def show(door: Door, visit: dict[str, Any], kind: str, content: bytes = JPEG, **more: Any) -> Any:
    """Attach a fresh file to a visit."""
    body = {"file_id": await kept(door, content + kind.encode()), "kind": kind} | more
    return await door.crew[0].phone.post(f"/visits/{visit['id']}/evidence", json=body)


async def require(doors: Doors, kinds: str) -> None:
    """Set what the institution requires."""
    chief = await doors.world.as_role(Role.institution_admin)
    body = {
        "institution_id": str(doors.world.institution_id), "key": "visit.required_evidence", "value": kinds,
        "valid_from": "2026-01-01",
    }  # fmt: skip
    answer = await chief.post("/settings", json=body)
    assert answer.status_code == 201, answer.text


class TestRequiredEvidence:
    @pytest.mark.requirement("R011")
    async def test_keeps_a_visit_without_it_from_being_verified(self, doors: Doors) -> None:
        await require(doors, "arrival_photo,signature")
        door = await doors.open([await doors.member()])
        visit = await door.until("start")
        assert (await show(door, visit, "arrival_photo")).status_code == 201
        done = (await door.say("complete")).json()
        assert (done["state"], done["verified"]) == ("completed", False)
        [doubt] = done["exceptions"]
        assert (doubt["kind"], doubt["facts"]) == ("evidence_missing", {"missing": ["signature"]})

    async def test_that_is_brought_in_time_leaves_no_doubt(self, doors: Doors) -> None:
        await require(doors, "arrival_photo")
        door = await doors.open([await doors.member()])
        visit = await door.until("start")
        await show(door, visit, "arrival_photo")
        done = (await door.say("complete")).json()
        assert (done["verified"], done["exceptions"]) == (True, [])

    async def test_that_is_brought_later_settles_the_doubt_in_the_name_of_who_brought_it(self, doors: Doors) -> None:
        await require(doors, "arrival_photo,signature")
        door = await doors.open([await doors.member()])
        visit = await door.until("complete")
        half = (await show(door, visit, "arrival_photo")).json()
        assert (half["verified"], half["exceptions"][0]["decision"]) == (False, None)
        whole = (await show(door, visit, "signature")).json()
        assert whole["verified"]
        [doubt] = whole["exceptions"]
        assert (doubt["decision"], doubt["reason_code"]) == ("approved", "evidence_supplied")
        assert doubt["decided_by_account_id"]

    async def test_does_not_undo_what_a_person_has_decided(self, doors: Doors) -> None:
        await require(doors, "signature")
        door = await doors.open([await doors.member()])
        visit = await door.until("complete")
        dispatcher = await doors.world.as_role(Role.dispatcher)
        path = f"/visits/{visit['id']}/exceptions/{visit['exceptions'][0]['id']}/decision"
        await dispatcher.post(path, json={"decision": "refused", "reason_code": "not_credible"})
        late = await show(door, visit, "signature")
        assert (late.status_code, late.json()["code"]) == (409, "visit-over")

    async def test_can_be_done_without_where_a_dispatcher_says_so(self, doors: Doors) -> None:
        await require(doors, "paper_form")
        door = await doors.open([await doors.member()])
        visit = await door.until("complete")
        dispatcher = await doors.world.as_role(Role.dispatcher)
        path = f"/visits/{visit['id']}/exceptions/{visit['exceptions'][0]['id']}/decision"
        decided = await dispatcher.post(path, json={"decision": "approved", "reason_code": "device_failure"})
        assert decided.json()["verified"]

    async def test_is_none_by_default(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        assert (await door.until("complete"))["verified"]


class TestAddEvidence:
    async def test_shows_the_file_with_the_visit_and_the_elder_may_read_it(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("arrive")
        shown = (await show(door, visit, "arrival_photo")).json()
        [piece] = shown["evidence"]
        assert piece["kind"] == "arrival_photo"
        world = doors.world
        account_id = await world.add_account(Role.elder)
        elder = world.client(world.principal(Role.elder, account_id))
        assert (await elder.get(f"/files/{piece['file_id']}")).status_code == 404
        await world.add_relation(door.person_id, account_id)
        read = await elder.get(f"/files/{piece['file_id']}")
        assert (read.status_code, read.content[:4]) == (200, JPEG)

    async def test_takes_the_same_file_again_without_storing_it(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("arrive")
        body = {"file_id": await kept(door), "kind": "arrival_photo"}
        path = f"/visits/{visit['id']}/evidence"
        answers = [await door.crew[0].phone.post(path, json=body) for _ in range(2)]
        assert [each.status_code for each in answers] == [201, 201]
        assert len(answers[1].json()["evidence"]) == 1

    async def test_survives_many_at_once(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("arrive")
        body = {"file_id": await kept(door), "kind": "arrival_photo"}
        path = f"/visits/{visit['id']}/evidence"
        answers = await asyncio.gather(*(door.crew[0].phone.post(path, json=body) for _ in range(6)))
        assert {each.status_code for each in answers} == {201}
        assert {len(each.json()["evidence"]) for each in answers} == {1}

    @pytest.mark.parametrize(
        ("kind", "content"), [("arrival_photo", PDF), ("recording", JPEG), ("signature", b"ID3\x04")]
    )
    async def test_refuses_a_file_that_cannot_show_this(self, doors: Doors, kind: str, content: bytes) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("arrive")
        answer = await show(door, visit, kind, content)
        assert (answer.status_code, answer.json()["code"]) == (409, "file-does-not-fit")

    async def test_refuses_it_before_the_arrival_and_after_a_cancellation(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("depart")
        answer = await show(door, visit, "arrival_photo")
        assert (answer.status_code, answer.json()["code"]) == (409, "step-missing")

    async def test_takes_a_photo_of_a_closed_door(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("arrive")
        assert (await door.crew[0].phone.post(f"/visits/{visit['id']}/no-show")).status_code == 200
        assert (await show(door, visit, "arrival_photo")).status_code == 201

    async def test_is_for_the_crew_and_with_files_of_its_institution(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("arrive")
        body = {"file_id": await kept(door), "kind": "arrival_photo"}
        colleague = await doors.member()
        hidden = await colleague.phone.post(f"/visits/{visit['id']}/evidence", json=body)
        assert hidden.status_code == 404
        other = await doors.world.add_institution()
        stranger = await doors.world.as_role(Role.nurse, other)
        foreign = await stranger.post("/files", content=JPEG + other.bytes, params={"institution_id": str(other)})
        borrowed = await door.crew[0].phone.post(
            f"/visits/{visit['id']}/evidence", json=body | {"file_id": foreign.json()["id"]}
        )
        assert borrowed.status_code == 404


class TestRules:
    def test_name_what_is_missing_in_their_own_order(self) -> None:
        given = [EvidenceKind.paper_form]
        assert rules.missing_evidence(("signature", "paper_form", "arrival_photo"), given) == [
            EvidenceKind.arrival_photo, EvidenceKind.signature,
        ]  # fmt: skip
        assert rules.missing_evidence((), []) == []

    def test_every_kind_can_be_shown_by_some_file_and_none_by_every_file(self) -> None:
        assert set(rules.EVIDENCE_FILES) == set(EvidenceKind)
        for files in rules.EVIDENCE_FILES.values():
            assert files
            assert files < set(FileKind)

    def test_the_setting_knows_exactly_the_kinds_that_there_are(self) -> None:
        assert settings.VISIT_REQUIRED_EVIDENCE.words == tuple(EvidenceKind)

    @pytest.mark.parametrize("raw", ["", "signature,signature", "selfie", ",", 3, None, "none,signature", True])
    def test_the_setting_refuses_what_is_none_of_them(self, raw: object) -> None:
        with pytest.raises(ValueError, match="none"):
            settings.VISIT_REQUIRED_EVIDENCE.read(raw)

    def test_the_setting_reads_what_it_writes(self) -> None:
        setting = settings.VISIT_REQUIRED_EVIDENCE
        assert setting.read(" paper_form , signature") == ("signature", "paper_form")
        for value in ((), ("signature", "paper_form")):
            assert setting.read(setting.write(value)) == value
