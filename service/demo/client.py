"""The player's telephone: requests with a token and an Idempotency-Key; what it did not expect ends the demo."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import httpx

from service.demo.processes import DemoFailed

Json = dict[str, Any]
T = TypeVar("T")
Given = TypeVar("Given")

AT_ONCE: Final = 8
ATTEMPTS: Final = 5
REPLAYED: Final = "Idempotency-Replayed"


class Refused(Exception):
    """The server said no, in a problem document."""

    def __init__(self, what: str, status: int, problem: Json) -> None:
        super().__init__(f"{what} 被拒绝（{status} {problem.get('code')}）：{problem.get('detail')}")
        self.status = status
        self.problem = problem

    @property
    def code(self) -> str:
        """The problem's code."""
        return str(self.problem.get("code"))


@dataclass
class Line:
    """The connection that everybody shares: at most eight requests at once; it counts what it hears."""

    http: httpx.AsyncClient
    statuses: Counter[int] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    keys: "itertools.count[int]" = field(default_factory=itertools.count)
    gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))


@dataclass(frozen=True)
class Api:
    """One server as one person: `as_token` gives the same line with another token."""

    line: Line
    token: str | None = None

    def as_token(self, token: str) -> "Api":
        """Return the same line as somebody else."""
        return Api(self.line, token)

    async def get(self, path: str, **query: Any) -> Json:
        """Return what a path answers.

        Raises:
            Refused: it is refused.
            DemoFailed: the server failed or cannot be reached.
        """
        asked = {name.rstrip("_"): value for name, value in query.items() if value is not None}
        return _content(await self._ask("GET", path, params=asked))

    async def every(self, path: str, **query: Any) -> list[Json]:
        """Return all items of a list, page by page.

        Raises:
            Refused: it is refused.
        """
        items: list[Json] = []
        cursor = None
        while True:
            page = await self.get(path, limit=200, cursor=cursor, **query)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    async def post(self, path: str, body: Json | None = None) -> Json:
        """Create or do something, under an Idempotency-Key of its own.

        Raises:
            Refused: it is refused.
            DemoFailed: the server failed or cannot be reached.
        """
        return _content(await self._post(path, body, f"demo-{next(self.line.keys)}"))

    async def patch(self, path: str, body: Json) -> Json:
        """Change something; the same once more changes nothing.

        Raises:
            Refused: it is refused.
        """
        return _content(await self._ask("PATCH", path, json=body))

    async def post_keyed(self, path: str, body: Json, key: str) -> tuple[Json, bool]:
        """Create something under a given key; return the answer and whether it was told again.

        Raises:
            Refused: it is refused.
        """
        answer = await self._post(path, body, key)
        return _content(answer), answer.headers.get(REPLAYED) == "true"

    async def _post(self, path: str, body: Json | None, key: str) -> httpx.Response:
        return await self._ask("POST", path, json=body, headers={"Idempotency-Key": key})

    async def _ask(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **parts: Any
    ) -> httpx.Response:
        """Ask, again after a lost connection: every POST has a key, so nothing happens twice."""
        sent = dict(headers or {}) | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.line.gate:
                    answer = await self.line.http.request(method, f"/v1{path}", headers=sent, **parts)
            except httpx.TransportError as error:
                # whoever has waited a whole time-out for a server that is gone need not wait four more
                if attempt == ATTEMPTS or isinstance(error, httpx.TimeoutException):
                    raise DemoFailed(f"{method} {path} 没有回答：{error!r}。") from error
            else:
                self.line.statuses[answer.status_code] += 1
                if attempt == ATTEMPTS or not _in_flight(answer):
                    return self._judge(method, path, answer)
            await asyncio.sleep(0.05 * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    def _judge(self, method: str, path: str, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise DemoFailed(f"{method} {path} 回答 {answer.status_code}：{answer.text[:200]}")
        refused = Refused(f"{method} {path}", answer.status_code, answer.json())
        self.line.refusals[refused.code] += 1
        raise refused


def _content(answer: httpx.Response) -> Json:
    content: Json = answer.json() if answer.content else {}
    return content


def _in_flight(answer: httpx.Response) -> bool:
    """Whether the first attempt, whose answer was lost, is still being carried out."""
    return answer.status_code == httpx.codes.CONFLICT and answer.json().get("code") == "key-in-flight"


async def for_each(
    items: Iterable[Given], act: Callable[[Given], Awaitable[T]], done: Callable[[], None] | None = None
) -> list[T]:
    """Do `act` to each item, eight at once, and return the results in order; the first failure stops the others.

    Raises:
        Exception: whatever `act` raises first.
    """
    waiting = iter(list(enumerate(items)))
    results: dict[int, T] = {}

    async def work() -> None:
        for at, item in waiting:
            results[at] = await act(item)
            if done is not None:
                done()

    tasks = [asyncio.ensure_future(work()) for _ in range(AT_ONCE)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [results[at] for at in sorted(results)]
