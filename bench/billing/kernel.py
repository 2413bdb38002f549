"""How many bills a second the kernel makes: a fixed spread of random billing cases, carried out again and again.

No database: what is timed is what a quote and a settlement compute, from facts that have been read.
"""

import json
import random
import time
from dataclasses import dataclass
from typing import Any

from service.billing import case, rules

CASES, PEOPLE, VISITS = 40, 10, 50
_CODES = [f"C{number}" for number in range(10)]
_YEAR = {"from": "2026-01-01", "to": None}
_LICENCE = {"from": "2020-01-01", "to": "2030-12-31"}
Json = dict[str, Any]


@dataclass(frozen=True)
class Spread:
    """The cases, and how many of their visits are billed (the gate refuses the others)."""

    cases: tuple[case.Case, ...]
    bills: int
    refused: int


def spread() -> Spread:
    """Return the cases; the same ones each time."""
    dice = random.Random(1)
    cases = tuple(case.read_case(json.dumps(_case(dice)).encode()) for _ in range(CASES))
    answers = [outcome.answer for each in cases for outcome in case.run_case(each).outcomes]
    bills = sum(isinstance(answer, rules.Bill) for answer in answers)
    return Spread(cases, bills, len(answers) - bills)


def round_of(found: Spread) -> float:
    """Carry out all cases once; return the bills per second."""
    began = time.perf_counter()
    for each in found.cases:
        case.run_case(each)
    return found.bills / (time.perf_counter() - began)


def _case(dice: random.Random) -> Json:
    homes, trips = [f"H{number}" for number in range(4)], [None, None, *(f"T{number}" for number in range(8))]
    people = [f"P{number}" for number in range(PEOPLE)]
    visits = [_visit(dice, number, people, homes, trips) for number in range(VISITS)]
    return {
        "format": "xunzhen.billing-case/1",
        "policy": {"visit_fee_sharing": dice.choice(["once_per_home", "per_patient"])},
        "institution": {"code": "I1", "service_modes": [{"mode": "round", **_LICENCE}]},
        "staff": [{"id": f"N{number}", "licences": [_LICENCE]} for number in range(3)],
        "price_book": [_price(dice, code) for code in _CODES],
        "visit_fee_tariff": [_tariff(dice)],
        "region": {
            "insurance": {"deductible": "60.00", "pay_ratio": "0.8", "yearly_cap": "4000.00"},
            "ltci": {
                "eligible_grades": [3, 4, 5], "catalog": _CODES[:3], "pay_ratio": "0.7", "monthly_cap": "1550",
            },
        },
        "programs": [{"id": "G1", **_YEAR, "items": _some(dice, "per_year", 8)}],
        "patients": [_patient(dice, person) for person in people],
        "contracts": [_contract(dice, person) for person in people if dice.random() < 0.7],
        "beds": [_bed(dice, person) for person in people if dice.random() < 0.3],
        "visits": visits,
        "events": [{"settle": visit["id"]} for visit in visits],
    }  # fmt: skip


def _some(dice: random.Random, name: str, most: int) -> list[Json]:
    return [{"code": code, name: dice.randint(1, most)} for code in dice.sample(_CODES, 3)]


def _price(dice: random.Random, code: str) -> Json:
    insurance_class = dice.choice("ABC")
    return {
        "code": code,
        "unit_price": f"{dice.randint(10_000, 1_000_000) / 10000:.4f}",
        **_YEAR,
        "per_visit_max": dice.choice([None, None, 2]),
        "includes": dice.sample(_CODES, 1) if dice.random() < 0.2 else [],
        "excludes": dice.sample(_CODES, 1) if dice.random() < 0.2 else [],
        "insurance_class": insurance_class,
        "self_ratio": "0.1" if insurance_class == "B" else "0",
    }


def _tariff(dice: random.Random) -> Json:
    return {
        **_YEAR,
        "unit": dice.choice(["visit", "visit_staff"]),
        "tiers": [{"up_to_km": "3", "price": "50.55"}, {"up_to_km": "9", "price": "78"}],
        "night": dice.choice([None, {"from": "18:00", "to": "06:00", "multiplier": "1.35"}]),
    }


def _patient(dice: random.Random, person: str) -> Json:
    told: Json = {"id": person, "programs": [{"id": "G1", **_YEAR}] if dice.random() < 0.5 else []}
    if dice.random() < 0.8:
        told["insurance"] = _YEAR
    if dice.random() < 0.3:
        told["ltci"] = {"grade": dice.randint(1, 5), "used": {}}
    return told


def _contract(dice: random.Random, person: str) -> Json:
    counting = dice.choice(["quantity", "visit"])
    return {
        "id": f"K{person}",
        "patient": person,
        "signed_on": "2026-01-05",
        "from": "2026-01-05",
        "to": "2027-01-04",
        "covers_visit_fee": dice.random() < 0.2,
        "capitated_codes": dice.sample(_CODES, 1) if dice.random() < 0.3 else [],
        "items": [{**item, "counting": counting} for item in _some(dice, "quantity", 8)],
    }


def _bed(dice: random.Random, person: str) -> Json:
    told: Json = {"id": f"B{person}", "patient": person, "opened_on": "2026-02-01", "closed_on": None}
    if dice.random() < 0.5:
        return told | {"payment": "per_item"}
    figures = {"daily_rate": "80", "per_diem_pay_ratio": "0.8", "per_diem_year_cap": "20000"}
    return told | figures | {"payment": "per_diem", "excluded_codes": dice.sample(_CODES, 4)}


def _visit(dice: random.Random, number: int, people: list[str], homes: list[str], trips: list[str | None]) -> Json:
    day, hour = dice.randint(2, 28), dice.choice([7, 9, 11, 15, 19, 21])
    return {
        "id": f"V{number}",
        "patient": dice.choice(people),
        "mode": "round",
        "home": dice.choice(homes),
        "trip": dice.choice(trips),
        "started_at": f"2026-03-{day:02d}T{hour:02d}:{dice.randint(0, 59):02d}:00+08:00",
        "verified": True,
        "staff": [f"N{member}" for member in dice.sample(range(3), dice.choice([1, 1, 2]))],
        # a few lie beyond the last tier
        "distance_km": f"{dice.choice([0, 1500, 2999, 3001, 8999, 9001]) / 1000:.3f}",
        "items": [
            {"code": code, "quantity": dice.randint(1, 4)} for code in sorted(dice.sample(_CODES, dice.randint(1, 4)))
        ],
    }
