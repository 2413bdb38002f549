"""The district's published figures: institutions, services, prices, tariff, packages, programmes, insurance, settings.

Made up, of the kind that cities publish; the bodies are what the API takes.
"""

from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final

REGION: Final = ("640200", "石嘴山演示统筹区")
DISTRICT: Final = ("640202", "大武口区")
CENTRE: Final = (106.380, 39.020)
SERVICE_ON: Final = date(2026, 3, 3)
"""The day that is played, a Tuesday; everything before it is arranged on the day before."""
YEAR_FROM: Final = "2026-01-01"


@dataclass(frozen=True, slots=True)
class Place:
    """An institution of the district, WGS-84."""

    code: str
    name: str
    kind: str
    lon: float
    lat: float
    address: str

    @property
    def is_medical(self) -> bool:
        """Whether it has a licence and staff who go out."""
        return self.kind != "care_institution"


INSTITUTIONS: Final = (
    Place("DWK-H1", "大武口区演示医院", "hospital", 106.3835, 39.0162, "朝阳西街"),
    Place("DWK-C1", "朝阳社区卫生服务中心", "community_health_centre", 106.3762, 39.0198, "朝阳街"),
    Place("DWK-C2", "青山社区卫生服务中心", "community_health_centre", 106.3929, 39.0231, "青山北路"),
    Place("DWK-C3", "人民路社区卫生服务中心", "community_health_centre", 106.3701, 39.0096, "人民路"),
    Place("DWK-C4", "长胜社区卫生服务中心", "community_health_centre", 106.3984, 39.0084, "长胜街"),
    Place("DWK-C5", "锦林社区卫生服务中心", "community_health_centre", 106.3638, 39.0287, "锦林街"),
    Place("DWK-E1", "大武口区演示养老院", "care_institution", 106.3872, 39.0301, "星光大道"),
)
"""One hospital, five community stations, one care institution."""
CARE_HOME: Final = INSTITUTIONS[-1]


@dataclass(frozen=True, slots=True)
class Item:
    """A service of the district's list: minutes, staff, skills, price in yuan, insurance class."""

    code: str
    name: str
    minutes: int
    staff: int
    skills: tuple[str, ...]
    price: str
    insurance_class: str
    kinds: tuple[str, ...]
    latest: time | None = None
    refusal: str | None = None
    includes: tuple[str, ...] = ()

    @property
    def body(self) -> dict[str, Any]:
        """Return the service as it is put on the list."""
        return {
            "code": self.code,
            "name": self.name,
            "duration_minutes": self.minutes,
            "staff_count": self.staff,
            "skills": list(self.skills),
            "order_kinds": list(self.kinds),
            "latest_start": self.latest.isoformat() if self.latest else None,
            "home_allowed": self.refusal is None,
            "refusal_note": self.refusal,
        }

    @property
    def price_body(self) -> dict[str, Any]:
        """Return its row of a price book."""
        return {
            "code": self.code,
            "unit_price": self.price,
            "insurance_class": self.insurance_class,
            "self_ratio": "0.10" if self.insurance_class == "B" else "0",
            "includes": list(self.includes),
            "valid_from": YEAR_FROM,
        }


_VISIT: Final = ("home_visit", "institution_round")
_ANY: Final = ("home_visit", "home_bed_round", "institution_round")
ITEMS: Final = (
    Item("BP", "血压测量", 10, 1, (), "5.0000", "A", _ANY),
    Item("GLU", "末梢血糖测定", 10, 1, ("venepuncture",), "8.0000", "A", _ANY),
    Item("FASTING", "空腹静脉采血", 15, 1, ("venepuncture",), "12.0000", "A", _ANY, time(9, 30)),
    Item("WOUND", "伤口换药", 25, 1, ("wound_care",), "36.5000", "B", _ANY),
    Item("REHAB", "偏瘫肢体综合训练", 40, 1, ("rehabilitation",), "60.0000", "B", _ANY),
    Item("CATHETER", "导尿管护理", 30, 2, ("catheter_care",), "45.0000", "B", _ANY),
    Item("BATHE", "失能老人床上擦浴", 40, 2, (), "50.0000", "C", _ANY),
    Item("FOLLOW", "慢性病随访", 20, 1, ("role:doctor",), "15.0000", "A", _VISIT),
    # a round at the bed has the blood pressure in it: measured beside it, it is not charged again
    Item("ROUND", "家庭病床查床", 25, 1, ("role:doctor",), "40.0000", "A", ("home_bed_round",), includes=("BP",)),
    Item("PICC", "PICC 维护", 40, 1, ("picc",), "120.0000", "B", _ANY),
    Item(
        "INFUSION",
        "静脉输液",
        90,
        1,
        (),
        "20.0000",
        "A",
        _VISIT,
        refusal="静脉输液须在医疗机构内进行，请就近到社区中心",
    ),
)

TARIFF: Final[dict[str, Any]] = {
    "unit": "visit",
    "tiers": [
        {"up_to_km": "3", "price": "30.00"},
        {"up_to_km": "5", "price": "50.00"},
        {"up_to_km": "10", "price": "80.00"},
    ],
    "night": {"starts_at": "18:00:00", "ends_at": "06:00:00", "multiplier": "2"},
    "distance_base": "nearest_station",
    "distance_method": "great_circle",
    "valid_from": YEAR_FROM,
}
PACKAGES: Final[tuple[dict[str, Any], ...]] = (
    {
        "code": "ELDER-BASIC",
        "name": "老年人基础服务包",
        "valid_from": YEAR_FROM,
        "items": [
            {"code": "BP", "quantity": 2},
            {"code": "FOLLOW", "quantity": 4},
            {"code": "GLU", "quantity": 1},
        ],
    },
    {
        "code": "ELDER-PLUS",
        "name": "失能老人照护服务包",
        "valid_from": YEAR_FROM,
        "covers_visit_fee": True,
        "items": [
            {"code": "BP", "quantity": 12},
            {"code": "WOUND", "quantity": 6, "counting": "visit"},
            {"code": "BATHE", "quantity": 4},
        ],
    },
)
PROGRAMME: Final[dict[str, Any]] = {
    "code": "BPHS-2026",
    "name": "基本公共卫生服务（慢性病管理）",
    "payer": "基本公共卫生服务补助资金",
    "valid_from": YEAR_FROM,
    "valid_to": "2026-12-31",
    "items": [{"code": "FOLLOW", "per_year": 4}, {"code": "BP", "per_year": 4}],
}
INSURANCE: Final[tuple[dict[str, Any], ...]] = (
    {
        "plan_code": "EMPLOYEE",
        "name": "职工基本医疗保险",
        "deductible": "0.00",
        "pay_ratio": "0.80",
        "yearly_cap": "20000.00",
        "valid_from": YEAR_FROM,
    },
    {
        "plan_code": "RESIDENT",
        "name": "城乡居民基本医疗保险",
        "deductible": "20.00",
        "pay_ratio": "0.60",
        "yearly_cap": "12000.00",
        "valid_from": YEAR_FROM,
    },
)
SETTINGS: Final[tuple[tuple[str, Any], ...]] = (
    ("orders.auto_accept", False),
    ("travel.detour_factor", "1.35"),
    ("travel.ebike_kmh", "16"),
    ("fee.sharing", "once_per_home"),
    ("visit.geofence_metres", 150),
)
"""What the region decides otherwise than, or explicitly as, the defaults."""
