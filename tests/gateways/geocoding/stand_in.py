"""Map providers on a loopback port: AMap, Tencent and Baidu in their real formats, with real signatures and refusals.

What a provider knows are its `places`: a part of an address → what it answers for it. Signatures are computed here from
the raw query that came in, by the providers' published rules, not by the code under test.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any
from urllib.parse import parse_qsl, quote_plus, unquote_plus

from service.core import geo

Send = Callable[[dict[str, Any]], Awaitable[None]]
Receive = Callable[[], Awaitable[dict[str, Any]]]

AMAP_KEY, AMAP_SECRET = "amap-key", "amap-private"
TENCENT_KEY, TENCENT_SECRET = "TENCE-NTKEY", "tencent-sk"
BAIDU_KEY, BAIDU_SECRET = "baidu-ak", "baidu-sk"
AMAP_INFOS = {
    "10001": "INVALID_USER_KEY",
    "10003": "DAILY_QUERY_OVER_LIMIT",
    "10007": "INVALID_USER_SIGNATURE",
    "10044": "USER_DAILY_QUERY_OVER_LIMIT",
    "20000": "INVALID_PARAMS",
    "30001": "ENGINE_RESPONSE_DATA_ERROR",
}


@dataclass
class Spot:
    """What a provider answers for an address: WGS-84, and its own words for how exact that is."""

    lon: float
    lat: float
    words: dict[str, Any]


@dataclass
class MapServer:
    """What each provider knows, is to refuse, and was asked."""

    amap: dict[str, list[Spot]] = field(default_factory=dict)
    tencent: dict[str, Spot] = field(default_factory=dict)
    baidu: dict[str, Spot] = field(default_factory=dict)
    refuse: dict[str, int] = field(default_factory=dict)
    raw: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    sleep_seconds: float = 0.0
    signed: bool = True
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    base_url: str = ""

    def reset(self) -> None:
        """Forget everything, and answer well again."""
        fresh = MapServer()
        self.amap, self.tencent, self.baidu = fresh.amap, fresh.tencent, fresh.baidu
        self.refuse, self.raw, self.sleep_seconds, self.signed = fresh.refuse, fresh.raw, 0.0, True
        self.asked.clear()

    def whom(self) -> list[str]:
        """Return which providers were asked, in order."""
        return [name for name, _ in self.asked]

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()
        path, raw_query = scope["raw_path"].decode().split("?")[0], scope["query_string"].decode()
        name = {"/v3/geocode/geo": "amap", "/ws/geocoder/v1": "tencent", "/geocoding/v3/": "baidu"}.get(path)
        query = dict(parse_qsl(raw_query, keep_blank_values=True, strict_parsing=True))
        status, body = 404, b"no such page"
        if name is not None and scope["method"] == "GET":
            self.asked.append((name, query))
            await asyncio.sleep(self.sleep_seconds)
            answer = getattr(self, f"answer_{name}")(path, raw_query, query)
            status, body = self.raw.get(name, (200, json.dumps(answer, ensure_ascii=False).encode()))
        headers = [(b"content-type", b"application/json;charset=utf-8"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def answer_amap(self, _path: str, _raw: str, query: dict[str, str]) -> dict[str, Any]:
        """`status` is a text, empty texts are empty lists, `location` is `lon,lat` in GCJ-02."""
        if query.get("key") != AMAP_KEY:
            return self.amap_refusal("10001")
        pairs = "&".join(f"{name}={value}" for name, value in sorted(query.items()) if name != "sig")
        if self.signed and query.get("sig") != md5((pairs + AMAP_SECRET).encode()).hexdigest():
            return self.amap_refusal("10007")
        if "amap" in self.refuse:
            return self.amap_refusal(str(self.refuse["amap"]))
        spots = next((spots for part, spots in self.amap.items() if part in query["address"]), [])
        return {
            "status": "1",
            "info": "OK",
            "infocode": "10000",
            "count": str(len(spots)),
            "geocodes": [amap_geocode(spot, query["address"]) for spot in spots],
        }

    @staticmethod
    def amap_refusal(code: str) -> dict[str, Any]:
        return {"status": "0", "info": AMAP_INFOS[code], "infocode": code, "sec_code_debug": "d41d8cd98f00b204"}

    def answer_tencent(self, path: str, _raw: str, query: dict[str, str]) -> dict[str, Any]:
        """`status` is a number, places are `lat` and `lng` in GCJ-02."""
        if query.get("key") != TENCENT_KEY:
            return {"status": 190, "message": "无效的KEY", "request_id": "r"}
        pairs = "&".join(f"{name}={value}" for name, value in sorted(query.items()) if name != "sig")
        if self.signed and query.get("sig") != md5(f"{path}?{pairs}{TENCENT_SECRET}".encode()).hexdigest():
            return {"status": 111, "message": "签名验证失败", "request_id": "r"}
        if "tencent" in self.refuse:
            return {"status": self.refuse["tencent"], "message": "此key每日调用量已达到上限", "request_id": "r"}
        spot = next((spot for part, spot in self.tencent.items() if part in query["address"]), None)
        if spot is None:
            return {"status": 347, "message": "查询无结果", "request_id": "r"}
        lon, lat = geo.wgs84_to_gcj02(spot.lon, spot.lat)
        return {
            "status": 0,
            "message": "Success",
            "request_id": "fd8ac7cb0f6b4f1c9a4b",
            "result": {
                "title": query["address"],
                "location": {"lng": lon, "lat": lat},
                "ad_info": {"adcode": "640202"},
                "address_components": {
                    "province": "宁夏回族自治区", "city": "石嘴山市", "district": "大武口区", "street": "",
                    "street_number": "",
                },
                "similarity": 0.99,
                "deviation": 1000,
                "reliability": 7,
                "level": 9,
            }
            | spot.words,
        }  # fmt: skip

    def answer_baidu(self, path: str, raw: str, query: dict[str, str]) -> dict[str, Any]:
        """`status` is a number, places are `lng` and `lat` in BD-09."""
        if query.get("ak") != BAIDU_KEY:
            return {"status": 200, "message": "APP不存在，AK有误请检查再重试"}
        unsigned, _, sn = raw.partition("&sn=")
        if self.signed and sn != md5(quote_plus(f"{path}?{unsigned}{BAIDU_SECRET}").encode()).hexdigest():
            return {"status": 211, "message": "APP SN校验失败"}
        if "baidu" in self.refuse:
            return {"status": self.refuse["baidu"], "message": "天配额超限，限制访问"}
        spot = next((spot for part, spot in self.baidu.items() if part in unquote_plus(query["address"])), None)
        if spot is None:
            return {"status": 1, "msg": "Internal Service Error:无相关结果", "results": []}
        lon, lat = geo.gcj02_to_bd09(*geo.wgs84_to_gcj02(spot.lon, spot.lat))
        words = {"precise": 1, "confidence": 100, "comprehension": 100, "level": "门址"} | spot.words
        return {"status": 0, "result": {"location": {"lng": lon, "lat": lat}} | words}


def amap_geocode(spot: Spot, address: str) -> dict[str, Any]:
    """Return one of AMap's `geocodes`."""
    lon, lat = geo.wgs84_to_gcj02(spot.lon, spot.lat)
    return {
        "formatted_address": f"宁夏回族自治区石嘴山市{address}",
        "country": "中国",
        "province": "宁夏回族自治区",
        "citycode": "0952",
        "city": "石嘴山市",
        "district": "大武口区",
        "township": [],
        "neighborhood": {"name": [], "type": []},
        "building": {"name": [], "type": []},
        "adcode": "640202",
        "street": [],
        "number": [],
        "location": f"{lon:.6f},{lat:.6f}",
        "level": "门牌号",
    } | spot.words
