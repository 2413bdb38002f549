"""The keys that seal fields, in the file of keys: added, put first, retired; the file changes whole or not at all."""

from pathlib import Path

from service.core import key_rotation, keyring
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
    with key_rotation.changing(path) as content:
        key = keyring.fresh_field(cipher)
        content["fields"].insert(0 if first else len(content["fields"]), key)
    return key["kid"]


def put_first(path: Path, kid: str) -> None:
    """Let fields be sealed with a key that is in the file already.

    Raises:
        NoSuchKey: it is not.
        keyring.KeyringMissing: there is no such file.
    """
    with key_rotation.changing(path) as content:
        chosen = [each for each in content["fields"] if each["kid"] == kid]
        if not chosen:
            raise NoSuchKey(kid)
        content["fields"] = chosen + [each for each in content["fields"] if each["kid"] != kid]


def retire(path: Path, kid: str) -> None:
    """Take a field key out of the file; only once `rotation.left` finds nothing sealed with it.

    Raises:
        NoSuchKey: it is not there, or it is the one in use.
        keyring.KeyringMissing: there is no such file.
    """
    with key_rotation.changing(path) as content:
        kept = [each for each in content["fields"] if each["kid"] != kid]
        if len(kept) == len(content["fields"]) or content["fields"][0]["kid"] == kid:
            raise NoSuchKey(kid)
        content["fields"] = kept
