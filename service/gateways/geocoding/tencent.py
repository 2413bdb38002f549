"""Tencent (腾讯位置服务): `GET /ws/geocoder/v1?address=…&key=…[&sig=…]`, GCJ-02, `lat` and `lng`.

Signed when the key has 签名校验: `sig` is the MD5 of path, `?`, the sorted `name=value` pairs, not percent-encoded,
and the secret key (SK).
"""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from geopy.exc import (
    GeocoderAuthenticationFailure,
    GeocoderParseError,
    GeocoderQueryError,
    GeocoderQuotaExceeded,
    GeocoderServiceError,
)
from geopy.geocoders.base import Geocoder
from geopy.location import Location

from service.core.geo import Datum, Point
from service.gateways.geocoding.adapter import HttpxAdapter
from service.gateways.geocoding.answers import Area, Found, Level

_PATH: Final = "/ws/geocoder/v1"
LEVELS: Final[Mapping[int, Level]] = {
    1: Level.city,
    2: Level.district,
    3: Level.town,
    4: Level.village,
    5: Level.area,
    6: Level.area,
    7: Level.road,
    8: Level.crossing,
    9: Level.door,
    10: Level.building,
    11: Level.building,
}
"""Tencent's 解析精度级别: 9 and above is a point."""
RELIABLE: Final = 7
"""可信度 1..10: from here on Tencent itself calls its answer reliable; below it loses in proportion."""
KEY_STATUS: Final = frozenset({110, 111, 112, 113, 190, 199, 311})
"""Not from this source or address, signature wrong, key unknown, malformed or not for this service."""
QUOTA_STATUS: Final = frozenset({120, 121, 122, 123})
"""Too many questions a second, a day, or altogether."""
NOTHING_STATUS: Final = 347
"""查询无结果."""


class Tencent(Geocoder):  # type: ignore[misc]  # geopy is untyped
    """Tencent's geocoding service as one of geopy's geocoders."""

    name: Final = "tencent"

    def __init__(self, client: Any, *, key: str, secret: str = "", base_url: str, seconds: float) -> None:
        super().__init__(scheme="https", timeout=seconds, proxies={}, adapter_factory=lambda **_: HttpxAdapter(client))
        self._key, self._secret, self._url = key, secret, base_url.rstrip("/") + _PATH

    def geocode(self, query: str, *, exactly_one: bool = True) -> Any:
        """Return an awaitable of the geopy `Location` of an address, a list of it with `exactly_one` false.

        Awaiting it raises geopy's `GeocoderServiceError`s.
        """
        asked = {"address": query, "key": self._key}
        if self._secret:
            asked["sig"] = signature(_PATH, asked, self._secret)
        return self._call_geocoder(f"{self._url}?{urlencode(asked)}", partial(_parse, exactly_one=exactly_one))

    async def search(self, address: str, area: Area) -> list[Found]:
        """Return the place that Tencent knows for an address, if any; `area` is in the address already.

        Raises:
            GeopyError: it gave no usable answer.
        """
        return [
            Found(
                lon=each.longitude,
                lat=each.latitude,
                datum=Datum.gcj02,
                level=LEVELS.get(int(_number(each.raw.get("level"), 0.0)), Level.unknown),
                share=_share(each.raw),
                formatted=str(each.address),
            )
            for each in await self.geocode(address, exactly_one=False) or []
        ]


def signature(path: str, asked: Mapping[str, str], secret: str) -> str:
    """Return Tencent's `sig` of a question."""
    pairs = "&".join(f"{name}={asked[name]}" for name in sorted(asked))
    return hashlib.md5(f"{path}?{pairs}{secret}".encode(), usedforsecurity=False).hexdigest()


def _share(result: Mapping[str, Any]) -> float:
    """Return reliability / 7, at most 1, and no more than the similarity of the texts where Tencent still sends it."""
    share = min(_number(result.get("reliability"), 0.0) / RELIABLE, 1.0)
    return min(share, _number(result.get("similarity"), 1.0))


def _number(value: Any, otherwise: float) -> float:
    usable = isinstance(value, int | float) and not isinstance(value, bool) and -1e6 < value < 1e6
    return float(value) if usable else otherwise


def _parse(document: dict[str, Any], *, exactly_one: bool) -> Any:
    status = document.get("status")
    if status == NOTHING_STATUS:
        return None
    if status != 0:
        _refuse(status)
    try:
        result = document["result"]
        point = Point(float(result["location"]["lng"]), float(result["location"]["lat"]))  # geopy would only warn
        place = Location(_named(result), (point.lat, point.lon), result)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise GeocoderParseError("not Tencent's format") from None
    return place if exactly_one else [place]


def _named(result: Mapping[str, Any]) -> str:
    """Return the address as Tencent understood it."""
    parts = result.get("address_components") or {}
    names = [str(parts.get(each) or "") for each in ("province", "city", "district", "street", "street_number")]
    title = str(result.get("title") or "")
    return "".join(dict.fromkeys(each for each in names if each)) + (title if title not in names else "")


def _refuse(status: Any) -> None:
    if status in QUOTA_STATUS:
        raise GeocoderQuotaExceeded(str(status))
    if status in KEY_STATUS:
        raise GeocoderAuthenticationFailure(str(status))
    if isinstance(status, int) and 300 <= status < 400:
        raise GeocoderQueryError(str(status))
    raise GeocoderServiceError(str(status))
