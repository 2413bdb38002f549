"""Road servers on a loopback port: they speak OSRM's and Valhalla's real formats, and fail in the ways real ones do.

Places are read from the request; the road between two of them is 1,000 m and 100 s per 0.01 degree of longitude,
half a second more each way, so that rounding shows.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import uvicorn

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

ISLAND = 0.0
"""The longitude of a place that no road leads to."""


@dataclass
class RoadServer:
    """What the server is asked, and how it is to answer."""

    max_table_size: int = 100
    max_pairs: int = 2500
    status: int = 200
    body: bytes | None = None
    sleep_seconds: float = 0.0
    moved: dict[float, float] = field(default_factory=dict)
    """OSRM only: longitude → metres to the road that it takes for the place."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    base_url: str = ""

    def reset(self) -> None:
        """Forget what was asked, and answer well again."""
        fresh = RoadServer()
        self.max_table_size, self.max_pairs = fresh.max_table_size, fresh.max_pairs
        self.status, self.body, self.sleep_seconds = fresh.status, fresh.body, fresh.sleep_seconds
        self.moved.clear()
        self.asked.clear()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        body = b""
        more = True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await asyncio.sleep(self.sleep_seconds)
        status, document = self.answer(scope["method"], scope["path"], scope["query_string"].decode(), body)
        if self.body is not None or self.status != 200:
            status, raw = self.status, self.body or b"the machine is on fire"
        else:
            raw = json.dumps(document).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(raw)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": raw})

    def answer(self, method: str, path: str, query: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if method == "GET" and path.startswith("/table/v1/"):
            return self.osrm(path.removeprefix("/table/v1/"), parse_qs(query, strict_parsing=True))
        if method == "POST" and path == "/sources_to_targets":
            return self.valhalla(json.loads(body))
        return 404, {"code": "InvalidUrl", "message": "URL string malformed close to position 1"}

    def osrm(self, path: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        profile, coordinates = path.split("/")
        places = [tuple(map(float, pair.split(","))) for pair in coordinates.split(";")]
        self.asked.append({"profile": profile, "places": len(places), "annotations": query["annotations"][0]})
        if len(places) > self.max_table_size:
            return 400, {"code": "TooBig", "message": "Too many table coordinates"}
        if profile not in {"driving", "foot"}:
            return 400, {"code": "InvalidValue", "message": "no such profile"}
        rows = [places[int(index)][0] for index in query["sources"][0].split(";")]
        columns = [places[int(index)][0] for index in query["destinations"][0].split(";")]
        return 200, {
            "code": "Ok",
            "durations": [[_seconds(a, b) for b in columns] for a in rows],
            "distances": [[_metres(a, b) for b in columns] for a in rows],
            "sources": [{"location": [lon, 0], "name": "", "distance": self.moved.get(lon, 0.1)} for lon in rows],
            "destinations": [
                {"location": [lon, 0], "name": "", "distance": self.moved.get(lon, 0.1)} for lon in columns
            ],
        }

    def valhalla(self, question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        sources = [place["lon"] for place in question["sources"]]
        targets = [place["lon"] for place in question["targets"]]
        self.asked.append({"costing": question["costing"], "pairs": len(sources) * len(targets)})
        if len(sources) * len(targets) > self.max_pairs:
            return 400, {
                "error_code": 150,
                "error": "Exceeded max locations",
                "status_code": 400,
                "status": "Bad Request",
            }
        if question["costing"] not in {"auto", "pedestrian"}:
            return 400, {
                "error_code": 125,
                "error": "No costing method found",
                "status_code": 400,
                "status": "Bad Request",
            }
        cells = [
            [
                {"from_index": i, "to_index": j, "time": _seconds(a, b), "distance": _kilometres(a, b)}
                for j, b in enumerate(targets)
            ]
            for i, a in enumerate(sources)
        ]
        return 200, {"sources_to_targets": cells, "units": "kilometers", "algorithm": "timedistancematrix"}


def _seconds(a: float, b: float) -> float | None:
    if ISLAND in (a, b) and a != b:
        return None
    return round(abs(a - b) * 10_000, 1) + (0.5 if a != b else 0)


def _metres(a: float, b: float) -> float | None:
    if ISLAND in (a, b) and a != b:
        return None
    return round(abs(a - b) * 100_000, 1) + (0.4 if a != b else 0)


def _kilometres(a: float, b: float) -> float | None:
    metres = _metres(a, b)
    return None if metres is None else metres / 1000


@contextmanager
def serving(app: Any) -> Iterator[Any]:
    """Serve on a free loopback port in a thread while the block runs."""
    listener = socket.create_server(("127.0.0.1", 0))
    app.base_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield app
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
