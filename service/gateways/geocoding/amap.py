"""AMap (高德): `GET /v3/geocode/geo?address=…&city=…&key=…[&sig=…]`, GCJ-02, answers with infocodes.

Signed when the key has 数字签名: `sig` is the MD5 of the sorted `name=value` pairs, not percent-encoded, followed by
the private key.
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
from service.gateways.geocoding.answers import Area, Found, Level, level_of

_PATH: Final = "/v3/geocode/geo"
LEVELS: Final[Mapping[Level, tuple[str, ...]]] = {
    Level.door: ("门牌号", "单元号"),
    Level.building: ("兴趣点",),
    Level.village: ("村庄",),
    Level.crossing: ("道路交叉路口", "公交站台、地铁站", "公交车站、地铁站"),
    Level.road: ("道路",),
    Level.area: ("开发区", "热点商圈"),
    Level.town: ("乡镇",),
    Level.district: ("区县",),
    Level.city: ("国家", "省", "市"),
}
"""AMap's 匹配级别."""
KEY_CODES: Final = frozenset({"10001", "10002", "10005", "10006", "10007", "10008", "10009", "10011", "10012", "10013"})
"""The key is wrong, locked, of another platform, not from this address, or the signature does not fit."""
QUOTA_CODES: Final = frozenset(
    {"10003", "10004", "10010", "10014", "10015", "10019", "10020", "10021", "10029", "10044", "10045", "40000",
     "40002", "40003"}
)  # fmt: skip
"""Too many questions a day or a second, or the account has run out."""
NOTHING_CODES: Final = frozenset({"30000", "30001"})
"""ENGINE_RESPONSE_DATA_ERROR: AMap's engine finds no place in the text."""


class AMap(Geocoder):  # type: ignore[misc]  # geopy is untyped
    """AMap's geocoding service as one of geopy's geocoders."""

    name: Final = "amap"

    def __init__(self, client: Any, *, key: str, secret: str = "", base_url: str, seconds: float) -> None:
        super().__init__(scheme="https", timeout=seconds, proxies={}, adapter_factory=lambda **_: HttpxAdapter(client))
        self._key, self._secret, self._url = key, secret, base_url.rstrip("/") + _PATH

    def geocode(self, query: str, *, exactly_one: bool = True, city: str = "") -> Any:
        """Return an awaitable of geopy `Location`s for an address: the first, or all with `exactly_one` false.

        Awaiting it raises geopy's `GeocoderServiceError`s.
        """
        asked = {"address": query, "key": self._key, "output": "JSON"} | ({"city": city} if city else {})
        if self._secret:
            asked["sig"] = signature(asked, self._secret)
        return self._call_geocoder(f"{self._url}?{urlencode(asked)}", partial(_parse, exactly_one=exactly_one))

    async def search(self, address: str, area: Area) -> list[Found]:
        """Return the places that AMap knows for an address.

        Raises:
            GeopyError: it gave no usable answer.
        """
        # the prefecture: some of an institution's people live beyond the border of its district
        city = area.adcode[:4] + "00" if area.adcode else ""
        return [
            Found(
                lon=each.longitude,
                lat=each.latitude,
                datum=Datum.gcj02,
                level=level_of(_text(each.raw, "level"), LEVELS),
                share=1.0,
                formatted=_text(each.raw, "formatted_address"),
            )
            for each in await self.geocode(address, exactly_one=False, city=city) or []
        ]


def signature(asked: Mapping[str, str], secret: str) -> str:
    """Return AMap's `sig` of a question."""
    pairs = "&".join(f"{name}={asked[name]}" for name in sorted(asked))
    return hashlib.md5((pairs + secret).encode(), usedforsecurity=False).hexdigest()


def _parse(document: dict[str, Any], *, exactly_one: bool) -> Any:
    if str(document.get("status")) != "1":
        _refuse(str(document.get("infocode", "")))
        return None
    rows = document.get("geocodes") or []
    try:
        places = [Location(_text(row, "formatted_address"), _coordinates(row["location"]), row) for row in rows]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise GeocoderParseError("not AMap's format") from None
    if not places:
        return None
    return places[0] if exactly_one else places


def _refuse(code: str) -> None:
    """Raise what an infocode stands for; return for one that says there is no such place."""
    if code in NOTHING_CODES:
        return
    if code in QUOTA_CODES:
        raise GeocoderQuotaExceeded(code)
    if code in KEY_CODES:
        raise GeocoderAuthenticationFailure(code)
    if code.startswith("2"):
        raise GeocoderQueryError(code)
    raise GeocoderServiceError(code)


def _coordinates(text: str) -> tuple[float, float]:
    """Return (latitude, longitude) of AMap's `lon,lat`.

    Raises:
        ValueError: it is no place on earth.
    """
    lon, lat = map(float, text.split(","))
    point = Point(lon, lat)  # geopy would only warn
    return point.lat, point.lon


def _text(row: Mapping[str, Any], name: str) -> str:
    """Return a text; AMap writes an empty one as `[]`."""
    value = row.get(name)
    return value if isinstance(value, str) else ""
