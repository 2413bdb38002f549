"""Reductions of bed days (减免): what is taken off the patient's part of a bill, day by day. Pure.

What holds on a day is taken off that day. Days of one year in a row on which the same holds are reduced together, by
the rule that takes off most of them; each day has what it adds to that, so that days can be taken back one by one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from service.billing import reductions, rules


@dataclass(frozen=True, slots=True)
class DatedRule:
    """A rule, and when it is in force."""

    rule: reductions.Rule
    valid: rules.Period


@dataclass(frozen=True, slots=True)
class DatedGroup:
    """A key group of the patient, and when he belongs to it."""

    group: str
    valid: rules.Period


@dataclass(frozen=True, slots=True)
class Offers:
    """The rules of some days that reach bed days, and the patient's groups that they ask for."""

    rules: tuple[DatedRule, ...] = ()
    groups: tuple[DatedGroup, ...] = ()

    def on(self, day: date) -> reductions.Offer:
        """Return what holds on a day for the patient."""
        groups = frozenset(each.group for each in self.groups if each.valid.covers(day))
        reach = (each.rule for each in self.rules if each.valid.covers(day))
        return reductions.Offer(tuple(rule for rule in reach if rule.reaches(rules.BED_DAY, groups)), groups)


NOTHING: Final = Offers()
"""Nothing is taken off."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a rule takes off days in a row, from `first` to `last`, both included."""

    first: date
    last: date
    rule: reductions.Rule
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What is taken off a bill: in all, and of each day."""

    applied: tuple[Applied, ...]
    days: dict[date, int]


def apply(own: Iterable[Sequence[tuple[date, int]]], offers: Offers) -> Taken:
    """Return what is taken off a bill; `own` are the days of each line with the patient's parts (fen), in date order.

    A cap holds for the whole bill.
    """
    runs = [run for line in own for run in _runs(line, offers)]
    found = reductions.apply_each((rules.BED_DAY, sum(fen for _, fen in days), offer) for offer, days in runs)
    applied, by_day = [], dict[date, int]()
    for taken in found:
        days = runs[taken.at][1]
        applied.append(Applied(days[0][0], days[-1][0], taken.rule, taken.amount_fen))
        by_day |= _spread(days, taken.amount_fen)
    return Taken(tuple(applied), by_day)


def _runs(line: Sequence[tuple[date, int]], offers: Offers) -> list[tuple[reductions.Offer, list[tuple[date, int]]]]:
    """Return the days of a line in runs on which the same rules reach the patient."""
    dated = [(offers.on(day), (day, fen)) for day, fen in line]
    by_rules = groupby(dated, key=lambda each: each[0].rules)
    runs = ([*of_run] for _, of_run in by_rules)
    return [(run[0][0], [day for _, day in run]) for run in runs]


def _spread(days: Sequence[tuple[date, int]], amount_fen: int) -> dict[date, int]:
    """Return what each day adds to an amount that is in proportion to the days' own parts, rounded half up."""
    whole = sum(fen for _, fen in days)
    found, own = {}, 0
    before = 0
    for day, fen in days:
        own += fen
        so_far = (2 * amount_fen * own + whole) // (2 * whole)
        found[day], before = so_far - before, so_far
    return found
