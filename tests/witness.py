"""A witness beside every test's requests: whatever changed something or showed a person left its audit row.

The tests of all rooms together go through every operation of the API, so each operation is held to it without a list of
operations that somebody could forget to extend; tests/house/test_audited.py holds the witness itself to account.
"""

import re
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from httpx import Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

CHANGES_NOTHING = {
    "POST /v1/tokens": "a log-in that is refused its next step, or keeps no token, has nothing to write",
    "POST /v1/tokens/revocation": "a token that nobody knows is revoked already",
}
"""Requests that write nothing now and then though they are no GET, and why."""

_ROWS = text(
    "select request_id, operation, person_ids, changes <> '[]' as changed from audit_entries where region_id = :region"
)
_PEOPLE = text("select id from patients where region_id = :region")


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that was answered 2xx: what it asked, and the ids that stood in the answer."""

    request_id: str
    method: str
    path: str
    ids: frozenset[UUID]
    replayed: bool
    """An answer told again under its key: its row says so, and names nobody."""

    @property
    def route(self) -> str:
        """Return method and path without the ids."""
        return f"{self.method} {_ID.sub('{id}', self.path)}"


@dataclass(slots=True)
class Witness:
    """Notes the requests of one test."""

    seen: list[Seen] = field(default_factory=list)

    async def before(self, request: Request) -> None:
        """Give a request a name that its row will bear."""
        request.headers.setdefault("X-Request-Id", uuid4().hex)

    async def after(self, response: Response) -> None:
        """Note an answer."""
        if not response.is_success or "text/event-stream" in response.headers.get("content-type", ""):
            return
        await response.aread()
        request = response.request
        ids = frozenset(UUID(each) for each in _ID.findall(response.text))
        replayed = "Idempotency-Replayed" in response.headers
        self.seen.append(Seen(request.headers["X-Request-Id"], request.method, request.url.path, ids, replayed))

    async def faults(self, owner: AsyncEngine, region_id: UUID) -> list[str]:
        """Return what left no row though it should have, in one sentence each."""
        if not self.seen:
            return []
        async with owner.connect() as connection:
            rows = {row.request_id: row for row in await connection.execute(_ROWS, {"region": region_id})}
            people = set((await connection.execute(_PEOPLE, {"region": region_id})).scalars())
        found = []
        for each in self.seen:
            row, shown = rows.get(each.request_id), each.ids & people
            if each.method != "GET" and row is None and each.route not in CHANGES_NOTHING:
                found.append(f"{each.route} left no row")
            elif shown and row is None:
                found.append(f"{each.route} showed {len(shown)} people and left no row")
            elif row is not None and not each.replayed and not shown <= set(row.person_ids):
                found.append(f"{each.route} showed people whom its row does not name")
        return found
