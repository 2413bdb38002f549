"""Keep-alive HTTP clients that cost little themselves: each sends its next request when the last one is answered."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Answer:
    """What came back."""

    status: int
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Request:
    """A request ready to be sent; `expects` is the status that counts as success."""

    wire: bytes
    expects: int = 200


def get(path: str, token: str) -> Request:
    """Return a GET."""
    return Request(f"GET {path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\n{_as(token)}\r\n".encode())


def post(path: str, token: str, key: str, asked: dict[str, Any]) -> Request:
    """Return a POST with an Idempotency-Key."""
    body = json.dumps(asked, ensure_ascii=False).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: bench\r\n{_as(token)}Idempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return Request(head.encode() + body, expects=201)


def _as(token: str) -> str:
    return f"Authorization: Bearer {token}\r\n"


class Client:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def __aenter__(self) -> "Client":
        """Connect."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()

    async def send(self, request: Request) -> Answer:
        """Return the answer to a request."""
        self._writer.write(request.wire)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 : head.index(b"\r\n", at)]) if at >= 0 else 0
        return Answer(int(head[9:12]), await self._reader.readexactly(length))


@dataclass
class Round:
    """What one contender did in one round: requests per second, and how long each took (seconds)."""

    per_second: float
    took: list[float] = field(default_factory=list)


class Unexpected(Exception):
    """A contender answered with another status than the request is meant to have: nothing was measured."""


async def drive(port: int, clients: int, seconds: float, ask: Callable[[], Iterator[Request]]) -> Round:
    """Let `clients` connections ask for `seconds`; `ask` yields each one's requests without end.

    Raises:
        Unexpected: with the first answer that is not what the request expects.
    """
    took: list[float] = []
    began = time.perf_counter()

    async def one() -> None:
        async with Client(port) as client:
            for request in ask():
                sent = time.perf_counter()
                answer = await client.send(request)
                arrived = time.perf_counter()
                if answer.status != request.expects:
                    raise Unexpected(f"{answer.status}: {answer.body.decode(errors='replace')[:500]}")
                took.append(arrived - sent)
                if arrived - began >= seconds:
                    return

    await asyncio.gather(*(one() for _ in range(clients)))
    return Round(len(took) / (time.perf_counter() - began), took)
