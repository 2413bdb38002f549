"""The gate (section 3): the first reason why a visit is not charged at all."""

from fractions import Fraction

from tests.billing.oracle.sums import Json, by_id, covers, in_force, service_date


def switch(case: Json, name: str, default: object) -> object:
    """Return a switch of the policy or its default."""
    return case.get("policy", {}).get(name, default)


def tariff_of(case: Json, visit: Json) -> Json | None:
    """Return the tariff that a visit's fee is computed by (5.1)."""
    if switch(case, "visit_fee", "charge") == "none":
        return None
    return in_force(case.get("visit_fee_tariff"), service_date(visit))


def price_row(case: Json, code: str, day: str) -> Json | None:
    """Return the price row of a code on a day."""
    return in_force([row for row in case["price_book"] if row["code"] == code], day)


def refusal(case: Json, visit: Json) -> tuple[str, Json] | None:
    """Return the reason and the facts of a refusal, or nothing."""
    day, staff = service_date(visit), by_id(case["staff"])
    if not visit["verified"]:
        return "visit_not_verified", {}
    if not any(row["mode"] == visit["mode"] and covers(row, day) for row in case["institution"]["service_modes"]):
        return "provider_not_qualified", {"mode": visit["mode"]}
    if not visit["staff"]:
        return "provider_not_qualified", {"staff_count": 0}
    for member in visit["staff"]:
        if in_force(staff[member]["licences"], day) is None:
            return "provider_not_qualified", {"staff": member}
    count, least = len(set(visit["staff"])), switch(case, "min_staff", 1)
    if count < least:
        return "too_few_staff", {"staff_count": count, "min_staff": least}
    for item in visit["items"]:
        if price_row(case, item["code"], day) is None:
            return "price_missing", {"code": item["code"]}
    tariff = tariff_of(case, visit)
    if tariff is not None:
        end = tariff["tiers"][-1]["up_to_km"]
        if end is not None and Fraction(visit["distance_km"]) > Fraction(end):
            return "outside_service_area", {}
    return None
