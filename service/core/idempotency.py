"""Idempotency-Key: the answer of a creating POST is stored in the transaction that did the work, and told again.

In flight is known by an advisory lock that dies with the transaction; an answer never committed leaves nothing.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import Column, Index, Row, func, insert, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlmodel import Field, SQLModel, select

from service.core import problems
from service.core.audit import statements
from service.core.crypt import FieldCipher
from service.core.db import fences, refusals, rows
from service.core.db.session import transaction
from service.core.principal import Fence

Answer = TypeVar("Answer", bound=BaseModel)

REPLAY_HEADER = "Idempotency-Replayed"
BODY = "idempotent_answers.body"
"""The context under which answers are sealed."""
KEPT_DAYS: Final = 30
"""How long an answer can be had again; whoever repeats a request later than that has it carried out anew."""
ROUTINE: Final = "idempotency.forget"
EVERY_NIGHT: Final = "23 18 * * *"
"""In UTC: 02:23 in Shanghai, when few are at work."""
_BATCH: Final = 1000


class IdempotentAnswer(SQLModel, table=True):
    """The stored answer to one key of one account on one route; sealed, for it may hold an address."""

    __tablename__ = "idempotent_answers"
    __table_args__ = (Index("ix_idempotent_answers_answered_at", "answered_at"),)  # which are to be forgotten

    region_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    route: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    status: int
    # the version before this one left answers here in the clear, and may still do so beside us while we are brought in
    body: Any = Field(default=None, sa_column=Column(JSONB(none_as_null=True), nullable=True))
    body_sealed: bytes | None = None
    answered_at: datetime = rows.moment()


# An account's answers are its own: even the region's administration has no use for them.
fences.fence(
    IdempotentAnswer,
    "region_id = (select app_region()) and account_id = (select app_account())",
    verbs="select, insert",
)
_CLAIM: Final = text("""
select claim.held, a.fingerprint, a.status, a.body, a.body_sealed
from (select pg_try_advisory_xact_lock(:claim) as held) claim
left join idempotent_answers a
    on a.region_id = :region_id and a.account_id = :account_id and a.route = :route and a.key = :key
""")
_KEEP: Final = insert(fences.table_of(IdempotentAnswer))
refusals.name_constraints({"pk_idempotent_answers": problems.KeyInFlight})
statements.about_people(IdempotentAnswer)  # an answer told again shows what the first one showed
# The application cannot remove an answer; all it can do is have old ones of every region removed, so many at a time.
fences.definer(
    IdempotentAnswer,
    "idempotency_forget(asked_most int)",
    "bigint",
    """
with old as (
    select a.region_id, a.account_id, a.route, a.key from idempotent_answers a
    where a.answered_at < app_now() - interval 'KEPT days' order by a.answered_at limit asked_most
    for update skip locked
), forgotten as (
    delete from idempotent_answers a using old
    where (a.region_id, a.account_id, a.route, a.key) = (old.region_id, old.account_id, old.route, old.key)
    returning 1
)
select count(*) from forgotten
""".replace("KEPT", str(KEPT_DAYS)),
    volatile=True,
)


async def forget_old(
    sessions: async_sessionmaker[AsyncSession], *, now: Callable[[], datetime], batch: int = _BATCH
) -> int:
    """Forget the answers of all regions that are older than `KEPT_DAYS`, in short transactions; return how many."""
    forgotten = 0
    while True:
        async with transaction(sessions, Fence(), now()) as session:
            count = int(await session.scalar(select(func.idempotency_forget(batch))) or 0)
        forgotten += count
        if count < batch:
            return forgotten


@dataclass(frozen=True, slots=True)
class Once:
    """One creating request: with a key it is carried out once, without one each time."""

    session: AsyncSession
    region_id: UUID
    account_id: UUID
    route: str
    key: str | None
    now: datetime
    cipher: FieldCipher

    async def run(
        self, asked: BaseModel | None, act: Callable[[], Awaitable[Answer]], *, status: int | Callable[[], int] = 201
    ) -> Response | Answer:
        """Return the answer to `asked`: carry out `act`, or tell again what it answered before, with the same status.

        Where `act` can end in several ways, `status` is asked after it.

        Raises:
            KeyInFlight: the same key is being carried out in another transaction.
            KeyReused: the key was used for another body.
        """
        if self.key is None:
            return await act()
        fingerprint = self._fingerprint(asked)
        known = await self._claim()
        if known is not None:
            if known.fingerprint != fingerprint:
                raise problems.KeyReused
            return JSONResponse(self._told(known), status_code=known.status, headers={REPLAY_HEADER: "true"})
        answer = await act()
        kept = {
            "region_id": self.region_id,
            "account_id": self.account_id,
            "route": self.route,
            "key": self.key,
            "fingerprint": fingerprint,
            "status": status() if callable(status) else status,
            "body_sealed": self.cipher.seal(answer.model_dump_json(), context=BODY),
            "answered_at": self.now,
        }
        # what is waiting to be written may be refused, and then nothing was answered
        await self.session.flush()
        await self.session.execute(_KEEP, kept)
        return answer

    def _told(self, known: Row[Any]) -> Any:
        if known.body_sealed is None:
            return known.body
        return json.loads(self.cipher.open(known.body_sealed, context=BODY))

    async def _claim(self) -> Row[Any] | None:
        """Claim the key until the commit, and return the answer it has had already.

        In one round trip: an answer that was committed after the statement began and before it held the claim does not
        show; the key of the table then refuses a second one.
        """
        # try: two equal requests at once must not queue up behind each other; the second is told to come back
        digest = hashlib.sha256(f"{self.account_id}\0{self.route}\0{self.key}".encode()).digest()
        asked = {
            "claim": int.from_bytes(digest[:8], "big", signed=True),
            "region_id": self.region_id,
            "account_id": self.account_id,
            "route": self.route,
            "key": self.key,
        }
        found = (await self.session.execute(_CLAIM, asked)).one()
        if not found.held:
            raise problems.KeyInFlight
        return found if found.fingerprint is not None else None

    def _fingerprint(self, asked: BaseModel | None) -> str:
        """Return the digest of a body as it was understood: the order of its fields does not matter.

        Keyed, because bodies hold passwords and identity numbers that a plain digest would let one guess.
        """
        content = asked.model_dump(mode="json") if asked is not None else None
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return self.cipher.blind(canonical, context="idempotent_answers.fingerprint").hex()
