"""The built-in district: Dawukou (大武口区), its institutions, staff and elders, and what they want on one day.

Made from a seed, the same every time. Nobody in it is a person: elders are numbered, their identity numbers carry an
area code that was never given out. The figures (prices, tariffs, quotas) are of the kind that cities publish.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Final

CENTRE: Final = (106.380, 39.020)
_AREA_CODE: Final = "640299"
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"


@dataclass(frozen=True, slots=True)
class Place:
    """An institution of the district, WGS-84."""

    code: str
    name: str
    kind: str
    lon: float
    lat: float
    address: str


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
    home_allowed: bool = True
    refusal: str | None = None


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
    Item("ROUND", "家庭病床查床", 25, 1, ("role:doctor",), "40.0000", "A", ("home_bed_round",)),
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
        None,
        False,
        "静脉输液须在医疗机构内进行，请就近到社区中心",
    ),
)


@dataclass(frozen=True, slots=True)
class Worker:
    """A member of staff: role, skills, how he travels, his shift."""

    no: str
    institution: str
    role: str
    title: str
    skills: tuple[str, ...]
    travel_mode: str
    start: time
    end: time
    lunch: tuple[time, time, int]


@dataclass(frozen=True, slots=True)
class Elder:
    """An elder: where he lives, what groups he is in, whether he signed with a family doctor."""

    no: int
    id_number: str
    born_on: date
    sex: str
    institution: str
    home: int
    groups: tuple[str, ...]
    contract: bool
    insured: bool
    bed: bool
    programme: bool


@dataclass(frozen=True, slots=True)
class House:
    """A home, WGS-84."""

    no: int
    lon: float
    lat: float
    floor: int
    has_lift: bool


@dataclass(frozen=True, slots=True)
class Wish:
    """What an elder (or his child) books: services, when, which kind of order; `story` names its part in the day."""

    elder: int
    kind: str
    items: tuple[tuple[str, int], ...]
    earliest: time
    latest: time
    story: str = ""


@dataclass(frozen=True, slots=True)
class District:
    """Everything the player puts in."""

    staff: tuple[Worker, ...]
    homes: tuple[House, ...]
    elders: tuple[Elder, ...]
    wishes: tuple[Wish, ...]
    institutions: tuple[Place, ...] = INSTITUTIONS
    items: tuple[Item, ...] = field(default=ITEMS)


def build(*, scale: float = 1.0, seed: int = 20260302) -> District:
    """Return the district: 40 staff, 320 elders, 260 orders at scale 1, a tenth of it at scale 0.1."""
    draw = random.Random(seed)
    medical = [each.code for each in INSTITUTIONS if each.kind != "care_institution"]
    staff = _staff(medical, max(8, round(40 * scale)))
    homes = _homes(draw, max(30, round(312 * scale)))
    elders = _elders(draw, medical, homes, max(34, round(320 * scale)))
    wishes = _story_wishes() + _other_wishes(draw, elders, max(26, round(260 * scale)))
    return District(staff, homes, elders, wishes)


def _staff(medical: Sequence[str], count: int) -> tuple[Worker, ...]:
    """Two nurses of every four, one doctor, one therapist; spread over the institutions."""
    pattern = (
        ("nurse", "主管护师", ("venepuncture", "wound_care"), "ebike"),
        ("doctor", "主治医师", (), "car"),
        ("nurse", "护师", ("venepuncture", "wound_care", "catheter_care"), "ebike"),
        ("therapist", "康复治疗师", ("rehabilitation",), "ebike"),
    )
    lunch = (time(11, 30), time(13, 30), 30)
    made = []
    for number in range(count):
        role, title, skills, mode = pattern[number % 4]
        early = number % 8 < 4
        made.append(
            Worker(
                no=f"W{number + 1:03}", institution=medical[(number // 4) % len(medical)], role=role, title=title,
                skills=skills, travel_mode=mode, start=time(7, 30) if early else time(8, 0),
                end=time(16, 30) if early else time(17, 30), lunch=lunch,
            )
        )  # fmt: skip
    return tuple(made)


def _homes(draw: random.Random, count: int) -> tuple[House, ...]:
    """Homes in the built-up area, a few kilometres around the centre, in five-storey blocks and in towers."""
    made = []
    for number in range(count):
        lon = CENTRE[0] + max(-0.026, min(0.026, draw.gauss(0, 0.012)))
        lat = CENTRE[1] + max(-0.018, min(0.018, draw.gauss(0, 0.009)))
        tower = draw.random() < 0.3
        made.append(House(number, round(lon, 6), round(lat, 6), draw.randint(1, 18 if tower else 6), tower))
    return tuple(made)


def _elders(draw: random.Random, medical: Sequence[str], homes: Sequence[House], count: int) -> tuple[Elder, ...]:
    """Elders from 65 to 95; the first eight have parts in the day's story and are given what their part needs."""
    made = []
    for number in range(count):
        sex = "female" if draw.random() < 0.56 else "male"
        born = date(draw.randint(1931, 1960), draw.randint(1, 12), draw.randint(1, 28))
        groups = {"advanced_age"} if born.year < 1946 else set()
        groups |= {"chronic"} if draw.random() < 0.7 or not groups else set()
        groups |= {"disabled"} if draw.random() < 0.25 else set()
        story = number < len(_PARTS)
        # elders 0 and 1 share a home; everyone else has a home until they run out
        home = 0 if number < 2 else min(number - 1, len(homes) - 1)
        home = home if number < 2 or number - 1 < len(homes) else draw.randrange(8, len(homes))
        made.append(
            Elder(
                no=number + 1, id_number=id_number(born, number, female=sex == "female"), born_on=born, sex=sex,
                institution=medical[1] if number < 2 else medical[number % len(medical)], home=home,
                groups=tuple(sorted(groups)), contract=_PARTS[number].contract if story else draw.random() < 0.6,
                insured=_PARTS[number].insured if story else draw.random() < 0.8,
                bed=_PARTS[number].bed if story else draw.random() < 0.18,
                programme=_PARTS[number].programme if story else draw.random() < 0.5,
            )
        )  # fmt: skip
    return tuple(made)


@dataclass(frozen=True, slots=True)
class _Part:
    """What an elder of the story must have, and what he books."""

    story: str
    kind: str
    items: tuple[tuple[str, int], ...]
    earliest: time
    latest: time
    contract: bool = False
    insured: bool = False
    bed: bool = False
    programme: bool = False


_PARTS: Final = (
    _Part("shared_home", "home_visit", (("WOUND", 1),), time(9, 0), time(11, 0)),
    _Part("shared_home", "home_visit", (("WOUND", 1),), time(9, 0), time(11, 0)),
    _Part("contract_exhausted", "home_visit", (("BP", 3),), time(9, 0), time(16, 0), contract=True),
    _Part("unassigned", "home_visit", (("PICC", 1),), time(9, 0), time(16, 0), insured=True),
    _Part("noshow", "home_visit", (("GLU", 1),), time(9, 0), time(16, 0)),
    _Part("cancelled", "home_visit", (("REHAB", 1),), time(9, 0), time(16, 0)),
    _Part("out_of_fence", "home_visit", (("WOUND", 1),), time(9, 0), time(16, 0), insured=True),
    _Part("reversed", "home_visit", (("BP", 1), ("GLU", 1)), time(9, 0), time(16, 0), contract=True, programme=True),
)


def _story_wishes() -> tuple[Wish, ...]:
    return tuple(
        Wish(n, part.kind, part.items, part.earliest, part.latest, part.story) for n, part in enumerate(_PARTS)
    )


_MIX: Final = (
    # items, kind, earliest, latest, share
    ((("FASTING", 1),), "home_visit", time(7, 30), time(9, 30), 14),
    ((("WOUND", 1),), "home_visit", time(8, 30), time(16, 0), 18),
    ((("REHAB", 1),), "home_visit", time(8, 30), time(16, 30), 14),
    ((("CATHETER", 1),), "home_visit", time(8, 30), time(16, 0), 6),
    ((("BATHE", 1),), "home_visit", time(8, 30), time(16, 30), 6),
    ((("FOLLOW", 1), ("BP", 1)), "home_visit", time(8, 30), time(16, 30), 22),
    ((("BP", 1), ("GLU", 1)), "home_visit", time(8, 30), time(16, 30), 20),
)


def _other_wishes(draw: random.Random, elders: Sequence[Elder], count: int) -> tuple[Wish, ...]:
    """Fill the day up to `count` orders: one per elder, bed rounds for those with a bed."""
    free = [each for each in elders if each.no > len(_PARTS)]
    draw.shuffle(free)
    made = []
    for elder in free[: count - len(_PARTS)]:
        if elder.bed:
            made.append(Wish(elder.no - 1, "home_bed_round", (("ROUND", 1),), time(8, 30), time(16, 30)))
            continue
        items, kind, earliest, latest, _ = draw.choices(_MIX, weights=[each[-1] for each in _MIX])[0]
        made.append(Wish(elder.no - 1, kind, items, *_window(draw, earliest, latest)))
    return tuple(made)


def _window(draw: random.Random, earliest: time, latest: time) -> tuple[time, time]:
    """Return the whole span, or the half of it that the elder prefers."""
    if latest <= time(10, 0) or draw.random() < 0.4:
        return earliest, latest
    return (earliest, time(12, 30)) if draw.random() < 0.5 else (time(12, 0), latest)


def id_number(born_on: date, number: int, *, female: bool) -> str:
    """Return a well-formed identity number of an area that does not exist."""
    sequence = (number * 2 + (0 if female else 1)) % 1000
    body = f"{_AREA_CODE}{born_on:%Y%m%d}{sequence:03}"
    return body + _CHECKS[sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True)) % 11]
