"""Passwords and client secrets: Argon2id, checked off the event loop because it is slow on purpose."""

import asyncio
import base64
import secrets
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_PASSES: Final = 2
_KIBIBYTES: Final = 19456
_HASHER: Final = PasswordHash((Argon2Hasher(time_cost=_PASSES, memory_cost=_KIBIBYTES, parallelism=1),))
"""OWASP's floor for Argon2id: 19 MiB, two passes."""


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def password_fits(password: str, hashed: str | None) -> bool:
    """Return whether a password fits; an unknown account (`hashed` None) costs the same time."""
    known = await asyncio.to_thread(_HASHER.verify, password, hashed or _NOBODYS)
    return known and hashed is not None


def new_secret() -> str:
    """Return a fresh secret of 256 bits that can be typed."""
    return secrets.token_urlsafe(32)


def _nobodys_hash() -> str:
    # drawn, not worked out: every process would pay for it at its start, and no password fits it either way
    salt, key = (base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={_KIBIBYTES},t={_PASSES},p=1${salt}${key}"


_NOBODYS: Final = _nobodys_hash()
