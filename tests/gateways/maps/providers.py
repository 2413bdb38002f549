"""AMap's and Tencent's matrices on a loopback port, in the shapes that their documents show.

The road between two places is 1,000 m and 100 s per 0.01 degree of GCJ-02 longitude, whatever the mode. Signatures are
computed from the raw query by the published rules.
"""

import asyncio
import json
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any
from urllib.parse import parse_qsl

from tests.gateways.stand_in import Receive, Send

AMAP_KEY, AMAP_SECRET = "amap-matrix-key", "amap-matrix-private"
TENCENT_KEY, TENCENT_SECRET = "TENCE-MATRIX-KEY", "tencent-matrix-sk"


@dataclass
class Providers:
    """What they are to refuse, and what they were asked."""

    amap_codes: list[str] = field(default_factory=list)
    """Infocodes of the next refusals."""
    tencent_statuses: list[int] = field(default_factory=list)
    pair_codes: dict[int, str] = field(default_factory=dict)
    """AMap: number of an origin → code of its pair; Tencent: number of a destination → status 4."""
    body: bytes | None = None
    status: int = 200
    sleep_seconds: float = 0.0
    quick: int = 0
    """So many questions are answered at once, however long the others take."""
    asked: list[dict[str, str]] = field(default_factory=list)
    base_url: str = ""

    def reset(self) -> None:
        """Answer well again, and forget what was asked."""
        url, fresh = self.base_url, Providers()
        self.__dict__.update(fresh.__dict__)
        self.base_url = url

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        raw = scope["query_string"].decode()
        query = dict(parse_qsl(raw, keep_blank_values=True, strict_parsing=True))
        self.asked.append(query)
        await asyncio.sleep(self.sleep_seconds if len(self.asked) > self.quick else 0.0)
        document = {"/v3/distance": self.amap, "/ws/distance/v1/matrix": self.tencent}[scope["path"]](query)
        body = self.body if self.body is not None else json.dumps(document, ensure_ascii=False).encode()
        headers = [(b"content-type", b"application/json;charset=utf-8"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def amap(self, query: dict[str, str]) -> dict[str, Any]:
        code = "10001" if query["key"] != AMAP_KEY else self.amap_codes.pop(0) if self.amap_codes else ""
        pairs = "&".join(f"{name}={value}" for name, value in sorted(query.items()) if name != "sig")
        if not code and query["sig"] != md5((pairs + AMAP_SECRET).encode()).hexdigest():
            code = "10007"
        if code:
            return {"status": "0", "info": "REFUSED", "infocode": code}
        origins = [_place(each) for each in query["origins"].split("|")]
        assert len(origins) <= 100
        target = _place(query["destination"])
        results = []
        for number, origin in enumerate(origins, start=1):
            metres, seconds = road(origin[0], target[0])
            result = {"origin_id": str(number), "dest_id": "1", "distance": str(metres), "duration": str(seconds)}
            if number in self.pair_codes:
                result |= {"distance": "0", "duration": "0", "info": "未知错误", "code": self.pair_codes[number]}
            results.append(result)
        return {"status": "1", "info": "OK", "infocode": "10000", "count": str(len(results)), "results": results}

    def tencent(self, query: dict[str, str]) -> dict[str, Any]:
        status = 190 if query["key"] != TENCENT_KEY else self.tencent_statuses.pop(0) if self.tencent_statuses else 0
        pairs = "&".join(f"{name}={value}" for name, value in sorted(query.items()) if name != "sig")
        signed = md5(f"/ws/distance/v1/matrix?{pairs}{TENCENT_SECRET}".encode()).hexdigest()
        if not status and query["sig"] != signed:
            status = 111
        if status:
            return {"status": status, "message": "拒绝", "request_id": "r"}
        origins, targets = ([_place(each) for each in query[side].split(";")] for side in ("from", "to"))
        assert len(origins) * len(targets) <= 625
        rows = [{"elements": [self._element(query["mode"], a, b, n) for n, b in enumerate(targets)]} for a in origins]
        return {"status": 0, "message": "query ok", "request_id": "r", "result": {"rows": rows}}

    def _element(self, mode: str, a: tuple[float, ...], b: tuple[float, ...], number: int) -> dict[str, Any]:
        metres, seconds = road(a[1], b[1])
        if number in self.pair_codes:
            return {"distance": metres, "duration": 0, "status": 4}
        return {"distance": metres} | ({"duration": seconds} if mode == "driving" else {})


def road(lon: float, other: float) -> tuple[int, int]:
    """Return metres and seconds between two longitudes."""
    return round(abs(lon - other) * 100_000), round(abs(lon - other) * 10_000)


def _place(text: str) -> tuple[float, ...]:
    assert all(len(each.split(".")[1]) <= 6 for each in text.split(","))
    return tuple(map(float, text.split(",")))
