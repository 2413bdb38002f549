"""A client as real ones are: it picks a server, waits, tries again under the same key until it is told."""

import asyncio
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.faults.storm.journal import Journal, Json, Write

REPLAYED = "Idempotency-Replayed"
PATIENCE_SECONDS = 300.0
"""How long a client tries before the storm has failed: nothing may hang."""
_AGAIN = frozenset({"key-in-flight", "collision"})
_AVOID_SECONDS = 0.5


class StormFailed(AssertionError):
    """Something that must not happen, however many processes are killed."""


@dataclass
class Gate:
    """The servers that there are, and what is known of them; shared by all clients."""

    urls: Sequence[str]
    http: httpx.AsyncClient
    tokens: dict[str, str]
    turn: "itertools.count[int]" = field(default_factory=itertools.count)
    statuses: dict[int, int] = field(default_factory=dict)
    avoided: dict[str, float] = field(default_factory=dict)
    waiting: dict[object, float] = field(default_factory=dict)
    lost: int = 0

    def longest_wait(self) -> float:
        """Return for how many seconds whoever has waited longest has had no answer."""
        return time.monotonic() - min(self.waiting.values(), default=time.monotonic())

    async def ask(self, method: str, path: str, token: str, **parts: Any) -> httpx.Response | None:
        """Ask the next server; None when the connection or the answer was lost."""
        headers = {"Authorization": f"Bearer {token}", **parts.pop("headers", {})}
        url = self._pick()
        try:
            answer = await self.http.request(method, f"{url}/v1{path}", headers=headers, **parts)
        except httpx.TransportError:
            self.lost += 1
            self.avoided[url] = time.monotonic() + _AVOID_SECONDS
            return None
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        return answer

    def told(self) -> dict[int, int]:
        """Return how often each status was heard."""
        return dict(sorted(self.statuses.items()))

    def _pick(self) -> str:
        """Return the next server; one that did not answer a moment ago only where there is no other."""
        first = next(self.turn)
        asked = [self.urls[(first + each) % len(self.urls)] for each in range(len(self.urls))]
        return min(asked, key=lambda url: self.avoided.get(url, 0.0) > time.monotonic())


@dataclass(frozen=True)
class Client:
    """Somebody with a token, whose writes are journaled under his name."""

    who: str
    token: str
    gate: Gate
    journal: Journal

    async def create(self, kind: str, path: str, body: Json | None, id_of: Callable[[Json], str]) -> Json:
        """Create something under a key of its own; return the answer once it is acknowledged."""
        write = self.journal.intend(kind, self.who, path, body, keyed=True)
        answer = await self._insist(write, "POST", path, json=body, headers={"Idempotency-Key": str(write.key)})
        if not answer.is_success:
            raise StormFailed(f"{path} {answer.status_code} {answer.text}")
        content: Json = answer.json()
        write.replayed = answer.headers.get(REPLAYED) == "true"
        self._acknowledge(write, answer, id_of(content))
        return content

    async def move(self, kind: str, path: str, body: Json | None, order_id: str, state: str) -> None:
        """Move an order; who is refused after a lost answer looks whether that answer was a yes."""
        write = self.journal.intend(kind, self.who, path, body, keyed=False)
        answer = await self._insist(write, "POST", path, json=body)
        if not answer.is_success:
            found = (await self.read(f"/orders/{order_id}"))["state"]
            if write.attempts == 1 or found != state:
                raise StormFailed(f"{path} {answer.status_code} {answer.text}; {found}")
            write.met = True
        self._acknowledge(write, answer, order_id)

    async def again(self, write: Write) -> tuple[Json, bool]:
        """Send an acknowledged write once more, word for word; return the answer and whether it was told again."""
        headers = {"Idempotency-Key": str(write.key)}
        answer = await self._insist(None, "POST", write.path, json=write.body, headers=headers)
        if not answer.is_success:
            raise StormFailed(f"{write.path} {answer.status_code} {answer.text}")
        return answer.json(), answer.headers.get(REPLAYED) == "true"

    async def read(self, path: str, **query: Any) -> Json:
        """Read something."""
        answer = await self._insist(None, "GET", path, params=query)
        if not answer.is_success:
            raise StormFailed(f"{path} {answer.status_code} {answer.text}")
        content: Json = answer.json()
        return content

    async def every(self, path: str, **query: Any) -> list[Json]:
        """Read a list, page by page."""
        items: list[Json] = []
        while True:
            page = await self.read(path, limit=200, **query)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            query["cursor"] = page["next_cursor"]

    def _acknowledge(self, write: Write, answer: httpx.Response, named: str) -> None:
        write.status, write.id = answer.status_code, named
        self.journal.acknowledge(write)

    async def _insist(self, write: Write | None, method: str, path: str, **parts: Any) -> httpx.Response:
        """Ask until there is an answer that is one: not lost, no failure of the server, not "in a moment"."""
        me = object()
        self.gate.waiting[me] = time.monotonic()
        try:
            return await self._ask_on(write, method, path, **parts)
        finally:
            del self.gate.waiting[me]

    async def _ask_on(self, write: Write | None, method: str, path: str, **parts: Any) -> httpx.Response:
        last, said = time.monotonic() + PATIENCE_SECONDS, "nothing"
        for pause in itertools.chain((0.05, 0.2, 0.5), itertools.repeat(1.0)):
            if write is not None:
                write.attempts += 1
            answer = await self.gate.ask(method, path, self.token, **parts)
            if answer is not None and not _come_back(answer):
                return answer
            said = "nothing" if answer is None else f"{answer.status_code} {answer.text}"
            if time.monotonic() > last:
                break
            await asyncio.sleep(pause)
        raise StormFailed(f"{method} {path}: no answer for {PATIENCE_SECONDS:.0f} s; at last {said}")


def _come_back(answer: httpx.Response) -> bool:
    if answer.status_code >= 500:
        return True
    return answer.status_code == 409 and answer.json().get("code") in _AGAIN
