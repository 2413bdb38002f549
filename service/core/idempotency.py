"""Idempotency-Key: the answer of a creating POST is stored in the transaction that did the work, and told again.

In flight is known by an advisory lock that dies with the transaction; an answer never committed leaves nothing.
"""

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from fastapi import Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlalchemy import Column, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col, select

from service.core import problems
from service.core.audit import statements
from service.core.crypt import FieldCipher
from service.core.db import fences, rows

Answer = TypeVar("Answer", bound=BaseModel)

REPLAY_HEADER = "Idempotency-Replayed"
BODY = "idempotent_answers.body"
"""The context under which answers are sealed."""


class IdempotentAnswer(SQLModel, table=True):
    """The stored answer to one key of one account on one route; sealed, for it may hold an address."""

    __tablename__ = "idempotent_answers"

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
statements.about_people(IdempotentAnswer)  # an answer told again shows what the first one showed


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
        self, asked: BaseModel | None, act: Callable[[], Awaitable[Answer]], *, status: int = 201
    ) -> Response | Answer:
        """Return the answer to `asked`: carry out `act`, or tell again what it answered before.

        Raises:
            KeyInFlight: the same key is being carried out in another transaction.
            KeyReused: the key was used for another body.
        """
        if self.key is None:
            return await act()
        fingerprint = self._fingerprint(asked)
        await self._claim()
        known = await self._find()
        if known is not None:
            if known.fingerprint != fingerprint:
                raise problems.KeyReused
            return JSONResponse(self._told(known), status_code=known.status, headers={REPLAY_HEADER: "true"})
        answer = await act()
        self.session.add(
            IdempotentAnswer(
                region_id=self.region_id,
                account_id=self.account_id,
                route=self.route,
                key=self.key,
                fingerprint=fingerprint,
                status=status,
                body_sealed=self.cipher.seal(answer.model_dump_json(), context=BODY),
                answered_at=self.now,
            )
        )
        await self.session.flush()
        return answer

    def _told(self, known: IdempotentAnswer) -> Any:
        if known.body_sealed is None:
            return known.body
        return json.loads(self.cipher.open(known.body_sealed, context=BODY))

    async def _claim(self) -> None:
        # try: two equal requests at once must not queue up behind each other; the second is told to come back
        digest = hashlib.sha256(f"{self.account_id}\0{self.route}\0{self.key}".encode()).digest()
        claimed = await self.session.scalar(
            text("select pg_try_advisory_xact_lock(:number)"),
            {"number": int.from_bytes(digest[:8], "big", signed=True)},
        )
        if not claimed:
            raise problems.KeyInFlight

    async def _find(self) -> IdempotentAnswer | None:
        query = select(IdempotentAnswer).where(
            col(IdempotentAnswer.region_id) == self.region_id,
            col(IdempotentAnswer.account_id) == self.account_id,
            col(IdempotentAnswer.route) == self.route,
            col(IdempotentAnswer.key) == self.key,
        )
        return (await self.session.execute(query)).scalar_one_or_none()

    def _fingerprint(self, asked: BaseModel | None) -> str:
        """Return the digest of a body as it was understood: the order of its fields does not matter.

        Keyed, because bodies hold passwords and identity numbers that a plain digest would let one guess.
        """
        content = asked.model_dump(mode="json") if asked is not None else None
        canonical = json.dumps(content, sort_keys=True, ensure_ascii=False)
        return self.cipher.blind(canonical, context="idempotent_answers.fingerprint").hex()
