"""The walk: each cell's request, sent to the application itself, in a transaction that is undone afterwards."""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker

from service.core import http
from service.core.audit import trail
from service.core.http import House
from service.main import build_app
from tests.access.calls import CALLS, IDS, Call
from tests.access.scene import Scene
from tests.access.table import Cell, Verdict
from tests.published import CONTRACT

_TRACKS: Final = 3
_HOLE: Final = re.compile(r"\{(\w+)\}")
_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BY_ACCESS: Final = {"forbidden", "right-missing"}
"""The refusals with 403 that speak of the token's scopes, or of a proxy's rights, and not of what was asked for."""
_DENIED: Final = {401: Verdict.unauthenticated, 403: Verdict.forbidden, 404: Verdict.hidden}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    text: str

    @property
    def code(self) -> str:
        """The refusal's name, if it is one."""
        return str(json.loads(self.text).get("code", "")) if self.text.startswith("{") else ""


def routes(parent: Any) -> list[APIRoute]:
    """Return every operation that an application serves, in or out of its contract."""
    found: list[APIRoute] = []
    for each in parent.routes:
        inner = each if isinstance(each, APIRoute) else getattr(each, "original_router", None)
        found += [inner] if isinstance(inner, APIRoute) else routes(inner) if inner is not None else []
    return found


def checks_of(route: APIRoute) -> list[http.Requires]:
    """Return the scope checks of a route."""
    waiting, found = [route.dependant], []
    while waiting:
        dependant = waiting.pop()
        found += [dependant.call] if isinstance(dependant.call, http.Requires) else []
        waiting += dependant.dependencies
    return found


@dataclass(frozen=True, slots=True)
class Track:
    """A connection, and the application whose every transaction is a part of one on it that is undone."""

    connection: AsyncConnection
    app: FastAPI


@dataclass
class Walk:
    """Some tracks beside each other: requests that change nothing need not wait for one another."""

    scene: Scene
    tracks: list[Track]

    @classmethod
    @asynccontextmanager
    async def over(cls, scene: Scene, engine: AsyncEngine) -> AsyncIterator["Walk"]:
        """Open the connections and build an application on each."""
        async with AsyncExitStack() as stack:
            opened = [await stack.enter_async_context(engine.connect()) for _ in range(_TRACKS)]
            yield cls(scene, [Track(each, build_app(house_on(scene.near.house, each))) for each in opened])

    async def judge_all(self, cells: Iterable[Cell]) -> list[tuple[Cell, Verdict | str]]:
        """Return what comes of each cell's request; those that change something go one after the other."""
        waiting, found = deque(cells), list[tuple[Cell, Verdict | str]]()
        reads = waiting and PATHS[waiting[0].operation][0] == "GET"

        async def run(track: Track) -> None:
            while waiting:
                cell = waiting.popleft()
                found.append((cell, await self.judge(cell, track)))

        await asyncio.gather(*(run(each) for each in (self.tracks if reads else self.tracks[:1])))
        return found

    async def judge(self, cell: Cell, track: Track | None = None) -> Verdict | str:
        """Return what comes of a cell's request, or what is odd about the answer.

        Where no row can be looked for in an answer, it tells nothing when none of the seeded ids is in it.
        """
        on, call = track or self.tracks[0], CALLS[cell.operation]
        fill, token = self._filler(cell), self.scene.callers.tokens.get((cell.role, cell.relation), "")
        undone = await on.connection.begin()
        try:
            answer = await _exchange(on.app, *_request(cell.operation, call, fill, token))
        finally:
            await undone.rollback()
        found = self._verdict(call, answer, fill(call.shows))
        if found is Verdict.allow is not cell.verdict and not call.shows:
            named = set(_ID.findall(answer.text)) & set(self.scene.ids.values())
            return Verdict.allow if named else Verdict.none
        return found

    def _filler(self, cell: Cell) -> Callable[[str], str]:
        principal, ids = self.scene.callers.principals.get((cell.role, cell.relation)), self.scene.ids

        def fill(text: str) -> str:
            if text == "@session":
                return str(principal.session_id) if principal else ids["session"]
            return _HOLE.sub(lambda found: ids[found[1]], text)

        return fill

    @staticmethod
    def _verdict(call: Call, answer: Answer, shown: str) -> Verdict | str:
        if answer.status == 403 and answer.code not in _BY_ACCESS:
            return f"403 {answer.code}"
        if answer.status in _DENIED:
            return _DENIED[answer.status]
        if call.hidden_as and answer.code == call.hidden_as:
            return Verdict.hidden
        if call.passed_with and answer.code == call.passed_with:
            return Verdict.allow
        if not 200 <= answer.status < 300:
            return f"{answer.status} {answer.text[:300]}"
        return Verdict.allow if shown in answer.text else Verdict.none


def _request(operation: str, call: Call, fill: Callable[[str], str], token: str) -> tuple[dict[str, Any], bytes]:
    """Return a call's request, as a server hands it over, and its body."""
    method, template = PATHS[operation]
    path = _HOLE.sub(lambda found: fill(call.path.get(found[1]) or IDS[found[1]]), template)
    headers = [(b"content-type", b"application/json"), (b"user-agent", b"test")]
    headers += [(b"authorization", f"Bearer {token}".encode())] if token else []
    query = urlencode({name: fill(value) for name, value in call.query.items()})
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": headers, "server": ("test", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    return scope, call.body if isinstance(call.body, bytes) else _filled(call.body, fill)


def house_on(house: House, connection: AsyncConnection) -> House:
    """Return a house whose transactions are savepoints of one connection's."""
    sessions = async_sessionmaker(
        connection, expire_on_commit=False, sync_session_class=trail.TrackedSession,
        join_transaction_mode="create_savepoint",
    )  # fmt: skip
    return replace(house, sessions=sessions)


def paths() -> dict[str, tuple[str, str]]:
    """Return operation → (method, path), those out of the contract by the name of their function."""
    found = {
        operation["operationId"]: (method.upper(), path)
        for path, methods in CONTRACT["paths"].items()
        for method, operation in methods.items()
    }
    inside = set(found)
    return found | {
        each.name: (min(each.methods or ()), each.path) for each in routes(build_app()) if each.name not in inside
    }


PATHS: Final = paths()
"""Operation → (method, path as declared), as the application has them today."""


def _filled(body: Any, fill: Callable[[str], str]) -> bytes:
    if body is None:
        return b""
    return _HOLE_IN_JSON.sub(lambda found: fill(found[0]), json.dumps(body, ensure_ascii=False)).encode()


# `${phone}` in the text of a template is none of ours
_HOLE_IN_JSON: Final = re.compile(r"(?<!\$)\{\w+\}")


async def _exchange(app: FastAPI, scope: dict[str, Any], body: bytes) -> Answer:
    """Send one request through the application and wait for the whole answer."""
    sent, status, parts = False, 0, []

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if sent:
            await asyncio.Event().wait()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return Answer(status, b"".join(parts).decode(errors="replace"))
