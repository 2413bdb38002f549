"""The file of keys: changed whole or not at all, by one at a time, and never readable by others."""

import json
import threading
from pathlib import Path

import pytest

from service.core import key_rotation, keyring


@pytest.fixture
def path(tmp_path: Path) -> Path:
    keyring.create(tmp_path / "keyring.json")
    return tmp_path / "keyring.json"


def kids(path: Path) -> list[str]:
    return [key.kid for key in keyring.load(path).signing]


class TestRotate:
    def test_puts_a_fresh_key_first_and_keeps_the_others(self, path: Path) -> None:
        [old] = kids(path)
        before = json.loads(path.read_text())
        fresh = key_rotation.rotate_signing(path)
        assert kids(path) == [fresh, old]
        after = json.loads(path.read_text())
        assert {name: after[name] for name in ("fields", "index")} == {
            name: before[name] for name in ("fields", "index")
        }
        assert path.stat().st_mode & 0o777 == 0o600

    def test_of_many_at_once_none_is_lost(self, path: Path) -> None:
        threads = [threading.Thread(target=key_rotation.rotate_signing, args=(path,)) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert len(set(kids(path))) == 9

    def test_leaves_a_broken_file_as_it_is(self, path: Path) -> None:
        path.write_text('{"signing": [')
        with pytest.raises(ValueError, match="Expecting"):
            key_rotation.rotate_signing(path)
        assert path.read_text() == '{"signing": ['

    def test_needs_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(keyring.KeyringMissing):
            key_rotation.rotate_signing(tmp_path / "none.json")
        assert list(tmp_path.iterdir()) == []


class TestDrop:
    def test_removes_an_old_key_and_no_other(self, path: Path) -> None:
        [old] = kids(path)
        fresh = key_rotation.rotate_signing(path)
        key_rotation.drop_signing(path, old)
        assert kids(path) == [fresh]
        assert path.stat().st_mode & 0o777 == 0o600

    def test_never_the_one_that_signs_nor_one_that_is_not_there(self, path: Path) -> None:
        [only] = kids(path)
        with pytest.raises(key_rotation.KeyInUse):
            key_rotation.drop_signing(path, only)
        with pytest.raises(key_rotation.KeyUnknown):
            key_rotation.drop_signing(path, "00000000")
        assert kids(path) == [only]
        assert sorted(each.name for each in path.parent.iterdir()) == ["keyring.json", "keyring.json.lock"]
