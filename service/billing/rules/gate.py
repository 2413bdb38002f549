"""The gate: whether a visit may be settled at all. The first refusal in the order of the checks is the answer."""

from collections.abc import Callable
from typing import Final

from service.billing.rules import bills, terms, words

_Check = Callable[[words.Visit, terms.Terms], bills.Refusal | None]


def find_refusal(visit: words.Visit, holds: terms.Terms) -> bills.Refusal | None:
    """Return why the visit cannot be settled, or None when it can."""
    for check in _CHECKS:
        refusal = check(visit, holds)
        if refusal is not None:
            return refusal
    return None


def _refuse_unverified(visit: words.Visit, holds: terms.Terms) -> bills.Refusal | None:
    return None if visit.verified else bills.Refusal(bills.RefusalReason.visit_not_verified)


def _refuse_unregistered_mode(visit: words.Visit, holds: terms.Terms) -> bills.Refusal | None:
    if any(row.mode == visit.mode and row.valid.covers(visit.service_on) for row in holds.service_modes):
        return None
    return bills.Refusal(bills.RefusalReason.provider_not_qualified, {"mode": visit.mode})


def _refuse_unlicensed_staff(visit: words.Visit, holds: terms.Terms) -> bills.Refusal | None:
    if not visit.staff:
        return bills.Refusal(bills.RefusalReason.provider_not_qualified, {"staff_count": 0})
    for member in visit.staff:
        if not any(licence.covers(visit.service_on) for licence in holds.licences.get(member, ())):
            return bills.Refusal(bills.RefusalReason.provider_not_qualified, {"staff": member})
    return None


def _refuse_too_few_staff(visit: words.Visit, holds: terms.Terms) -> bills.Refusal | None:
    present = len(set(visit.staff))
    if present >= holds.policy.min_staff:
        return None
    facts = {"staff_count": present, "min_staff": holds.policy.min_staff}
    return bills.Refusal(bills.RefusalReason.too_few_staff, facts)


def _refuse_missing_price(visit: words.Visit, holds: terms.Terms) -> bills.Refusal | None:
    for item in visit.items:
        if holds.find_price(item.code, visit.service_on) is None:
            return bills.Refusal(bills.RefusalReason.price_missing, {"code": item.code})
    return None


def _refuse_too_far(visit: words.Visit, holds: terms.Terms) -> bills.Refusal | None:
    tariff = holds.find_tariff(visit.service_on)
    if tariff is None or any(tier.reaches(visit.distance_km) for tier in tariff.tiers):
        return None
    return bills.Refusal(bills.RefusalReason.outside_service_area)


_CHECKS: Final[tuple[_Check, ...]] = (
    _refuse_unverified,
    _refuse_unregistered_mode,
    _refuse_unlicensed_staff,
    _refuse_too_few_staff,
    _refuse_missing_price,
    _refuse_too_far,
)
"""The order is the rule: the first refusal is the one that is answered."""
