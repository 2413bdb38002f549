"""The desk: a real HTTP server of the application, which undoes after each answer what the request has done.

So the seeded rows are the same for every example: a failure happens again, and no operation runs out of rows to act on.
The application runs on one connection of its own, as the application's role; every transaction is a savepoint of one.
"""

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import requests
import uvicorn
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncTransaction, create_async_engine
from sqlalchemy.pool import NullPool
from starlette.types import Receive, Scope, Send

from service.core.http import House
from service.main import build_app
from tests.access.walk import house_on

PATIENCE_SECONDS = 60
"""What takes longer, on a busy machine, has failed."""


class Desk:
    """An ASGI application around ours, and the server that runs it in a thread; `answered` counts requests."""

    def __init__(self, house: House, database_url: str) -> None:
        self._house, self._database_url = house, database_url
        self._app: FastAPI
        self._connection: AsyncConnection
        self._story: AsyncTransaction | None = None
        self._loop: asyncio.AbstractEventLoop
        self._busy = asyncio.Lock()
        self.answered = 0
        self.base_url = ""
        self.session = requests.Session()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request after the other."""
        self.answered += 1
        async with self._busy:
            if self._story is not None:
                await self._app(scope, receive, send)
                return
            async with self._connection.begin() as alone:
                await self._app(scope, receive, send)
                await alone.rollback()

    @classmethod
    @contextmanager
    def open(cls, house: House, database_url: str) -> Iterator["Desk"]:
        """Serve a house's application on a port of this machine."""
        desk = cls(house, database_url)
        # no life-span: a desk has no maintenance of its own
        server = uvicorn.Server(uvicorn.Config(desk, port=0, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=asyncio.run, args=[desk._serve(server)], daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        desk.base_url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        yield desk
        desk.session.close()
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)

    def begin(self) -> None:
        """Let what is asked from now on last until `undo`: a story of several requests."""
        self._run(self._begin())

    def undo(self) -> None:
        """Undo everything since `begin`."""
        self._run(self._undo())

    async def _begin(self) -> None:
        async with self._busy:
            self._story = await self._connection.begin()

    async def _undo(self) -> None:
        async with self._busy:
            if self._story is not None:
                await self._story.rollback()
            self._story = None

    async def _serve(self, server: uvicorn.Server) -> None:
        self._loop = asyncio.get_running_loop()
        engine = create_async_engine(self._database_url, poolclass=NullPool)
        async with engine.connect() as self._connection:
            self._app = build_app(house_on(self._house, self._connection))
            await server.serve()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_SECONDS)
