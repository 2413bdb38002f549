"""A place as it crosses HTTP: coordinates with the datum in which a map gives them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.core import geo


class Place(BaseModel):
    """A place as a map gives it; stored as WGS-84."""

    model_config = ConfigDict(extra="forbid")

    lon: Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False, examples=[106.38])]
    lat: Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False, examples=[39.02])]
    datum: geo.Datum = Field(default=geo.Datum.wgs84, description="坐标系；高德、微信为 gcj02，百度为 bd09")

    @model_validator(mode="after")
    def _lies_on_earth(self) -> "Place":
        self.point()  # near the poles a datum's shift can leave the globe
        return self

    def point(self) -> geo.Point:
        """Return the place in WGS-84."""
        return geo.to_wgs84(self.lon, self.lat, self.datum)
