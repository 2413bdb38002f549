"""Reductions after the kernel (减免): what is taken off the family's own part of each line. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from service.billing import rules
from service.core import money


@dataclass(frozen=True, slots=True)
class Rule:
    """A share of the own part is taken off for people of any of `groups` (none: everybody), up to a cap per bill.

    Of the lines of `codes`; none named: of all services and bed days, without the visit fee.
    """

    id: str
    title: str
    groups: frozenset[str]
    codes: frozenset[str]
    ratio: Decimal
    cap_fen: int | None = None

    def reaches(self, code: str, groups: Iterable[str]) -> bool:
        """Return whether something is taken off a line of a person of some groups."""
        meant = code in self.codes if self.codes else code != rules.VISIT_FEE
        return meant and (not self.groups or not self.groups.isdisjoint(groups))


@dataclass(frozen=True, slots=True)
class Offer:
    """The rules in force on the day, and the key groups of the patient that they ask for."""

    rules: tuple[Rule, ...] = ()
    groups: frozenset[str] = field(default_factory=frozenset)


NOTHING: Final = Offer()
"""Nothing is taken off."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """What a rule takes off the line at a place of the bill."""

    at: int
    code: str
    rule: Rule
    amount_fen: int


def apply(own: Sequence[tuple[str, int]], offer: Offer) -> tuple[Reduced, ...]:
    """Return what is taken off the lines of a bill; `own` are their codes and own parts (fen), in the bill's order.

    Line by line the rule that takes off most, as far as its cap still allows; among equal ones that with the first id.
    """
    return apply_each((code, own_fen, offer) for code, own_fen in own)


def apply_each(own: Iterable[tuple[str, int, Offer]]) -> tuple[Reduced, ...]:
    """Return what is taken off the lines of a bill that are each of an offer of their own; a cap holds for all."""
    left: dict[str, int] = {}
    taken = []
    for at, (code, own_fen, offer) in enumerate(own):
        found = [
            (min(money.ratio_fen(own_fen, rule.ratio), _left(rule, left, own_fen)), rule)
            for rule in offer.rules
            if rule.reaches(code, offer.groups)
        ]
        amount, best = min(found, key=lambda each: (-each[0], each[1].id), default=(0, None))
        if best is None or not amount:
            continue
        left[best.id] = _left(best, left, amount) - amount
        taken.append(Reduced(at, code, best, amount))
    return tuple(taken)


def _left(rule: Rule, left: Mapping[str, int], uncapped_fen: int) -> int:
    return uncapped_fen if rule.cap_fen is None else left.get(rule.id, rule.cap_fen)
