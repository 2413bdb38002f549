"""Changes to the file of keys: one at a time, written whole beside it and put in its place, readable by its owner."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.core import keyring


class KeyUnknown(Exception):
    """The keyring has no signing key of this name."""


class KeyInUse(Exception):
    """The key signs: rotate first."""


def rotate_signing(path: Path) -> str:
    """Put a fresh signing key first and return its name; those before it go on verifying.

    Raises:
        keyring.KeyringMissing: there is no such file.
    """
    with changing(path) as content:
        fresh = keyring.fresh_signing()
        content["signing"].insert(0, fresh)
    return fresh["kid"]


def drop_signing(path: Path, kid: str) -> None:
    """Remove a signing key: what it has signed is believed no more.

    Raises:
        keyring.KeyringMissing: there is no such file.
        KeyUnknown, KeyInUse: it is not to be removed.
    """
    with changing(path) as content:
        names = [each["kid"] for each in content["signing"]]
        if kid not in names:
            raise KeyUnknown(kid)
        if kid == names[0]:
            raise KeyInUse(kid)
        content["signing"] = [each for each in content["signing"] if each["kid"] != kid]


@contextmanager
def changing(path: Path) -> Iterator[dict[str, Any]]:
    """Give the file's content, and write what became of it; who changes it at the same moment waits.

    Raises:
        keyring.KeyringMissing: there is no such file.
    """
    keyring.load(path)  # refuses what is not there, and what cannot be read whole
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        os.chmod(lock.fileno(), 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        content: dict[str, Any] = json.loads(path.read_text())
        yield content
        _replace(path, content)


def _replace(path: Path, content: dict[str, Any]) -> None:
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 600
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
