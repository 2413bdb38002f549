"""What is sealed stays sealed, where it was put; keys rotate."""

import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from service.core import crypt, field_keys, keyring
from service.core.crypt import FieldCipher
from service.core.keyring import FieldCipherName, Keyring, SecretKey

OLD, NEW = SecretKey("old", b"o" * 32), SecretKey("new", b"n" * 32)
INDEX = SecretKey("index", b"i" * 32)
CIPHER = FieldCipher(Keyring((), (OLD,), INDEX))


class TestSeal:
    @given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
    def test_any_text_comes_back_as_it_was(self, text: str) -> None:
        assert CIPHER.open(CIPHER.seal(text, context="a.b"), context="a.b") == text

    def test_the_same_text_is_never_sealed_alike(self) -> None:
        assert CIPHER.seal("640202194505010021", context="a.b") != CIPHER.seal("640202194505010021", context="a.b")

    def test_the_text_is_not_in_it(self) -> None:
        assert b"640202194505010021" not in CIPHER.seal("640202194505010021", context="a.b")

    def test_it_cannot_be_moved_to_another_column(self) -> None:
        with pytest.raises(InvalidTag):
            CIPHER.open(CIPHER.seal("x", context="patients.phone"), context="patients.id_number")

    def test_it_cannot_be_changed(self) -> None:
        sealed = bytearray(CIPHER.seal("x", context="a.b"))
        sealed[-1] ^= 1
        with pytest.raises(InvalidTag):
            CIPHER.open(bytes(sealed), context="a.b")

    def test_after_a_rotation_the_old_is_still_read_and_the_new_key_is_used(self) -> None:
        before = CIPHER.seal("x", context="a.b")
        rotated = FieldCipher(Keyring((), (NEW, OLD), INDEX))
        assert rotated.open(before, context="a.b") == "x"
        assert rotated.seal("x", context="a.b").startswith(b"new:")
        with pytest.raises(KeyError):
            FieldCipher(Keyring((), (NEW,), INDEX)).open(before, context="a.b")


class TestBlind:
    def test_equal_texts_are_equal_and_nothing_else(self) -> None:
        assert CIPHER.blind("x", context="a.b") == CIPHER.blind("x", context="a.b")
        assert CIPHER.blind("x", context="a.b") != CIPHER.blind("y", context="a.b")
        assert CIPHER.blind("x", context="a.b") != CIPHER.blind("x", context="a.c")

    def test_it_takes_the_key_to_make_one(self) -> None:
        other = FieldCipher(Keyring((), (OLD,), SecretKey("index", b"j" * 32)))
        assert other.blind("x", context="a.b") != CIPHER.blind("x", context="a.b")


class TestKeyring:
    def test_keys_are_the_owners_alone_and_never_overwritten(self, tmp_path: Path) -> None:
        path = tmp_path / "keys" / "keyring.json"
        keyring.create(path)
        first = path.read_bytes()
        keyring.create(path)
        assert path.read_bytes() == first
        assert path.stat().st_mode & 0o777 == 0o600
        assert len(keyring.load(path).index.secret) == 32

    def test_without_one_the_way_to_it_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(keyring.KeyringMissing, match="xunzhen init"):
            keyring.load(tmp_path / "none.json")


class TestSm4:
    """RFC 8998, appendix A.1: SM4-GCM."""

    KEY = SecretKey("sm4", bytes.fromhex("0123456789abcdeffedcba9876543210"), FieldCipherName.sm4_gcm)
    NONCE = bytes.fromhex("00001234567800000000abcd")
    CONTEXT = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    TEXT = bytes.fromhex(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    )
    SEALED = bytes.fromhex(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )

    def test_the_standards_vector_is_sealed_and_opened(self) -> None:
        assert crypt.encrypt(self.KEY, self.NONCE, self.TEXT, self.CONTEXT) == self.SEALED
        assert crypt.decrypt(self.KEY, self.NONCE, self.SEALED, self.CONTEXT) == self.TEXT

    @pytest.mark.parametrize("place", [0, 63, 64, 79])
    def test_a_changed_byte_of_text_or_tag_is_refused(self, place: int) -> None:
        changed = bytearray(self.SEALED)
        changed[place] ^= 1
        with pytest.raises(InvalidTag):
            crypt.decrypt(self.KEY, self.NONCE, bytes(changed), self.CONTEXT)

    @pytest.mark.parametrize("length", [0, 4, 15, 16, 79])
    def test_what_was_cut_short_is_refused(self, length: int) -> None:
        with pytest.raises(InvalidTag):
            crypt.decrypt(self.KEY, self.NONCE, self.SEALED[:length], self.CONTEXT)

    def test_both_ciphers_are_read_at_once(self) -> None:
        aes, both = FieldCipher(Keyring((), (OLD,), INDEX)), FieldCipher(Keyring((), (self.KEY, OLD), INDEX))
        before = aes.seal("朝阳街1号", context="a.b")
        after = both.seal("朝阳街1号", context="a.b")
        assert after.startswith(b"sm4:")
        assert (both.open(before, context="a.b"), both.open(after, context="a.b")) == ("朝阳街1号", "朝阳街1号")
        with pytest.raises(InvalidTag):
            both.open(after, context="a.c")


class TestRenewal:
    def test_a_key_added_while_it_runs_is_learnt_when_it_is_met_and_used_within_seconds(self, tmp_path: Path) -> None:
        path, seconds = tmp_path / "keyring.json", [0.0]
        keyring.create(path)
        running = FieldCipher(keyring.load(path), renewed=keyring.Watch(path).changed, clock=lambda: seconds[0])
        old = running.current_kid
        new = field_keys.add(path, FieldCipherName.sm4_gcm)
        met = FieldCipher(keyring.load(path)).seal("x", context="a.b")
        assert crypt.kid_of(running.seal("x", context="a.b")) == old
        assert running.open(met, context="a.b") == "x"
        assert crypt.kid_of(running.seal("x", context="a.b")) == new

        third = field_keys.add(path, FieldCipherName.aes_gcm)
        seconds[0] += keyring.LOOK_EVERY_SECONDS + 1
        assert crypt.kid_of(running.seal("x", context="a.b")) == third

    def test_a_file_that_is_being_written_leaves_the_keys_as_they_are(self, tmp_path: Path) -> None:
        path = tmp_path / "keyring.json"
        keyring.create(path)
        whole, watch = path.read_text(), keyring.Watch(path)
        path.write_text(whole[:40])
        assert watch.changed() is None
        path.unlink()
        assert watch.changed() is None
        path.write_text(whole)
        again = watch.changed()
        assert again is not None
        assert again.fields[0].kid == keyring.load(path).fields[0].kid
        assert watch.changed() is None


class TestFieldKeys:
    def test_a_key_is_added_put_first_and_retired(self, tmp_path: Path) -> None:
        path = tmp_path / "keyring.json"
        keyring.create(path)
        (old,) = keyring.load(path).fields
        new = field_keys.add(path, FieldCipherName.sm4_gcm, first=False)
        assert [each.kid for each in keyring.load(path).fields] == [old.kid, new]
        field_keys.put_first(path, new)
        assert [(each.kid, len(each.secret)) for each in keyring.load(path).fields] == [(new, 16), (old.kid, 32)]
        for kid in (new, "none"):
            with pytest.raises(field_keys.NoSuchKey):
                field_keys.retire(path, kid)
        field_keys.retire(path, old.kid)
        assert [each.kid for each in keyring.load(path).fields] == [new]
        assert path.stat().st_mode & 0o777 == 0o600
        assert {each.name for each in tmp_path.iterdir()} == {"keyring.json", "keyring.json.lock"}

    def test_signing_and_index_keys_stay_as_they_are(self, tmp_path: Path) -> None:
        path = tmp_path / "keyring.json"
        keyring.create(path)
        before = json.loads(path.read_text())
        field_keys.add(path, FieldCipherName.aes_gcm)
        after = json.loads(path.read_text())
        assert {**before, "fields": None} == {**after, "fields": None}
        assert after["fields"][1:] == before["fields"]

    def test_a_new_keyring_is_for_the_cipher_of_the_settings(self, tmp_path: Path) -> None:
        path = tmp_path / "keyring.json"
        keyring.create(path, FieldCipherName.sm4_gcm)
        assert keyring.load(path).fields[0].cipher is FieldCipherName.sm4_gcm
        cipher = FieldCipher(keyring.load(path))
        assert cipher.open(cipher.seal("x", context="a.b"), context="a.b") == "x"

    def test_a_key_of_before_is_for_aes(self, tmp_path: Path) -> None:
        path = tmp_path / "keyring.json"
        keyring.create(path)
        content = json.loads(path.read_text())
        del content["fields"][0]["cipher"]
        path.write_text(json.dumps(content))
        assert keyring.load(path).fields[0].cipher is FieldCipherName.aes_gcm
