"""Seals: the head of each lane, signed with the house's key every hour, kept in the database and in the log.

Whoever owns the database can rewrite a chain and every hash in it, but not sign its head. Whoever deletes the seals as
well is told by the log, which an operator keeps on another machine.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service.core import logs
from service.core.audit.verify import Lane
from service.core.db.session import transaction
from service.core.principal import Fence
from service.core.signing import Signer, TokenInvalid

AUDIENCE: Final = "xunzhen:audit-seal"
ROUTINE: Final = "audit.seal"
EVERY_HOUR: Final = "7 * * * *"
_SECONDS: Final = 100 * 365 * 24 * 3600
"""A seal does not expire."""

_HEADS: Final = text("select region_id, lane, seq, hash from audit_heads()")
_KEEP: Final = text("select audit_keep_seal(:region, cast(:lane as smallint), :seq, :hash, :token)")
_TOKEN: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")

_log = logs.get_logger("core.audit")


@dataclass(frozen=True, slots=True)
class Seal:
    """A lane's head as it was signed; `hash` in hex."""

    lane: Lane
    seq: int
    hash: str
    sealed_at: datetime


async def seal_heads(
    sessions: async_sessionmaker[AsyncSession], signer: Signer, *, now: datetime, world_now: datetime
) -> None:
    """Sign the head of every lane that has moved since its last seal. `now` is real time."""
    async with transaction(sessions, Fence(), world_now) as session:
        heads = (await session.execute(_HEADS)).all()
        for region_id, lane, seq, head in heads:
            token = sign(signer, Lane(region_id, lane), seq=seq, head=head.hex(), now=now)
            kept = {"region": region_id, "lane": lane, "seq": seq, "hash": head, "token": token}
            await session.execute(_KEEP, kept)
            _log.info("sealed", region=str(region_id), lane=lane, seq=seq, hash=head.hex(), seal=token)


def sign(signer: Signer, lane: Lane, *, seq: int, head: str, now: datetime) -> str:
    """Return the signed token that says which hash (hex) stood at `seq` of a lane."""
    claims = {"sub": str(lane.region_id), "lane": lane.number, "seq": seq, "hash": head}
    return signer.sign(claims, audience=AUDIENCE, now=now, seconds=_SECONDS)


def read(signer: Signer, tokens: Iterable[str]) -> tuple[list[Seal], int]:
    """Return the seals of some tokens, and how many were not signed by this house."""
    found, forged = [], 0
    for token in tokens:
        try:
            said = signer.verify(token, audience=AUDIENCE)
        except TokenInvalid:
            forged += 1
            continue
        lane = Lane(UUID(said["sub"]), said["lane"])
        found.append(Seal(lane, said["seq"], said["hash"], datetime.fromtimestamp(said["iat"], UTC)))
    return found, forged


def tokens_in(log: str) -> list[str]:
    """Return the seals that a log holds: every word that looks like a signed token."""
    return _TOKEN.findall(log)


def by_lane(seals: Iterable[Seal]) -> Mapping[Lane, dict[int, str]]:
    """Return seq → hash of each lane that was sealed."""
    found: dict[Lane, dict[int, str]] = {}
    for seal in seals:
        found.setdefault(seal.lane, {})[seal.seq] = seal.hash
    return found
