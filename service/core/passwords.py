"""Passwords and client secrets: Argon2id, checked off the event loop because it is slow on purpose."""

import asyncio
import secrets
from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_HASHER: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19456, parallelism=1),))
"""OWASP's floor for Argon2id: 19 MiB, two passes."""


async def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def password_fits(password: str, hashed: str | None) -> bool:
    """Return whether a password fits; an unknown account (`hashed` None) costs the same time."""
    known = await asyncio.to_thread(_HASHER.verify, password, hashed or _DUMMY)
    return known and hashed is not None


def new_secret() -> str:
    """Return a fresh secret of 256 bits that can be typed."""
    return secrets.token_urlsafe(32)


_DUMMY: Final = _HASHER.hash(secrets.token_urlsafe(16))
