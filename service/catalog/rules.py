"""The words of the catalogue and its decisions: what must be said, which row gives way, how far a home is."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final, TypeAlias
from uuid import UUID

from service.catalog import errors
from service.catalog.crew_rules import CrewSync
from service.catalog.part_rules import PartFacts
from service.catalog.programme_rules import BY_HAND, Criteria, ProgrammeKind
from service.core import geo
from service.institutions.rules import InstitutionLevel

VISIT_FEE_CODE: Final = "VISIT_FEE"
"""The code of 上门服务费 in limits and reductions; what bills call its line."""
BED_DAY_CODE: Final = "BED_DAY"
"""The code of 床日 in reductions; what bills of bed days call their lines."""
RESERVED_CODES: Final = frozenset({VISIT_FEE_CODE, BED_DAY_CODE, "CANCELLATION"})
"""Lines that a bill makes itself (上门服务费, 床日): never a service of the list, never a code of a price book."""


class OrderKind(StrEnum):
    """The kinds of order in which a service may be asked for; orders have the same words."""

    home_visit = "home_visit"
    home_bed_round = "home_bed_round"
    institution_round = "institution_round"


class InsuranceClass(StrEnum):
    """甲类, 乙类, 丙类 of the medical insurance catalogue. Only B has a part that the patient pays first."""

    A = "A"
    B = "B"
    C = "C"


class IncomeClass(StrEnum):
    """How income is kept apart (R055, R056): 统一管理 in the medical book, or 单列备查 in the book of elder care."""

    unified = "unified"
    memorandum = "memorandum"


class PriceCategory(StrEnum):
    """What a price is for. Drugs and consumables are the institution's own price, and are used by lot."""

    service = "service"
    drug = "drug"
    consumable = "consumable"


class FeeUnit(StrEnum):
    """What a visit fee is for: the visit, or each member of staff of it (次·人)."""

    visit = "visit"
    visit_staff = "visit_staff"


class DistanceBase(StrEnum):
    """From where a tariff counts its kilometres."""

    institution = "institution"
    nearest_station = "nearest_station"


class DistanceMethod(StrEnum):
    """How a tariff counts its kilometres: the straight line, or along the roads."""

    great_circle = "great_circle"
    road = "road"


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A service of the region's list. `latest_start` is a local time (a fasting blood draw before 09:30).

    Whoever gives it has all of `skills` and, unless it is empty, one of `any_skills`. It begins at most
    `tolerance_minutes` before or after the middle of the beginnings open to it; a specimen is at the institution at
    most `specimen_minutes` after the visit (None = neither). With `parts` the minutes are those of the first part: the
    same person comes back for each further one, and a specimen is taken each time; of several people one hands it in.
    Each of its staff carries `load`
    units of supplies for it all day. `crew_sync`: how those come whom it needs, `sequential` with the least and the
    greatest time from one's beginning to the next one's.
    """

    code: str
    name: str
    duration_minutes: int
    staff_count: int
    skills: frozenset[str]
    order_kinds: frozenset[str]
    latest_start: time | None
    home_allowed: bool
    refusal_note: str | None
    any_skills: frozenset[str] = frozenset()
    tolerance_minutes: int | None = None
    specimen_minutes: int | None = None
    parts: tuple[PartFacts, ...] = ()
    load: int = 0
    crew_sync: CrewSync = CrewSync.simultaneous
    crew_lag_min_minutes: int | None = None
    crew_lag_max_minutes: int | None = None

    @property
    def work_minutes(self) -> int:
        """The minutes of all parts together."""
        return self.duration_minutes + sum(each.duration_minutes for each in self.parts)


@dataclass(frozen=True, slots=True)
class PriceFacts:
    """A price in force at an institution in yuan, from `valid_from` to `valid_to`, both included; None = open.

    `level` says whose book it stands in: None = the institution's own. `unit` (计价单位) is what one of it is.
    """

    code: str
    name: str
    unit_price: Decimal
    valid_from: date
    valid_to: date | None
    per_visit_max: int | None
    includes: frozenset[str]
    excludes: frozenset[str]
    insurance_class: InsuranceClass
    self_ratio: Decimal
    category: PriceCategory = PriceCategory.service
    income_class: IncomeClass = IncomeClass.unified
    national_code: str | None = None
    unit: str | None = None
    level: InstitutionLevel | None = None


@dataclass(frozen=True, slots=True)
class TierFacts:
    """A fee in yuan up to a distance in kilometres, bound included; None = without end."""

    up_to_km: Decimal | None
    price: Decimal


@dataclass(frozen=True, slots=True)
class NightFacts:
    """Local times [starts_at, ends_at), over midnight when it starts later than it ends; the fee is multiplied."""

    starts_at: time
    ends_at: time
    multiplier: Decimal


@dataclass(frozen=True, slots=True)
class TariffFacts:
    """上门服务费 of an institution; `tiers` ascend, only the last may be without end."""

    id: UUID
    unit: FeeUnit
    tiers: tuple[TierFacts, ...]
    night: NightFacts | None
    insurance_class: InsuranceClass
    self_ratio: Decimal
    distance_base: DistanceBase
    distance_method: DistanceMethod
    valid_from: date
    valid_to: date | None
    income_class: IncomeClass = IncomeClass.unified


@dataclass(frozen=True, slots=True)
class ProgrammeFacts:
    """A public programme and its payer; `items` maps codes to units per person and calendar year.

    Whoever meets the `criteria` on a day is enrolled that day.
    """

    id: UUID
    code: str
    name: str
    payer: str
    valid_from: date
    valid_to: date | None
    items: Mapping[str, int]
    kind: ProgrammeKind = ProgrammeKind.basic_public_health
    criteria: Criteria = BY_HAND


@dataclass(frozen=True, slots=True)
class InsuranceFacts:
    """What a medical insurance of the region pays: yearly deductible, ratio, yearly cap of the fund."""

    plan_code: str
    name: str
    deductible_fen: int
    pay_ratio: Decimal
    yearly_cap_fen: int
    valid_from: date
    valid_to: date | None


Road: TypeAlias = Callable[[geo.Point, geo.Point], int]
"""Returns the metres along the roads from one place to another."""


def day_before(valid_from: date) -> date:
    """Return the last day of a running row that a new one from `valid_from` on replaces."""
    return valid_from - timedelta(days=1)


def refuse_reserved(code: str) -> None:
    """Refuse a code that bills use themselves.

    Raises:
        errors.CodeReserved: names it.
    """
    if code in RESERVED_CODES:
        raise errors.CodeReserved(reserved=code)


def refuse_silent_ban(home_allowed: bool, refusal_note: str | None) -> None:
    """Refuse to ban a service from homes without words for those who ask for it (静脉输液: 请到门诊输液室).

    Raises:
        errors.RefusalNoteMissing: no note.
    """
    if not home_allowed and not refusal_note:
        raise errors.RefusalNoteMissing


def refuse_ending(valid_from: date, valid_to: date | None, new_to: date) -> None:
    """Refuse an end that would lengthen a dated row, or lie before its beginning.

    Raises:
        errors.EndingInvalid: names the row's days.
    """
    if new_to < valid_from or (valid_to is not None and new_to > valid_to):
        raise errors.EndingInvalid(valid_from=valid_from, valid_to=valid_to or "未定")


def tiers_ascend(bounds: Sequence[Decimal | None]) -> bool:
    """Return whether the upper bounds of distance tiers ascend strictly; only the last may be without end."""
    closed = [bound for bound in bounds if bound is not None]
    return (
        len(bounds) > 0
        and None not in bounds[:-1]
        and all(lower < upper for lower, upper in itertools.pairwise(closed))
        and all(bound > 0 for bound in closed)
    )


def gives_way(running_from: date, running_to: date | None, new_from: date, new_to: date | None) -> bool:
    """Return whether a running row ends the day before the new one begins, instead of standing in its way.

    Only an open row gives way, and only to an open row that begins later: whatever else overlaps is a mistake.
    """
    return running_to is None and new_to is None and running_from < new_from


def detour_road(factor: Decimal) -> Road:
    """Return the estimate of road metres where no road network is at hand: the straight line × `factor`."""

    def metres(origin: geo.Point, destination: geo.Point) -> int:
        straight = Decimal(geo.geodesic_metres(origin, destination))
        return int((straight * factor).to_integral_value(rounding=ROUND_HALF_UP))

    return metres


def distance_metres(
    tariff: TariffFacts, home: geo.Point, institution: geo.Point, stations: Sequence[geo.Point], road: Road
) -> int:
    """Return how far a home is in the words of a tariff: its base, its method.

    `road` is asked only by a tariff that counts along the roads. An institution without stations counts from its door.
    """
    bases = stations if tariff.distance_base is DistanceBase.nearest_station and stations else [institution]
    measure = road if tariff.distance_method is DistanceMethod.road else geo.geodesic_metres
    return min(measure(base, home) for base in bases)


def describe_distance(base: DistanceBase, method: DistanceMethod) -> str:
    """Return the words in which a tariff says how its kilometres are counted."""
    start = "最近的服务站点" if base is DistanceBase.nearest_station else "机构所在地"
    way = "道路距离（无路网数据时按直线距离×绕行系数估算）" if method is DistanceMethod.road else "直线距离"
    return f"自{start}起，按{way}计算"
