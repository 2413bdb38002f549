"""Bed days (section 7): each day once per person, a line per year, each day with the part that it adds."""

from fractions import Fraction

from tests.billing.oracle.funding import listed
from tests.billing.oracle.sums import Json, Used, cost, covers, days_between, fen, half_up, is_open

# person → day → (bed, gross, fund), each in fen
Billed = dict[str, dict[str, tuple[str, int, int]]]


def bed_refusal(case: Json, bed_id: str) -> str | None:
    """Return why an episode bills no days at all, or nothing."""
    bed = next((bed for bed in case.get("beds", []) if bed["id"] == bed_id), None)
    if bed is None:
        return "bed_unknown"
    return None if bed["payment"] == "per_diem" else "bed_not_per_diem"


def settle_bed(case: Json, event: Json, billed: Billed, used: Used) -> Json | None:
    """Return the bill of the days asked for that are open and not billed, or nothing where there are none."""
    bed = next(bed for bed in case["beds"] if bed["id"] == event["settle_bed"])
    patient = next(patient for patient in case["patients"] if patient["id"] == bed["patient"])
    mine = billed.setdefault(patient["id"], {})
    days = [d for d in days_between(event["from"], event["to"]) if is_open(bed, d) and d not in mine]
    used.see("bed days of two episodes", when=any(owner != bed["id"] for owner, *_ in mine.values()))
    if not days:
        return None
    used.see("bed days left out", when=len(days) < len(days_between(event["from"], event["to"])))
    used.see("bed days over the New Year", when=len({d[:4] for d in days}) > 1)
    lines = []
    for year in sorted({d[:4] for d in days}):
        key = ("per_diem", patient["id"], year)
        cap = used.left(*key, cap=fen(bed["per_diem_year_cap"]))
        gross = insurable = fund = number = 0
        for day in (d for d in days if d[:4] == year):
            number += 1
            added = cost(bed["daily_rate"], number) - gross
            gross += added
            if patient.get("insurance") and covers(patient["insurance"], day):
                insurable += added
            reached = min(half_up(insurable * Fraction(bed["per_diem_pay_ratio"])), cap)
            mine[day] = (bed["id"], added, reached - fund)
            fund = reached
        used.see("bed days over the cap", when=half_up(insurable * Fraction(bed["per_diem_pay_ratio"])) > cap)
        used.see("bed days insured in part", when=0 < insurable < gross)
        used.see("bed days paid by insurance", when=fund)
        used.take(*key, amount=fund)
        rest = gross - fund
        lines.append(
            {
                "code": "BED_DAY",
                "year": year,
                "quantity": number,
                "charged_quantity": number,
                "status": "charged",
                "gross_fen": gross,
                "patient_fen": rest,
                "funding": listed([{"source": "medical_insurance", "amount_fen": fund}], rest),
            }
        )
    used.hand_over()
    return {"lines": lines}


def reverse_bed(case: Json, event: Json, billed: Billed, used: Used) -> tuple[int, int] | None:
    """Return gross and patient's money of the days given back, or nothing where there are none."""
    bed = next(bed for bed in case["beds"] if bed["id"] == event["reverse_bed"])
    mine = billed.setdefault(bed["patient"], {})
    days = [d for d, (owner, *_) in mine.items() if owner == bed["id"] and event["from"] <= d < event["to"]]
    if not days:
        return None
    used.see("bed days reversed")
    used.see("bed days reversed in part", when=len(days) < len(mine))
    gross = patient = 0
    for day in days:
        _, part, fund = mine.pop(day)
        used.sums["per_diem", bed["patient"], day[:4]] -= fund
        gross, patient = gross + part, patient + part - fund
    return gross, patient
