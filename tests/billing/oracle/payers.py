"""Who pays in random cases: programmes, contracts, beds and insurances, with balances at the end of what they grant."""

from typing import Any

from tests.billing.oracle.dice import Dice

Json = dict[str, Any]

# around the New Year, a month's end and a leap day that is none: every dated row begins or ends on one of these
DAYS = ["2026-01-01", "2025-12-31", "2026-01-02", "2026-01-31", "2026-02-01", "2025-12-30"]
CODES = ["A", "B", "C", "D"]
RATIOS = ["1", "0.5", "0.8", "0.95", "0.333", "0"]
CAPS = ["1000", "0.01", "1", "4.99", "5.00", "12.5", "0"]
USED = ["0", "0.01", "0.99", "5.00", "12.49", "1000.01"]
PAUSES = [
    {"from": "2025-12-31", "to": "2026-01-02"},
    {"from": "2026-01-31", "to": "2026-02-01"},
    {"from": "2026-01-31"},
]


def make_period(dice: Dice, percent: int) -> Json:
    """Return a long period, or one that begins or ends on a day that matters."""
    if not dice.chance(percent):
        return {"from": "2025-01-01", "to": None}
    return dice.pick(
        [
            {"from": dice.pick(DAYS)},
            {"from": "2025-01-01", "to": dice.pick(DAYS)},
            {"from": "2026-01-01", "to": "2026-12-31"},
        ]
    )


def make_ltci_terms(dice: Dice) -> Json | None:
    """Return the terms of long-term care insurance, or none."""
    if dice.chance(15):
        return None
    return {
        "eligible_grades": [3, 4, 5],
        "catalog": dice.some(CODES, 3, 85),
        "pay_ratio": dice.pick(RATIOS),
        "monthly_cap": dice.pick(CAPS),
    }


def make_insurance_terms(dice: Dice) -> Json | None:
    """Return the terms of medical insurance, or none."""
    if dice.chance(10):
        return None
    deductible = dice.pick(["0", "0", "0.01", "3.35", "5", "60"])
    return {"deductible": deductible, "pay_ratio": dice.pick(RATIOS), "yearly_cap": dice.pick(CAPS)}


def make_programme(dice: Dice, programme_id: str) -> Json:
    """Return a public programme."""
    items = [{"code": code, "per_year": dice.pick([1, 2, 5, 0])} for code in dice.some(CODES, 3, 75)]
    return {"id": programme_id, **make_period(dice, 20), "items": items}


def make_patient(dice: Dice, patient_id: str, programmes: list[Json]) -> Json:
    """Return a patient with enrolments and insurances, some of their balances used."""
    told: Json = {"id": patient_id, "programs": []}
    for programme in dice.some(programmes, 2, 75):
        used = {
            item["code"]: {year: dice.number(0, 2) for year in dice.some(["2026", "2025"], 2, 60)}
            for item in programme["items"]
        }
        told["programs"].append(
            {
                "id": programme["id"],
                **make_period(dice, 20),
                "used": {code: years for code, years in used.items() if years},
            }
        )
    if dice.chance(60):
        months = dice.some(["2026-01", "2025-12", "2026-02"], 2, 40)
        told["ltci"] = {"grade": dice.pick([3, 5, 4, 2]), "used": {month: dice.pick(USED) for month in months}}
    if dice.chance(75):
        told["insurance"] = make_period(dice, 50)
        for name in ("deductible_used", "fund_used", "per_diem_used"):
            years = dice.some(["2026", "2025"], 2, 25)
            told["insurance"][name] = {year: dice.pick(USED) for year in years}
    return told


def make_contract(dice: Dice, contract_id: str, patient: str) -> Json:
    """Return a contract, some of its units used."""
    codes = dice.some(CODES, 3, 80)
    counting = dice.pick(["quantity", "visit"])
    signed = dice.pick(["2025-06-01", "2025-06-01", "2025-05-31"])
    return {
        "id": contract_id,
        "patient": patient,
        "signed_on": signed,
        "from": dice.pick(["2025-07-01", "2025-07-01", "2025-07-01", *DAYS[:3]]),
        "to": dice.pick(["2026-12-31", "2026-12-31", "2026-12-31", "2026-01-31"]),
        "terminated_on": dice.pick(DAYS) if dice.chance(20) else None,
        "covers_visit_fee": dice.chance(25),
        "capitated_codes": dice.some(CODES, 3, 30),
        "items": [
            {"code": code, "quantity": dice.number(0, 4), "used": dice.pick([0, 1, 2, 5]), "counting": counting}
            for code in codes
        ],
    }


def make_bed(dice: Dice, bed_id: str, patient: str) -> Json:
    """Return a stay in a home bed."""
    bed: Json = {
        "id": bed_id,
        "patient": patient,
        "opened_on": dice.pick(["2025-12-29", "2025-12-31", "2026-01-01", "2026-01-30"]),
        "closed_on": dice.pick([None, "2026-01-02", "2026-01-31", "2026-02-01"]),
        "payment": dice.pick(["per_diem", "per_diem", "per_item"]),
        "excluded_codes": dice.some(CODES, 3, 50),
        "pauses": dice.some(PAUSES, 2, 30),
    }
    if bed["closed_on"] is not None and bed["closed_on"] < bed["opened_on"]:
        bed["closed_on"] = None
    if bed["payment"] == "per_diem":
        bed["daily_rate"] = dice.pick(["80", "0.335", "12.3456", "0.005", "0"])
        bed["per_diem_pay_ratio"] = dice.pick(RATIOS)
        bed["per_diem_year_cap"] = dice.pick(["15000", "100", "0.50", "160.01", "0"])
    return bed
