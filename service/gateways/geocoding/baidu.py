"""Baidu (百度): geopy's own `BaiduV3` (`GET /geocoding/v3/`, SN signing), which answers in BD-09.

Its `confidence` (0..100) is how small the error is: 100 within 20 m, 90 within 50, 80 within 100, 70 within 300, 50
within 1,000. `comprehension` (0..100) is how much of the text it understood, `precise` 1 a hit of the very address.
"""

from collections.abc import Mapping
from typing import Any, Final

from geopy.exc import GeocoderParseError
from geopy.geocoders.baidu import BaiduV3

from service.core.geo import Datum
from service.gateways.geocoding.adapter import HttpxAdapter
from service.gateways.geocoding.answers import Area, Found, Level, level_of

LEVELS: Final[Mapping[Level, tuple[str, ...]]] = {
    Level.door: ("门址",),
    Level.village: ("村庄",),
    Level.crossing: ("交叉路口", "桥", "收费处/收费站", "收费区/收费站"),
    Level.road: ("道路",),
    Level.area: ("商圈", "工业园区", "旅游景点", "绿地"),
    Level.town: ("乡镇",),
    Level.district: ("区县",),
    Level.city: ("国家", "省", "城市"),
    Level.building: (
        "地产小区", "商务大厦", "政府机构", "生活服务", "休闲娱乐", "餐饮", "宾馆", "购物", "金融", "教育", "医疗",
        "汽车服务", "火车站", "长途汽车站", "停车场", "停车区", "港口", "飞机场", "机场", "加油站",
    ),
}  # fmt: skip
"""Baidu's 地址类型."""
IMPRECISE: Final = 0.8
"""The share that stays of a 模糊打点."""


class Baidu(BaiduV3):  # type: ignore[misc]  # geopy is untyped
    """geopy's Baidu geocoder at a base URL of the operator's choice."""

    name: Final = "baidu"

    def __init__(self, client: Any, *, key: str, secret: str = "", base_url: str, seconds: float) -> None:
        super().__init__(
            key,
            scheme="https",
            timeout=seconds,
            proxies={},
            adapter_factory=lambda **_: HttpxAdapter(client),
            security_key=secret or None,
        )
        self.api = base_url.rstrip("/") + self.api_path

    async def search(self, address: str, area: Area) -> list[Found]:
        """Return the place that Baidu knows for an address, if any; `area` is in the address already.

        Raises:
            GeopyError: it gave no usable answer.
        """
        try:
            place = await self.geocode(address)
            if place is None:
                return []
            raw = place.raw
            share = float(raw.get("confidence", 0)) / 100 * float(raw.get("comprehension", 100)) / 100
            return [
                Found(
                    lon=float(place.longitude),
                    lat=float(place.latitude),
                    datum=Datum.bd09,
                    level=level_of(str(raw.get("level", "")), LEVELS),
                    share=share if raw.get("precise") == 1 else share * IMPRECISE,
                    formatted="",  # Baidu does not say what it understood
                )
            ]
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            raise GeocoderParseError("not Baidu's format") from None
