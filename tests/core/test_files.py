"""Files: one content, one file, sealed; known by its bytes; damaged ones are refused and found."""

import asyncio
import hashlib
import logging
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from service.accounts.rules import Role
from service.core import crypt, keyring
from service.core.db.session import raise_fence
from service.core.files import errors, kinds, usecases
from service.core.files.store import FileStore
from service.core.http import House
from service.core.ids import new_id
from service.core.principal import Fence
from tests.world import World

JPEG = b"\xff\xd8\xff\xe0" + b"the door of a home" * 20


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    keyring.create(tmp_path / "keyring.json")
    return FileStore(tmp_path / "files", crypt.FieldCipher(keyring.load(tmp_path / "keyring.json")))


def place(store: FileStore, digest: str) -> Path:
    return store._directory / digest[:2] / digest


class TestKindOf:
    @pytest.mark.parametrize(
        ("head", "kind"),
        [
            (b"\xff\xd8\xff\xe1", "jpeg"),
            (b"\x89PNG\r\n\x1a\n", "png"),
            (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
            (b"RIFF\x00\x00\x00\x00WAVEfmt ", "wav"),
            (b"\x00\x00\x00\x18ftypheic", "heic"),
            (b"\x00\x00\x00\x18ftypM4A ", "m4a"),
            (b"\x00\x00\x00\x18ftypisom", "mp4"),
            (b"%PDF-1.7", "pdf"),
            (b"OggS\x00", "ogg"),
            (b"ID3\x04", "mp3"),
            (b"\xff\xfb\x90", "mp3"),
        ],
    )
    def test_knows_a_kind_by_its_first_bytes(self, head: bytes, kind: str) -> None:
        assert kinds.kind_of(head + b"\0" * 40) == kind

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<html><script>",
            b"GIF89a",
            b"MZ\x90",
            b"PK\x03\x04",
            b"RIFF\0\0\0\0AVI ",
            b" %PDF-",
            b"\0\0\0\x18ftyp",
        ],
    )
    def test_refuses_every_other_content(self, content: bytes) -> None:
        with pytest.raises(errors.FileKindRefused):
            kinds.kind_of(content)


class TestStore:
    def test_gives_back_what_it_was_given_and_rests_sealed(self, store: FileStore) -> None:
        digest = store.put(JPEG)
        assert digest == hashlib.sha256(JPEG).hexdigest()
        assert store.get(digest) == JPEG
        stored = place(store, digest).read_bytes()
        assert b"the door" not in stored
        assert stored[:3] != JPEG[:3]
        assert place(store, digest).stat().st_mode & 0o077 == 0

    def test_keeps_the_same_content_once(self, store: FileStore) -> None:
        digest = store.put(JPEG)
        before = place(store, digest).read_bytes()
        assert store.put(JPEG) == digest
        assert place(store, digest).read_bytes() == before
        assert list(store.digests()) == [digest]

    @pytest.mark.parametrize("at", [0, 5, 20, 70, -1])
    def test_refuses_a_file_of_which_a_byte_was_changed(self, store: FileStore, at: int) -> None:
        digest = store.put(JPEG)
        stored = bytearray(place(store, digest).read_bytes())
        stored[at] ^= 1
        place(store, digest).write_bytes(stored)
        with pytest.raises(errors.FileDamaged):
            store.get(digest)

    def test_refuses_a_file_that_is_gone_cut_short_or_another_s(self, store: FileStore) -> None:
        one, other = store.put(JPEG), store.put(JPEG + b"!")
        whole = place(store, one).read_bytes()
        for content in (b"", whole[:40], whole[:-1], place(store, other).read_bytes()):
            place(store, one).write_bytes(content)
            with pytest.raises(errors.FileDamaged):
                store.get(one)
        place(store, one).unlink()
        with pytest.raises(errors.FileDamaged):
            store.get(one)

    def test_mends_a_damaged_file_when_its_content_is_brought_again(self, store: FileStore) -> None:
        digest = store.put(JPEG)
        place(store, digest).write_bytes(b"rubbish")
        assert store.put(JPEG) == digest
        assert store.get(digest) == JPEG

    def test_leaves_nothing_half_written_beside_it(self, store: FileStore) -> None:
        store.put(JPEG)
        assert list((store._directory / "incoming").iterdir()) == []

    async def test_survives_many_who_bring_one_content_at_once(self, store: FileStore) -> None:
        found = await asyncio.gather(*(asyncio.to_thread(store.put, JPEG) for _ in range(16)))
        assert set(found) == {hashlib.sha256(JPEG).hexdigest()}
        assert store.get(found[0]) == JPEG

    def test_moves_to_a_new_field_key_without_touching_the_content(self, store: FileStore, tmp_path: Path) -> None:
        digest = store.put(JPEG)
        before = place(store, digest).read_bytes()
        store.reseal(digest)
        after = place(store, digest).read_bytes()
        assert before != after
        assert before[-len(JPEG) - 28 :] == after[-len(JPEG) - 28 :]
        assert store.get(digest) == JPEG


async def _kept(client: AsyncClient, world: World, content: bytes = JPEG, **query: Any) -> Any:
    return await client.post("/files", content=content, params={"institution_id": str(world.institution_id)} | query)


class TestOverHttp:
    async def test_a_file_comes_back_as_it_went_in_with_safe_headers(self, world: World) -> None:
        nurse = await world.as_role(Role.nurse)
        content = JPEG + world.region_id.bytes
        answer = await nurse.post(
            "/files",
            content=content,
            params={"institution_id": str(world.institution_id)},
            headers={"Content-Type": "text/html"},
        )
        assert answer.status_code == 200, answer.text
        kept = answer.json()
        assert (kept["kind"], kept["bytes"]) == ("jpeg", len(content))
        assert kept["sha256"] == hashlib.sha256(content).hexdigest()
        read = await nurse.get(f"/files/{kept['id']}")
        assert (read.status_code, read.content) == (200, content)
        assert read.headers["content-type"] == "image/jpeg"
        assert read.headers["x-content-type-options"] == "nosniff"
        assert read.headers["content-disposition"].startswith("attachment")
        assert read.headers["etag"] == f'"{kept["sha256"]}"'
        again = await nurse.get(f"/files/{kept['id']}", headers={"If-None-Match": read.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")

    async def test_the_same_content_is_the_same_file_of_one_institution_and_another_of_the_next(
        self, world: World
    ) -> None:
        nurse, dispatcher = await world.as_role(Role.nurse), await world.as_role(Role.dispatcher)
        other = await world.add_institution()
        stranger = await world.as_role(Role.nurse, other)
        first, second = await _kept(nurse, world), await _kept(dispatcher, world)
        elsewhere = await _kept(stranger, world, institution_id=str(other))
        assert first.json()["id"] == second.json()["id"] != elsewhere.json()["id"]

    async def test_another_institution_neither_reads_nor_keeps_here(self, world: World) -> None:
        nurse = await world.as_role(Role.nurse)
        stranger = await world.as_role(Role.nurse, await world.add_institution())
        kept = (await _kept(nurse, world)).json()
        assert (await stranger.get(f"/files/{kept['id']}")).status_code == 404
        assert (await _kept(stranger, world)).status_code == 404

    async def test_refuses_what_is_no_evidence_and_what_is_too_large(self, world: World) -> None:
        nurse = await world.as_role(Role.nurse)
        for content in (b"", b"<html>", b"MZ"):
            answer = await _kept(nurse, world, content)
            assert (answer.status_code, answer.json()["code"]) == (422, "file-kind-refused")
        limit = world.house.settings.files_largest_bytes
        assert (await _kept(nurse, world, JPEG + b"\0" * (limit - len(JPEG)))).status_code == 200
        large = await _kept(nurse, world, JPEG + b"\0" * limit)
        assert (large.status_code, large.json()["code"]) == (413, "body-too-large")

    async def test_cuts_a_body_off_that_does_not_say_how_long_it_is(self, world: World) -> None:
        async def endless() -> Any:
            for _ in range(400):
                yield JPEG * 200

        nurse = await world.as_role(Role.nurse)
        answer = await nurse.post("/files", content=endless(), params={"institution_id": str(world.institution_id)})
        assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")

    async def test_keeps_the_ordinary_limit_for_every_other_body(self, world: World) -> None:
        nurse = await world.as_role(Role.nurse)
        answer = await nurse.post("/visit-events", content=b" " * (2 << 20))
        assert answer.status_code == 413

    async def test_says_that_a_file_is_damaged_instead_of_breaking(self, world: World) -> None:
        nurse = await world.as_role(Role.nurse)
        kept = (await _kept(nurse, world, JPEG + world.region_id.bytes + b"damaged")).json()
        place(usecases.store_of(world.house), kept["sha256"]).write_bytes(b"XZF1\x00\x05abc")
        answer = await nurse.get(f"/files/{kept['id']}")
        assert (answer.status_code, answer.json()["code"]) == (409, "file-damaged")

    async def test_one_who_may_not_upload_is_told_so(self, world: World) -> None:
        finance = await world.as_role(Role.finance)
        assert (await _kept(finance, world)).status_code == 403


class TestCheckFiles:
    async def test_names_what_is_damaged_and_what_nobody_needs(self, world: World, house: House) -> None:
        nurse = await world.as_role(Role.nurse)
        sound = (await _kept(nurse, world, JPEG + b"sound" + world.region_id.bytes)).json()["sha256"]
        broken = (await _kept(nurse, world, JPEG + b"broken" + world.region_id.bytes)).json()["sha256"]
        store = usecases.store_of(house)
        orphan = store.put(JPEG + b"orphan" + world.region_id.bytes)
        place(store, broken).unlink()
        report = await usecases.check_files(store, {sound, broken})
        assert report.damaged == (broken,)
        assert report.checked == 2
        assert orphan in report.unknown
        assert sound not in report.unknown
        assert not report.is_sound


class TestTheDatabaseAlone:
    async def test_keeps_one_row_of_a_content_however_many_add_it_at_once(
        self, world: World, app_engine: AsyncEngine
    ) -> None:
        sql = text(
            "insert into files (region_id, institution_id, id, sha256, bytes, kind, uploaded_by_account_id,"
            " uploaded_at) values (:region, :institution, :id, :sha, 1, 'jpeg', :id, now())"
            " on conflict on constraint files_content_once do nothing"
        )

        async def add(file_id: UUID) -> int:
            async with AsyncSession(app_engine) as session, session.begin():
                await raise_fence(session, Fence(world.region_id, (world.institution_id,)), world.clock.now())
                values = {
                    "region": world.region_id,
                    "institution": world.institution_id,
                    "id": file_id,
                    "sha": "a" * 64,
                }
                result: Any = await session.execute(sql, values)
                return int(result.rowcount)

        assert sorted(await asyncio.gather(*(add(new_id()) for _ in range(8)))) == [0] * 7 + [1]

    async def test_many_uploads_of_one_content_at_once_answer_with_one_file(self, world: World) -> None:
        nurse = await world.as_role(Role.nurse)
        answers = await asyncio.gather(*(_kept(nurse, world, JPEG + world.region_id.bytes) for _ in range(8)))
        assert {each.status_code for each in answers} == {200}
        assert len({each.json()["id"] for each in answers}) == 1


def test_no_file_s_content_is_logged(store: FileStore, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        store.put(JPEG)
    assert "door" not in caplog.text
