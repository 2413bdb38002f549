"""Limits before the kernel (限次): what may not be charged again to this person is cut from the visit. Pure.

They hold across visits and institutions of the region: each is an entitlement of the person, of which a bill uses what
it charges. What is cut does not reach the kernel and uses nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from service.billing import rules
from service.catalog.limit_rules import LimitPer

_PREFIX: Final[Mapping[LimitPer, str]] = {
    LimitPer.day: "D",
    LimitPer.week: "W",
    LimitPer.bed_cycle: "B",
    LimitPer.year: "Y",
}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `maximum` units of all `codes` together in a period, of which `used` are charged by other bills."""

    id: str
    title: str
    codes: frozenset[str]
    period: str
    maximum: int
    used: int = 0

    @property
    def left(self) -> int:
        """How many units may still be charged; more used than allowed leaves none."""
        return max(0, self.maximum - self.used)


@dataclass(frozen=True, slots=True)
class Cut:
    """Units of a code that are not charged, and the limit that says so; of the visit fee always one."""

    code: str
    quantity: int
    limit: Limit


@dataclass(frozen=True, slots=True)
class Limited:
    """What reaches the kernel, and what was cut; `fee` is set where the visit fee was."""

    items: tuple[rules.Item, ...]
    cut: tuple[Cut, ...]
    fee: Cut | None


@dataclass(frozen=True, slots=True)
class Use:
    """Units of a limit that a bill charges."""

    limit: Limit
    units: int


def period_of(per: LimitPer, on: date, bed_id: str | None) -> str | None:
    """Return the period of a limit in which a day lies; None for a bed cycle where no bed is open.

    A week is Monday to Sunday, numbered as ISO 8601 does.
    """
    match per:
        case LimitPer.day:
            within: str | None = on.isoformat()
        case LimitPer.week:
            year, week, _ = on.isocalendar()
            within = f"{year:04d}-W{week:02d}"
        case LimitPer.bed_cycle:
            within = bed_id
        case LimitPer.year:
            within = rules.year_of(on)
    return None if within is None else f"{_PREFIX[per]}{within}"


def apply(items: Iterable[rules.Item], limits: Iterable[Limit], *, has_fee: bool) -> Limited:
    """Cut from the items of a visit, in their order, what the limits leave no room for; the visit fee comes last.

    Of several limits of a code the one with the least room decides, and is named; among equal ones that with the
    first id.
    """
    room = _Room(sorted(limits, key=lambda limit: limit.id))
    kept: list[rules.Item] = []
    cuts: dict[tuple[str, str], Cut] = {}
    for item in items:
        units, limit = room.take(item.code, item.quantity)
        if units:
            kept.append(rules.Item(item.code, units))
        if limit is not None:
            before = cuts.get((item.code, limit.id), Cut(item.code, 0, limit))
            cuts[item.code, limit.id] = replace(before, quantity=before.quantity + item.quantity - units)
    _, of_fee = room.take(rules.VISIT_FEE, 1) if has_fee else (0, None)
    return Limited(tuple(kept), tuple(cuts.values()), None if of_fee is None else Cut(rules.VISIT_FEE, 1, of_fee))


def uses_of(bill: rules.Bill, limits: Iterable[Limit]) -> tuple[Use, ...]:
    """Return what a bill uses of each limit: the units it charges, and one for a visit fee that costs something.

    What is included, excluded, waived or above the maximum of one visit is not charged, so it uses nothing.
    """
    charged: dict[str, int] = {line.code: line.charged_quantity for line in bill.lines}
    if bill.fee is not None and bill.fee.gross_fen:
        charged[rules.VISIT_FEE] = 1
    uses = (Use(limit, sum(charged.get(code, 0) for code in limit.codes)) for limit in limits)
    return tuple(sorted((use for use in uses if use.units), key=lambda use: use.limit.id))


class _Room:
    """What is left of some limits while one visit goes through them."""

    def __init__(self, limits: Sequence[Limit]) -> None:
        self._limits = limits
        self._left = {limit.id: limit.left for limit in limits}

    def take(self, code: str, quantity: int) -> tuple[int, Limit | None]:
        """Take up to `quantity` units of a code; return how many, and the limit that allows no more."""
        named = [limit for limit in self._limits if code in limit.codes]
        tightest = min(named, key=lambda limit: self._left[limit.id], default=None)
        units = quantity if tightest is None else min(quantity, self._left[tightest.id])
        for limit in named:
            self._left[limit.id] -= units
        return units, tightest if units < quantity else None
