"""What crosses HTTP about the places of their own from which staff start, and to which they go home."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.core import geo

START_PLACE: Final = "本人当天出发的地点（如家），空为从站点出发；只有可修改者和本人看得到，共用车辆出行者仍从站点出发"
END_PLACE: Final = "本人当天结束后返回的地点（如家），空为返回站点；只有可修改者和本人看得到，共用车辆出行者仍返回站点"


class OwnPlace(BaseModel):
    """A place as a map gives it; stored as WGS-84."""

    model_config = ConfigDict(extra="forbid")

    lon: Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False, examples=[106.38])]
    lat: Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False, examples=[39.02])]
    datum: geo.Datum = Field(default=geo.Datum.wgs84, description="坐标系；高德、微信为 gcj02，百度为 bd09")

    @model_validator(mode="after")
    def _lies_on_earth(self) -> "OwnPlace":
        self.point()  # near the poles a datum's shift can leave the globe
        return self

    def point(self) -> geo.Point:
        """Return the place in WGS-84."""
        return geo.to_wgs84(self.lon, self.lat, self.datum)


class OwnPlaceRead(BaseModel):
    """A place, WGS-84."""

    lon: float
    lat: float

    @classmethod
    def of(cls, place: geo.Point | None) -> "OwnPlaceRead | None":
        """Return what is shown of a place, nothing where there is none."""
        return None if place is None else cls(lon=place.lon, lat=place.lat)
