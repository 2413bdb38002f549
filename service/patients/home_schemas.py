"""What crosses HTTP about homes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StrictInt, StringConstraints, model_validator

from service.core import geo
from service.core.places import Place
from service.core.text import Code, Text, refuse_unstorable
from service.patients import placing_rules
from service.patients.placing_rules import Placing, PlacingReason, ReviewCause, Source
from service.patients.schemas import Body

PinText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), AfterValidator(refuse_unstorable)]


class HomePin(Body):
    """What `wx.chooseLocation` answers: a point on WeChat's map (GCJ-02) and what the map calls it, perhaps nothing."""

    name: PinText = Field(default="", examples=["朝阳小区"])
    address: PinText = Field(default="", examples=["宁夏回族自治区石嘴山市大武口区朝阳东街88号"])
    latitude: Annotated[float, Field(strict=True, ge=-90, le=90, allow_inf_nan=False, examples=[39.02])]
    longitude: Annotated[float, Field(strict=True, ge=-180, le=180, allow_inf_nan=False, examples=[106.38])]

    def place(self) -> Place:
        """Return the place that was chosen.

        Raises:
            ValueError: no place on earth shows there.
        """
        return Place(lon=self.longitude, lat=self.latitude, datum=geo.Datum.gcj02)

    @model_validator(mode="after")
    def _lies_on_earth(self) -> "HomePin":
        self.place()
        return self


Entry = Annotated[StrictInt, Field(ge=0, le=60, description="门禁、登记、停车等额外所需的分钟数")]
Floor = Annotated[StrictInt, Field(ge=1, le=150, examples=[6], description="所在楼层，底层为 1")]


class HomeCreate(Body):
    """A home to register: with a pin of WeChat's map, with coordinates, or with an address alone (looked up later)."""

    institution_id: UUID = Field(description="登记机构，须为本机构")
    address: Text | None = Field(
        default=None,
        examples=["大武口区朝阳东街88号3单元602"],
        description="住址；有图钉时可只填门牌，不填则用图钉的地址和名称",
    )
    place: Place | None = Field(default=None, description="坐标；与图钉都不填时按住址查找")
    pin: HomePin | None = Field(default=None, description="wx.chooseLocation 选的点（gcj02），与 place 二选一")
    floor: Floor = 1
    has_lift: StrictBool = False
    entry_minutes: Entry = 0
    care_institution_id: UUID | None = Field(default=None, description="住在养老机构时填该机构")
    grid: Code | None = Field(default=None, examples=["CY-03"], description="所在网格的代码，统筹区内通用")

    @model_validator(mode="after")
    def _says_where(self) -> "HomeCreate":
        if self.place is not None and self.pin is not None:
            raise ValueError("坐标（place）和图钉（pin）只能填一项")
        if not self.full_address():
            raise ValueError("请填写住址，或选择有地址或名称的图钉")
        return self

    def full_address(self) -> str:
        """Return the address: the pin's, the pin's name and what was typed, each thing once."""
        pin = self.pin
        return placing_rules.address_of(pin.address if pin else None, pin.name if pin else None, self.address)


class HomeUpdate(Body):
    """What may change of a home; what is left out stays, `care_institution_id` null says it is a private home.

    `grid` null says that it lies in none. A new address without a place is looked up again, unless a person has pinned
    the home: that pin stays.
    """

    address: Text | None = Field(default=None, examples=["大武口区朝阳西街2号楼3单元501"])
    place: Place | None = None
    floor: Floor | None = None
    has_lift: StrictBool | None = None
    entry_minutes: Entry | None = None
    care_institution_id: UUID | None = None
    grid: Code | None = Field(default=None, examples=["CY-03"])


class HomePlacing(Body):
    """A person's word on where a home is: without `place` it confirms the position that the home has."""

    revision: Annotated[StrictInt, Field(ge=1, le=2**31 - 1, description="看到的 placing_revision")]
    place: Place | None = Field(default=None, description="新位置；不填即确认现有位置")
    reason: PlacingReason


class HomeRead(BaseModel):
    """A home; coordinates WGS-84 (null while nobody knows them), `given_in` is the datum they came in."""

    id: UUID
    address: str
    lon: float | None
    lat: float | None
    given_in: geo.Datum | None
    placing: Placing = Field(
        description="位置是否可用：pinned 人工选定，located 自动查得，review 待核对，unplaced 无位置"
    )
    source: Source | None
    confidence: float | None = Field(description="自动查得的置信度，0 至 1")
    placed_because: PlacingReason | None = Field(description="人工核对的依据")
    placing_revision: int
    floor: int
    has_lift: bool
    entry_minutes: int
    floors_on_foot: int = Field(description="须步行的楼层数，影响上门所需时间")
    care_institution_id: UUID | None
    grid: str | None


class HomeReviewRead(BaseModel):
    """A home's position to look at; `lon` … `found_address` are what is proposed (WGS-84), null for nothing."""

    id: UUID
    home: HomeRead
    cause: ReviewCause
    lon: float | None
    lat: float | None
    source: Source | None
    level: str | None
    confidence: float | None
    label: str = Field(description="问过哪些来源，以及没有结果的原因")
    found_address: str | None = Field(description="来源所理解的地址")
    visit_id: UUID | None
    distance_metres: int | None = Field(description="到达位置离住址的距离")
    accuracy_metres: int | None
    raised_at: datetime
