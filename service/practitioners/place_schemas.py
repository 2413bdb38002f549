"""What crosses HTTP about the places of their own from which staff start, and to which they go home."""

from typing import Final

from pydantic import BaseModel

from service.core import geo

START_PLACE: Final = "本人当天出发的地点（如家），空为从站点出发；只有可修改者和本人看得到，共用车辆出行者仍从站点出发"
END_PLACE: Final = "本人当天结束后返回的地点（如家），空为返回站点；只有可修改者和本人看得到，共用车辆出行者仍返回站点"


class OwnPlaceRead(BaseModel):
    """A place, WGS-84."""

    lon: float
    lat: float

    @classmethod
    def of(cls, place: geo.Point | None) -> "OwnPlaceRead | None":
        """Return what is shown of a place, nothing where there is none."""
        return None if place is None else cls(lon=place.lon, lat=place.lat)
