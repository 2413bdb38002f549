"""Keys: one JSON file, readable by its owner only; the first of a kind is in use, the others still verify."""

import base64
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class KeyringMissing(Exception):
    """There is no keyring where the settings say."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key that signs tokens and promises."""

    kid: str
    private: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A 256-bit secret."""

    kid: str
    secret: bytes


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
    fields = [SecretKey(each["kid"], base64.b64decode(each["secret"])) for each in raw["fields"]]
    return Keyring(tuple(signing), tuple(fields), SecretKey("index", base64.b64decode(raw["index"])))


def create(path: Path) -> None:
    """Write a fresh keyring with mode 600, unless one is there already (keys are never overwritten)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "signing": [_fresh_signing()],
        "fields": [{"kid": secrets.token_hex(4), "secret": _fresh()}],
        "index": _fresh(),
    }
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(handle, "w") as file:
        json.dump(content, file)


def _fresh() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _fresh_signing() -> dict[str, str]:
    raw = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
    )
    return {"kid": secrets.token_hex(4), "private": base64.b64encode(raw).decode()}


def _private(encoded: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded))
