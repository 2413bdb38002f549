"""What is sealed stays sealed, where it was put; keys rotate."""

from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from service.core import keyring
from service.core.crypt import FieldCipher
from service.core.keyring import Keyring, SecretKey

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
