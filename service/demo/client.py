"""The player's telephone: requests with a token and an Idempotency-Key; what it did not expect ends the demo."""

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

from service.demo.processes import DemoFailed

Json = dict[str, Any]


class Refused(Exception):
    """The server said no, in a problem document."""

    def __init__(self, status: int, problem: Json) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.problem = problem

    @property
    def code(self) -> str:
        """The problem's code."""
        return str(self.problem.get("code"))


@dataclass
class Api:
    """One server, many people: `as_token` gives the same connection with another token."""

    http: httpx.AsyncClient
    token: str | None = None
    statuses: Counter[int] = field(default_factory=Counter)
    keys: "itertools.count[int]" = field(default_factory=itertools.count)

    def as_token(self, token: str) -> "Api":
        """Return the same connection as somebody else."""
        return Api(self.http, token, self.statuses, self.keys)

    async def get(self, path: str, **query: Any) -> Json:
        """Return what a path answers.

        Raises:
            Refused: it is refused.
        """
        return await self._ask("GET", path, params={name: value for name, value in query.items() if value is not None})

    async def every(self, path: str, **query: Any) -> list[Json]:
        """Return all items of a list, page by page."""
        items: list[Json] = []
        cursor = None
        while True:
            page = await self.get(path, limit=200, cursor=cursor, **query)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    async def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """Create something; each call has an Idempotency-Key of its own unless one is given.

        Raises:
            Refused: it is refused.
        """
        headers = {"Idempotency-Key": key or f"demo-{next(self.keys)}"}
        return await self._ask("POST", path, json=body, headers=headers)

    async def patch(self, path: str, body: Json) -> Json:
        """Change something.

        Raises:
            Refused: it is refused.
        """
        return await self._ask("PATCH", path, json=body)

    async def _ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **parts: Any) -> Json:
        sent = dict(headers or {}) | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        for attempt in range(5):
            try:
                answer = await self.http.request(method, path, headers=sent, **parts)
                break
            except httpx.TransportError as error:
                if attempt == 4 or method == "PATCH":
                    raise DemoFailed(f"{method} {path}：{error}") from error
                await asyncio.sleep(0.2 * 2**attempt)
        self.statuses[answer.status_code] += 1
        content: Json = answer.json() if answer.content else {}
        if answer.is_success:
            return content
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise DemoFailed(f"{method} {path} 回答 {answer.status_code}")
        raise Refused(answer.status_code, content)


async def gather(*jobs: Any, at_once: int = 8) -> list[Any]:
    """Run coroutines, at most `at_once` together, and return their results in order."""
    gate = asyncio.Semaphore(at_once)

    async def run(job: Any) -> Any:
        async with gate:
            return await job

    return list(await asyncio.gather(*(run(job) for job in jobs)))
