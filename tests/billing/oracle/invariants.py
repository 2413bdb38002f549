"""What holds of every result whatever the case (section 9): S1 to S6 and S9, from the case file and the result alone.

S7, the same bytes, and S10, no float, are seen where results are read; S8 is the ledger's and has no case file.
"""

from collections import defaultdict

from tests.billing.oracle.fee import own_fee
from tests.billing.oracle.gate import refusal, tariff_of
from tests.billing.oracle.sums import Json, by_id, cost, covers, fen, service_date

UNITS = {"public_program", "bed_per_diem", "capitation", "contract"}


def check(case: Json, result: Json) -> None:
    """Assert every invariant that a result can show."""
    visits, live = by_id(case["visits"]), {}
    assert [entry["event"] for entry in result["events"]] == case["events"]
    for entry in result["events"]:
        for line in entry.get("lines", []):
            _adds_up(line)
        if "lines" in entry:
            for name in ("gross_fen", "patient_fen"):
                assert entry[name] == sum(line[name] for line in entry["lines"]), "S3: lines = bill"
        event = entry["event"]
        if "settle" in event and entry["status"] == "settled":
            assert live.setdefault(event["settle"], entry) == entry, "S1: one live settlement per visit"
            _charges_nothing_twice(case, visits[event["settle"]], entry)
        elif "reverse" in event and entry["status"] == "reversed":
            bill = live.pop(event["reverse"])
            assert (entry["gross_fen"], entry["patient_fen"]) == (bill["gross_fen"], bill["patient_fen"]), "S6"
        _one_fee_per_home(case, live)
    _bed_days_add_up(result)
    _within_caps(case, result["balances"])


def _adds_up(line: Json) -> None:
    assert line["gross_fen"] == sum(paid["amount_fen"] for paid in line["funding"]), "S3: funding = gross"
    assert line["patient_fen"] == sum(paid["amount_fen"] for paid in line["funding"] if paid["source"] == "self_pay"), (
        "S3: the patient's part"
    )
    assert all(paid["amount_fen"] > 0 for paid in line["funding"]), "only non-zero amounts"


def _charges_nothing_twice(case: Json, visit: Json, entry: Json) -> None:
    """S5 and S9: money for units that nobody pays by units only, no second fund, each line at a row of its day."""
    patient, day = by_id(case["patients"])[visit["patient"]], service_date(visit)
    care = case["region"]["ltci"] or {"eligible_grades": [], "catalog": []}
    for line in entry["lines"]:
        if line["code"] == "VISIT_FEE":
            continue
        row = next(row for row in case["price_book"] if row["code"] == line["code"] and covers(row, day))
        assert line["price_from"] == row["from"], "S9: the price row of the service date"
        units = sum(paid.get("units", 0) for paid in line["funding"] if paid["source"] in UNITS)
        money = sum(paid["amount_fen"] for paid in line["funding"] if paid["source"] not in UNITS)
        rest = line["charged_quantity"] - units
        assert rest >= 0, "S5: a unit paid twice"
        # units that cost no fen are used without being listed, hence the bound instead of equality
        assert money <= line["gross_fen"] - cost(row["unit_price"], units), "S5: a paid unit charged again"
        sources = {paid["source"] for paid in line["funding"]}
        assert not {"ltci", "medical_insurance"} <= sources, "S5: two funds for one service"
        if (patient.get("ltci") or {}).get("grade") in care["eligible_grades"] and line["code"] in care["catalog"]:
            assert "medical_insurance" not in sources, "S5: a line of the LTCI catalogue"
        if line["status"] != "charged":
            assert (line["gross_fen"], line["charged_quantity"], line["funding"]) == (0, 0, [])


def _one_fee_per_home(case: Json, live: dict[str, Json]) -> None:
    """S2: the live fees of a trip and home never exceed the highest of its visits' own fees."""
    if case["policy"].get("visit_fee_sharing") == "per_patient":
        return
    visits, taken, highest = by_id(case["visits"]), defaultdict(int), defaultdict(int)
    for visit in case["visits"]:
        tariff = tariff_of(case, visit)
        if tariff is not None and refusal(case, visit) is None:
            highest[_place(visit)] = max(highest[_place(visit)], own_fee(tariff, visit))
    for visit_id, entry in live.items():
        taken[_place(visits[visit_id])] += sum(
            line["gross_fen"] for line in entry["lines"] if line["code"] == "VISIT_FEE"
        )
    assert all(fee <= highest[place] for place, fee in taken.items()), "S2: one visit fee per trip and home"


def _place(visit: Json) -> tuple[str, ...]:
    """Return trip and home; a visit without either stands alone."""
    return (visit["trip"], visit["home"]) if visit["trip"] and visit["home"] else (visit["id"],)


def _bed_days_add_up(result: Json) -> None:
    """S6 for bed days: what is returned was billed, never more."""
    billed = defaultdict(int)
    for entry in result["events"]:
        event = entry["event"]
        if "settle_bed" in event and entry["status"] == "settled":
            billed[event["settle_bed"]] += entry["gross_fen"]
        if "reverse_bed" in event and entry["status"] == "reversed":
            billed[event["reverse_bed"]] -= entry["gross_fen"]
            assert billed[event["reverse_bed"]] >= 0


def _within_caps(case: Json, balances: Json) -> None:
    """S4: nothing is used above its cap, unless the file says so of before; nothing below 0."""
    for contract in case["contracts"]:
        for item in contract["items"]:
            _within(balances["contracts"][contract["id"]][item["code"]], item["quantity"], item["used"])
    programmes, region = by_id(case["programs"]), case["region"]
    for patient in case["patients"]:
        for enrolment in patient["programs"]:
            caps = {item["code"]: item["per_year"] for item in programmes[enrolment["id"]]["items"]}
            for code, years in balances["programs"][patient["id"]][enrolment["id"]].items():
                for year, used in years.items():
                    _within(used, caps[code], enrolment["used"].get(code, {}).get(year, 0))
        if patient.get("ltci"):
            cap = fen(region["ltci"]["monthly_cap"]) if region["ltci"] else 0
            for month, used in balances["ltci"][patient["id"]].items():
                _within(used, cap, fen(patient["ltci"]["used"].get(month, "0")))
        if patient.get("insurance"):
            terms = region["insurance"] or {"deductible": "0", "yearly_cap": "0"}
            most = max((fen(bed.get("per_diem_year_cap", "0")) for bed in case["beds"]), default=0)
            caps = {"deductible": fen(terms["deductible"]), "fund": fen(terms["yearly_cap"]), "per_diem": most}
            for name, cap in caps.items():
                for year, used in balances["insurance"][patient["id"]][f"{name}_used_fen"].items():
                    _within(used, cap, fen(patient["insurance"][f"{name}_used"].get(year, "0")))


def _within(used: int, cap: int, before: int) -> None:
    assert 0 <= used <= max(cap, before), f"S4: {used} of {cap}, {before} before"
