"""Why a bill is not sent by itself: the safety bounds, and who may let it go. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from service.billing.ceiling import Rise
from service.core import money


class Why(StrEnum):
    """What a bill met."""

    balance_used = "balance_used"
    above_usual = "above_usual"
    too_many_today = "too_many_today"
    in_hospital = "in_hospital"


class ParkingState(StrEnum):
    """Where a parked bill stands."""

    open = "open"
    released = "released"
    rejected = "rejected"


_SAID: Final[Mapping[Why, str]] = {
    Why.balance_used: "预约后长护险或医保的额度已被其他账单使用，家庭自付将比同意的{agreed}元多{rise}元",
    Why.above_usual: "账单合计{gross}元，超过{usual_of}（{usual}元）的{multiple}倍",
    Why.too_many_today: "该居民当天已有{settled}份账单，超过{limit}份",
    Why.in_hospital: "该居民自{admitted_on}起在{hospital}住院",
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One bound that a bill met, with the facts that its sentence names; amounts in yuan as text."""

    why: Why
    facts: Mapping[str, Any]

    @property
    def sentence(self) -> str:
        """Say why in Chinese."""
        return _SAID[self.why].format_map(self.facts)


@dataclass(frozen=True, slots=True)
class Found:
    """A bill that was not sent: why, and what it would have come to (fen)."""

    reasons: tuple[Reason, ...]
    gross_fen: int
    patient_fen: int


@dataclass(frozen=True, slots=True)
class Release:
    """A human's word that a parked bill is sent; whether what rose for balances used meanwhile is collected."""

    collect_rise: bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of an institution on a day; a multiple of 0 compares nothing."""

    usual_multiple: Decimal
    usual_minimum: int
    daily_limit: int


@dataclass(frozen=True, slots=True)
class Usual:
    """What a bill is compared with: the accepted quote, or the median of the institution's last bills."""

    gross_fen: int
    is_quote: bool


@dataclass(frozen=True, slots=True)
class Hospital:
    """Where the patient is known to lie, and since when."""

    name: str
    admitted_on: date


def reasons_of(
    *,
    gross_fen: int,
    agreed_fen: int,
    rise: Rise,
    usual: Usual | None,
    settled_that_day: int,
    hospital: Hospital | None,
    bounds: Bounds,
) -> tuple[Reason, ...]:
    """Return every bound that a bill meets; `settled_that_day` are the person's other live bills of the day."""
    found = []
    if rise.money_fen:
        told = {"agreed": money.format_yuan(agreed_fen), "rise": money.format_yuan(rise.money_fen)}
        found.append(Reason(Why.balance_used, told))
    if usual is not None and is_above(gross_fen, usual.gross_fen, bounds.usual_multiple):
        found.append(
            Reason(
                Why.above_usual,
                {
                    "gross": money.format_yuan(gross_fen),
                    "usual": money.format_yuan(usual.gross_fen),
                    "usual_of": "报价" if usual.is_quote else "近期账单的中位数",
                    "multiple": f"{bounds.usual_multiple.normalize():f}",
                },
            )
        )
    if settled_that_day >= bounds.daily_limit:
        found.append(Reason(Why.too_many_today, {"settled": settled_that_day, "limit": bounds.daily_limit}))
    if hospital is not None:
        told = {"hospital": hospital.name, "admitted_on": hospital.admitted_on.isoformat()}
        found.append(Reason(Why.in_hospital, told))
    return tuple(found)


def is_above(gross_fen: int, usual_fen: int, multiple: Decimal) -> bool:
    """Return whether a bill is above a multiple of the usual; what is usually free, or a multiple of 0, has none."""
    return bool(usual_fen) and bool(multiple) and gross_fen > multiple * usual_fen
