"""Billing cases for tests: the smallest file that settles, changed by what a test is about."""

import json
from typing import Any

from service.billing import case

Json = dict[str, Any]


def price(code: str, unit_price: str = "10", **more: Any) -> Json:
    return {"code": code, "unit_price": unit_price, "from": "2026-01-01", "insurance_class": "C", **more}


def visit(visit_id: str = "V1", *items: tuple[str, int], **more: Any) -> Json:
    return {
        "id": visit_id,
        "patient": "P1",
        "mode": "home_visit",
        "started_at": "2026-03-02T09:00:00+08:00",
        "verified": True,
        "staff": ["D1"],
        "distance_km": "2",
        "items": [{"code": code, "quantity": quantity} for code, quantity in items or [("BP", 1)]],
        **more,
    }


def tariff(amount: str = "78", **more: Any) -> Json:
    return {"from": "2026-01-01", "unit": "visit", "tiers": [{"up_to_km": "5", "price": amount}], **more}


def contract(contract_id: str = "C1", *items: tuple[str, int, int], counting: str = "quantity", **more: Any) -> Json:
    return {
        "id": contract_id,
        "patient": "P1",
        "signed_on": "2026-01-05",
        "from": "2026-01-05",
        "items": [{"code": c, "quantity": q, "used": u, "counting": counting} for c, q, u in items],
        **more,
    }


def bed(bed_id: str = "B1", **more: Any) -> Json:
    """80.00 a day, 95 % of it from insurance; `payment="per_item"` leaves the money out."""
    money = {"daily_rate": "80.00", "per_diem_pay_ratio": "0.95", "per_diem_year_cap": "15000.00"}
    per_diem = {"payment": "per_diem", **money} if more.get("payment") != "per_item" else {}
    return {"id": bed_id, "patient": "P1", "opened_on": "2026-03-01", **per_diem, **more}


def insured(**used: Any) -> Json:
    return {"from": "2026-01-01", **used}


def region(**insurance: str) -> Json:
    return {"insurance": {"deductible": "0", "pay_ratio": "0.80", "yearly_cap": "12000", **insurance}}


def ltci_region(**ltci: Any) -> Json:
    terms = {"eligible_grades": [3, 4, 5], "catalog": ["BATH"], "pay_ratio": "1", "monthly_cap": "1550", **ltci}
    return {**region(), "ltci": terms}


def case_file(*events: Json, **changes: Any) -> Json:
    """One patient, one doctor, one visit with one check of 10.00; without events, V1 is settled."""
    return {
        "format": "xunzhen.billing-case/1",
        "institution": {"code": "I1", "service_modes": [{"mode": "home_visit", "from": "2025-01-01"}]},
        "staff": [
            {"id": "D1", "licences": [{"from": "2020-01-01", "to": "2029-12-31"}]},
            {"id": "N1", "licences": [{"from": "2020-01-01", "to": "2029-12-31"}]},
        ],
        "price_book": [price("BP")],
        "patients": [{"id": "P1"}],
        "visits": [visit()],
        "events": list(events) or [{"settle": "V1"}],
        **changes,
    }


def run(*events: Json, **changes: Any) -> Json:
    """Carry out a case and return its result."""
    raw = json.dumps(case_file(*events, **changes)).encode()
    result: Json = json.loads(case.dump(case.run_case(case.read_case(raw))))
    return result


def settle(**changes: Any) -> Json:
    """Settle V1 and return its entry."""
    entry: Json = run(**changes)["events"][0]
    return entry


def fundings(entry: Json, at: int = 0) -> list[tuple[Any, ...]]:
    """Return the fundings of a line as (source, ref, units, fen)."""
    return [
        (paid["source"], paid.get("ref"), paid.get("units"), paid["amount_fen"])
        for paid in entry["lines"][at]["funding"]
    ]


def fee(entry: Json) -> Json:
    """Return the fee line, which is the last one."""
    line: Json = entry["lines"][-1]
    assert line["code"] == "VISIT_FEE"
    return line
