"""What crosses HTTP about homes."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StrictInt, model_validator

from service.core import geo
from service.core.text import Text
from service.patients.schemas import Body


class HomePlace(Body):
    """Where a home is, as a map gives it; stored as WGS-84."""

    lon: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False, examples=[106.38])]
    lat: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False, examples=[39.02])]
    datum: geo.Datum = Field(default=geo.Datum.wgs84, description="坐标系；高德、微信为 gcj02，百度为 bd09")

    @model_validator(mode="after")
    def _lies_on_earth(self) -> "HomePlace":
        self.point()  # near the poles a datum's shift can leave the globe
        return self

    def point(self) -> geo.Point:
        """Return the place in WGS-84."""
        return geo.to_wgs84(self.lon, self.lat, self.datum)


Floor = Annotated[StrictInt, Field(ge=1, le=150, examples=[6], description="所在楼层，底层为 1")]


class HomeCreate(Body):
    """A home to register."""

    institution_id: UUID = Field(description="登记机构，须为本机构")
    address: Text = Field(examples=["大武口区朝阳东街88号3单元602"])
    place: HomePlace
    floor: Floor = 1
    has_lift: StrictBool = False
    care_institution_id: UUID | None = Field(default=None, description="住在养老机构时填该机构")


class HomeUpdate(Body):
    """What may change of a home; what is left out stays, `care_institution_id` null says it is a private home."""

    address: Text | None = None
    place: HomePlace | None = None
    floor: Floor | None = None
    has_lift: StrictBool | None = None
    care_institution_id: UUID | None = None


class HomeRead(BaseModel):
    """A home; coordinates WGS-84, `given_in` is the datum they came in."""

    id: UUID
    address: str
    lon: float
    lat: float
    given_in: geo.Datum
    floor: int
    has_lift: bool
    floors_on_foot: int = Field(description="须步行的楼层数，影响上门所需时间")
    care_institution_id: UUID | None
