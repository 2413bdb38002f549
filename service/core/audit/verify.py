"""Checking the chains: written apart from the database's own functions, so that neither vouches for itself.

Each entry's hash is taken over all of its fields and the hash of the entry before, so a field that was edited, an entry
that was deleted, put in or moved breaks its lane at that place. A chain that somebody recomputed as a whole, or cut
off at its end, is whole in itself: the seals, signed with a key that is not in the database, tell.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

FIELDS: Final = (
    "region_id",
    "lane",
    "seq",
    "at",
    "world_at",
    "account_id",
    "client_id",
    "session_id",
    "role",
    "institution_ids",
    "operation",
    "purpose",
    "subject",
    "person_ids",
    "reads",
    "changes",
    "refused",
    "address",
    "agent",
    "request_id",
)
"""What a hash is taken over, after the hash before; moments in microseconds since 1970."""

_MOMENTS: Final = {"at", "world_at"}
_VERSION: Final = "15:xunzhen.audit.1"
GENESIS: Final = "00" * 32
"""What the first entry of a lane follows."""


class Wrong(StrEnum):
    """What is wrong at a place of a lane."""

    edited = "edited"
    missing = "missing"
    displaced = "displaced"
    unsealed = "unsealed"
    cut_off = "cut_off"


_SAID: Final = {
    Wrong.edited: "内容与哈希不符，记录被改动",
    Wrong.missing: "缺少记录，有记录被删除",
    Wrong.displaced: "与前一条接不上，前一条被删除、插入、调换或重算",
    Wrong.unsealed: "与签名封存的哈希不符，整条链被重算",
    Wrong.cut_off: "签名封存过的记录已不存在，链尾被截断",
}


@dataclass(frozen=True, slots=True)
class Lane:
    """A chain: one of the lanes of a region."""

    region_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at one place."""

    lane: Lane
    seq: int
    wrong: Wrong

    def sentence(self) -> str:
        """Return what people read."""
        place = f"统筹区 {self.lane.region_id} 第{self.lane.number}道 第{self.seq}条"
        return f"{place}：{_SAID[self.wrong]}（{self.wrong}）"


def columns() -> str:
    """Return the select list of an entry as texts: seq, the hash before, its hash, then `FIELDS`."""
    texts = (
        f"(extract(epoch from {name}) * 1000000)::bigint::text" if name in _MOMENTS else f"{name}::text"
        for name in FIELDS
    )
    return f"seq, encode(prev_hash, 'hex'), encode(hash, 'hex'), {', '.join(texts)}"


def digest(before: str, fields: Sequence[str | None]) -> str:
    """Return the hash (hex) of an entry whose `FIELDS` are these texts and that follows the hash `before`."""
    parts = "".join(["-" if part is None else f"{len(part)}:{part}" for part in fields])
    return hashlib.sha256(f"{_VERSION}{len(before)}:{before}{parts}".encode()).hexdigest()


@dataclass(slots=True)
class LaneCheck:
    """Walks along one lane, entry by entry, from a place that is known to be good.

    `seals`: seq → hash (hex) as signed.
    """

    lane: Lane
    seals: Mapping[int, str]
    seq: int = 0
    before: str = GENESIS
    count: int = field(default=0)

    def take(self, seq: int, prev_hash: str, claimed: str, fields: Sequence[str | None]) -> Iterator[Fault]:
        """Yield what is wrong with the next entry, in the order of `seq`."""
        self.count += 1
        if seq != self.seq + 1:
            yield Fault(self.lane, self.seq + 1, Wrong.missing)
        elif prev_hash != self.before:
            yield Fault(self.lane, seq, Wrong.displaced)
        if digest(prev_hash, fields) != claimed:
            yield Fault(self.lane, seq, Wrong.edited)
        sealed = self.seals.get(seq)
        if sealed is not None and sealed != claimed:
            yield Fault(self.lane, seq, Wrong.unsealed)
        self.seq, self.before = seq, claimed

    def end(self) -> Iterator[Fault]:
        """Yield what is missing once the lane's last entry is taken."""
        if self.seals and max(self.seals) > self.seq:
            yield Fault(self.lane, self.seq + 1, Wrong.cut_off)
