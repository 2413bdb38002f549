"""The registry of dated settings: key, type, bounds, default. A setting is here only because a rule reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """A setting and its safest value. Its JSON form is the value itself; a decimal is a string."""

    key: str
    default: T
    about: str

    @property
    def expected(self) -> str:
        """What a value must be, in Chinese."""
        raise NotImplementedError

    def read(self, raw: object) -> T:
        """Return the value that a JSON value stands for.

        Raises:
            ValueError: it is not `expected`.
        """
        raise NotImplementedError

    def write(self, value: T) -> object:
        """Return the JSON value that stands for a value."""
        return value


@dataclass(frozen=True, slots=True)
class Whole(Setting[int]):
    """A whole number within bounds."""

    lowest: int = 0
    highest: int = 1_000_000

    @property
    def expected(self) -> str:
        """The bounds."""
        return f"{self.lowest} 至 {self.highest} 的整数"

    def read(self, raw: object) -> int:
        """Return the number; a boolean is none.

        Raises:
            ValueError: not a whole number, or out of bounds.
        """
        if not isinstance(raw, int) or isinstance(raw, bool) or not self.lowest <= raw <= self.highest:
            raise ValueError(self.expected)
        return raw


@dataclass(frozen=True, slots=True)
class Exact(Setting[Decimal]):
    """A decimal within bounds, with at most four places; a string in JSON."""

    lowest: Decimal = Decimal(0)
    highest: Decimal = Decimal(1000)

    @property
    def expected(self) -> str:
        """The bounds, and that it is written as a string."""
        return f'{self.lowest} 至 {self.highest} 的小数字符串（至多四位小数），如 "{self.default}"'

    def read(self, raw: object) -> Decimal:
        """Return the decimal.

        Raises:
            ValueError: not a decimal as a string, out of bounds, or too fine.
        """
        try:
            value = Decimal(raw) if isinstance(raw, str) and len(raw) <= 20 else None
        except InvalidOperation:
            value = None
        if value is None or not value.is_finite() or not self.lowest <= value <= self.highest:
            raise ValueError(self.expected)
        if value != round(value, 4):
            raise ValueError(self.expected)
        return value

    def write(self, value: Decimal) -> object:
        """Return the decimal as a plain string."""
        return f"{value:f}"


@dataclass(frozen=True, slots=True)
class Switch(Setting[bool]):
    """Yes or no."""

    @property
    def expected(self) -> str:
        """True or false."""
        return "true 或 false"

    def read(self, raw: object) -> bool:
        """Return the switch.

        Raises:
            ValueError: not a boolean.
        """
        if not isinstance(raw, bool):
            raise ValueError(self.expected)
        return raw


@dataclass(frozen=True, slots=True)
class Choice(Setting[str]):
    """One of a few words."""

    words: tuple[str, ...] = ()

    @property
    def expected(self) -> str:
        """The words."""
        return " | ".join(self.words)

    def read(self, raw: object) -> str:
        """Return the word.

        Raises:
            ValueError: not one of them.
        """
        if not isinstance(raw, str) or raw not in self.words:
            raise ValueError(self.expected)
        return raw


_SPEED = (Decimal(1), Decimal(120))

TRAVEL_DETOUR_FACTOR: Final = Exact(
    "travel.detour_factor", Decimal("1.3"), "直线距离换算路程的绕行系数", Decimal(1), Decimal(5)
)
TRAVEL_WALK_KMH: Final = Exact("travel.walk_kmh", Decimal("4.5"), "步行速度（千米/时）", *_SPEED)
TRAVEL_BIKE_KMH: Final = Exact("travel.bike_kmh", Decimal(12), "自行车速度（千米/时）", *_SPEED)
TRAVEL_EBIKE_KMH: Final = Exact("travel.ebike_kmh", Decimal(18), "电动自行车速度（千米/时）", *_SPEED)
TRAVEL_CAR_KMH: Final = Exact("travel.car_kmh", Decimal(25), "汽车速度（千米/时）", *_SPEED)
TRAVEL_HANDLING_SECONDS: Final = Whole("travel.handling_seconds", 120, "每到一处停车、进门的时间（秒）", 0, 3600)
HOME_MINUTES_PER_FLOOR_WITHOUT_LIFT: Final = Exact(
    "home.minutes_per_floor_without_lift", Decimal("0.5"), "无电梯时每层楼加时（分钟）", Decimal(0), Decimal(10)
)
VISIT_GEOFENCE_METRES: Final = Whole("visit.geofence_metres", 150, "签到允许离住址的距离（米）", 10, 5000)
VISIT_ACCURACY_LIMIT_METRES: Final = Whole("visit.accuracy_limit_metres", 200, "定位精度上限（米）", 10, 5000)
VISIT_MINIMUM_SHARE_OF_DURATION: Final = Exact(
    "visit.minimum_share_of_duration", Decimal("0.5"), "服务时长不得少于计划的比例", Decimal(0), Decimal(1)
)
VISIT_UPLOAD_TOLERANCE_MINUTES: Final = Whole("visit.upload_tolerance_minutes", 5, "手机时间可超前的分钟数", 0, 60)
ORDERS_BOOKING_DAYS_AHEAD: Final = Whole("orders.booking_days_ahead", 14, "最多可提前几天预约", 1, 180)
ORDERS_MAX_OPEN_PER_PERSON: Final = Whole("orders.max_open_per_person", 3, "每人未完成订单上限", 1, 100)
ORDERS_REQUIRE_KEY_GROUP: Final = Switch("orders.require_key_group", True, "是否仅限重点人群预约上门（R001）")
ORDERS_AUTO_ACCEPT: Final = Switch("orders.auto_accept", False, "订单是否自动受理")
ORDERS_FREE_CANCEL_HOURS: Final = Whole("orders.free_cancel_hours", 4, "上门前几小时可自行取消", 0, 168)
PLAN_PRIORITY_PLAIN: Final = Whole("plan.priority_plain", 100, "排班基础优先分", 1, 10_000)
PLAN_PRIORITY_AGED: Final = Whole("plan.priority_aged", 50, "65 岁及以上加分（R015）", 0, 10_000)
PLAN_PRIORITY_ADVANCED_AGE: Final = Whole("plan.priority_advanced_age", 50, "80 岁及以上另加分（R015）", 0, 10_000)
PLAN_PRIORITY_DISABLED: Final = Whole("plan.priority_disabled", 200, "失能、失智加分（R015）", 0, 10_000)
FEE_MODE: Final = Choice("fee.mode", "charge", "是否收取上门服务费", ("charge", "none"))
FEE_SHARING: Final = Choice("fee.sharing", "once_per_home", "同户多人同次上门的收费", ("once_per_home", "per_patient"))
FEE_IN_BED_CYCLE: Final = Choice("fee.in_bed_cycle", "waive", "家庭病床周期内的上门服务费", ("waive", "charge"))
FEE_WHEN_FULLY_FUNDED: Final = Choice(
    "fee.when_fully_funded", "waive", "项目全部由公卫或签约支付时的上门服务费", ("waive", "charge")
)
PROXY_MAX_PER_ELDER: Final = Whole("proxy.max_per_elder", 3, "每位居民的代办人上限", 1, 50)
PROXY_MAX_ELDERS: Final = Whole("proxy.max_elders", 5, "每个账号可代办的居民上限", 1, 500)
CONTRACT_MINIMUM_MONTHS: Final = Whole("contract.minimum_months", 12, "签约服务最短期限（月）", 1, 60)
STAFF_MINIMUM: Final = Whole("staff.minimum", 1, "每次上门的最少人数", 1, 4)

SETTINGS: Final[Mapping[str, Setting[object]]] = {
    each.key: each for each in list(globals().values()) if isinstance(each, Setting)
}
"""Every setting by its key."""
