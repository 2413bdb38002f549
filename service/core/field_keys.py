"""The keys that seal fields, in the file of keys: added, put first, retired; the file changes whole or not at all."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from service.core import keyring
from service.core.keyring import FieldCipherName


class NoSuchKey(Exception):
    """There is no such field key, or it is the one in use."""


def add(path: Path, cipher: FieldCipherName, *, first: bool = True) -> str:
    """Add a new field key and return its name; `first` = running processes on this machine seal with it in seconds.

    With several machines add it last, copy the file to all of them, then `put_first` there: no process then meets a
    value whose key it does not know.

    Raises:
        keyring.KeyringMissing: there is no such file.
    """
    content = _read(path)
    key = keyring.fresh_field(cipher)
    content["fields"].insert(0 if first else len(content["fields"]), key)
    _write(path, content)
    return key["kid"]


def put_first(path: Path, kid: str) -> None:
    """Let fields be sealed with a key that is in the file already.

    Raises:
        NoSuchKey: it is not.
        keyring.KeyringMissing: there is no such file.
    """
    content = _read(path)
    chosen = [each for each in content["fields"] if each["kid"] == kid]
    if not chosen:
        raise NoSuchKey(kid)
    content["fields"] = chosen + [each for each in content["fields"] if each["kid"] != kid]
    _write(path, content)


def retire(path: Path, kid: str) -> None:
    """Take a field key out of the file; only once `rotation.left` finds nothing sealed with it.

    Raises:
        NoSuchKey: it is not there, or it is the one in use.
        keyring.KeyringMissing: there is no such file.
    """
    content = _read(path)
    kept = [each for each in content["fields"] if each["kid"] != kid]
    if len(kept) == len(content["fields"]) or content["fields"][0]["kid"] == kid:
        raise NoSuchKey(kid)
    content["fields"] = kept
    _write(path, content)


def _read(path: Path) -> dict[str, Any]:
    keyring.load(path)  # a file that cannot be used is not written to
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def _write(path: Path, content: dict[str, Any]) -> None:
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            new.unlink()
        raise
    # the old keys may only be forgotten once the new name is on disk
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
