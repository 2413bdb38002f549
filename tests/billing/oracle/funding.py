"""Funding (section 6): each source in its turn takes what it can of one charged line."""

from collections.abc import Iterator
from fractions import Fraction

from tests.billing.oracle.sums import Json, Used, by_id, cost, covers, fen, half_up, is_open


def active_contracts(case: Json, patient: Json, day: str) -> list[Json]:
    """Return the patient's contracts in force on a day, the earliest signed first, then by id."""
    active = [
        contract
        for contract in case.get("contracts", [])
        if contract["patient"] == patient["id"]
        and covers(contract, day)
        and (contract.get("terminated_on") is None or day < contract["terminated_on"])
    ]
    return sorted(active, key=lambda contract: (contract["signed_on"], contract["id"]))


def listed(funding: list[Json], patient_fen: int) -> list[Json]:
    """Return the funding of a line as a bill lists it: only money, the patient last."""
    everyone = [*funding, {"source": "self_pay", "amount_fen": patient_fen}]
    return [each for each in everyone if each["amount_fen"]]


def _unit_sources(
    case: Json, patient: Json, day: str, code: str, used: Used, units: list[int]
) -> Iterator[tuple[str, str, int]]:
    """Yield source, reference and units paid, rows 1 to 4; `units` says how many are left, its owner counts down."""
    programmes, year = by_id(case.get("programs")), day[:4]
    for enrolment in patient.get("programs", []):
        programme = programmes[enrolment["id"]]
        for item in programme["items"]:
            if item["code"] == code and covers(enrolment, day) and covers(programme, day):
                key = ("programs", patient["id"], programme["id"], code, year)
                number = min(units[0], used.left(*key, cap=item["per_year"]))
                used.see("programme exhausted", when=number < units[0])
                used.take(*key, amount=number)
                yield "public_program", programme["id"], number
    for bed in case.get("beds", []):
        mine = bed["patient"] == patient["id"] and bed["payment"] == "per_diem" and is_open(bed, day)
        used.see("per diem excludes", when=mine and units[0] and code in bed.get("excluded_codes", []))
        if mine and code not in bed.get("excluded_codes", []):
            yield "bed_per_diem", bed["id"], units[0]
    contracts = active_contracts(case, patient, day)
    for contract in contracts:
        if code in contract.get("capitated_codes", []):
            yield "capitation", contract["id"], units[0]
    for contract in contracts:
        for item in contract.get("items", []):
            key = ("contracts", contract["id"], code)
            if item["code"] != code or not units[0]:
                continue
            left = used.left(*key, cap=item["quantity"])
            used.see("contract exhausted", when=left < units[0])
            used.see("contract by visit pays many", when=left and units[0] > 1 and item["counting"] == "visit")
            if item["counting"] == "visit":
                used.take(*key, amount=min(left, 1))
                yield "contract", contract["id"], units[0] if left else 0
            else:
                used.take(*key, amount=min(left, units[0]))
                yield "contract", contract["id"], min(left, units[0])


def insure(case: Json, patient: Json, day: str, rest: int, insurance_class: str, self_ratio: str, used: Used) -> int:
    """Return what medical insurance pays of a rest (row 6) and use up the deductible and the fund."""
    terms, insured, year = (case.get("region") or {}).get("insurance"), patient.get("insurance"), day[:4]
    if not terms or not insured or not covers(insured, day) or insurance_class == "C":
        return 0
    eligible = rest - half_up(rest * Fraction(self_ratio)) if insurance_class == "B" else rest
    deductible = ("deductible", patient["id"], year)
    taken = min(eligible, used.left(*deductible, cap=fen(terms["deductible"])))
    used.see("insurance deductible", when=taken)
    used.see("insurance class B", when=eligible < rest)
    used.take(*deductible, amount=taken)
    fund = ("fund", patient["id"], year)
    paid = half_up((eligible - taken) * Fraction(terms["pay_ratio"]))
    used.see("insurance cap", when=paid > used.left(*fund, cap=fen(terms["yearly_cap"])))
    paid = min(paid, used.left(*fund, cap=fen(terms["yearly_cap"])))
    used.take(*fund, amount=paid)
    return paid


def fund_line(case: Json, patient: Json, day: str, line: Json, row: Json, used: Used) -> Json:
    """Return a line with its funding and the patient's money."""
    units, paid_units, paid, funding = [line["charged_quantity"]], 0, 0, []
    if line["status"] == "charged":
        for source, ref, number in _unit_sources(case, patient, day, line["code"], used, units):
            paid_units, units[0] = paid_units + number, units[0] - number
            amount = cost(row["unit_price"], paid_units) - paid
            used.see(f"units of {source}", when=number)
            used.see("units of no money", when=number and not amount)
            used.see("units by two sources", when=number and paid_units > number)
            paid += amount
            funding.append({"source": source, "ref": ref, "units": number, "amount_fen": amount})
    rest = line["gross_fen"] - paid
    care, cared = (case.get("region") or {}).get("ltci"), patient.get("ltci")
    if care and cared and cared["grade"] in care["eligible_grades"] and line["code"] in care["catalog"]:
        month = ("ltci", patient["id"], day[:7])
        amount = half_up(rest * Fraction(care["pay_ratio"]))
        used.see("ltci cap", when=amount > used.left(*month, cap=fen(care["monthly_cap"])))
        used.see("ltci keeps insurance out", when=rest and patient.get("insurance") and row["insurance_class"] != "C")
        amount = min(amount, used.left(*month, cap=fen(care["monthly_cap"])))
        used.take(*month, amount=amount)
        funding.append({"source": "ltci", "amount_fen": amount})
    else:
        amount = insure(case, patient, day, rest, row["insurance_class"], row.get("self_ratio", "0"), used)
        funding.append({"source": "medical_insurance", "amount_fen": amount})
    rest -= amount
    return {**line, "patient_fen": rest, "funding": listed(funding, rest)}
