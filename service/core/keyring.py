"""Keys: one JSON file, readable by its owner only; the first of a kind is in use, the others still verify."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LOOK_EVERY_SECONDS: Final = 5.0
"""How long a running process may go on with the key before, once another was put first, or believe a dropped one."""


class FieldCipherName(StrEnum):
    """How fields are sealed; both are authenticated, and bound to their column."""

    aes_gcm = "aes-gcm"
    """AES-256-GCM"""
    sm4_gcm = "sm4-gcm"
    """SM4-GCM (GB/T 32907), where the commercial-cipher rules ask for it"""


class KeyringMissing(Exception):
    """There is no keyring where the settings say."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key that signs tokens and promises."""

    kid: str
    private: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A secret (256 bits; 128 for SM4) and the cipher that it is for."""

    kid: str
    secret: bytes
    cipher: FieldCipherName = FieldCipherName.aes_gcm


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of an installation. `signing` and `fields` rotate (newest first); `index` cannot, it is searched by."""

    signing: tuple[SigningKey, ...]
    fields: tuple[SecretKey, ...]
    index: SecretKey


def load(path: Path) -> Keyring:
    """Read a keyring.

    Raises:
        KeyringMissing: there is no such file; `xunzhen init` makes one.
    """
    try:
        raw = json.loads(path.read_text())
    except FileNotFoundError:
        raise KeyringMissing(f"没有密钥文件 {path}：请先运行 xunzhen init，或用 XUNZHEN_KEYRING 指明它。") from None
    signing = [SigningKey(each["kid"], _private(each["private"])) for each in raw["signing"]]
    fields = [
        SecretKey(each["kid"], base64.b64decode(each["secret"]), FieldCipherName(each.get("cipher", "aes-gcm")))
        for each in raw["fields"]
    ]
    return Keyring(tuple(signing), tuple(fields), SecretKey("index", base64.b64decode(raw["index"])))


def create(path: Path, cipher: FieldCipherName = FieldCipherName.aes_gcm) -> None:
    """Write a fresh keyring with mode 600, unless one is there already (keys are never overwritten)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "signing": [fresh_signing()],
        "fields": [fresh_field(cipher)],
        "index": _fresh(),
    }
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        json.dump(content, file)


def fresh_field(cipher: FieldCipherName) -> dict[str, str]:
    """Return a new key for sealing fields, as it stands in the file."""
    size = 16 if cipher is FieldCipherName.sm4_gcm else 32
    return {"kid": secrets.token_hex(4), "cipher": cipher.value, "secret": _fresh(size)}


def _fresh(size: int = 32) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode()


def fresh_signing() -> dict[str, str]:
    """Return a new key for signing, as it stands in the file."""
    raw = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return {"kid": secrets.token_hex(4), "private": base64.b64encode(raw).decode()}


def _private(encoded: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded))


class Watch:
    """Tells when the file of keys has changed, so that a running process learns of a key that was added."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._mark()

    def _mark(self) -> tuple[int, int, int] | None:
        try:
            said = self._path.stat()
        except OSError:
            return None
        return said.st_mtime_ns, said.st_ino, said.st_size

    def changed(self) -> Keyring | None:
        """Return the keys if the file is another than when last asked; None if not, or while it cannot be read."""
        mark = self._mark()
        if mark is None or mark == self._seen:
            return None
        try:
            keys = load(self._path)
        except (KeyringMissing, OSError, ValueError, KeyError):
            return None  # half-copied to this machine: the next one who asks looks again
        self._seen = mark
        return keys


class Renewal:
    """Asks now and then for keys that were added while the process runs; `renewed` returns them if they changed."""

    def __init__(self, renewed: Callable[[], Keyring | None], clock: Callable[[], float]) -> None:
        self._renewed, self._clock, self._looked_at = renewed, clock, clock()

    def look(self, *, soon: bool = False) -> Keyring | None:
        """Return the changed keys; None if there are none, or it is too early to look again (not when `soon`)."""
        if not soon and self._clock() - self._looked_at < LOOK_EVERY_SECONDS:
            return None
        self._looked_at = self._clock()
        return self._renewed()
