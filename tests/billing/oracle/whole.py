"""A whole case (sections 2 and 8): its events in order, and what is used after the last."""

from tests.billing.oracle.beds import Billed, bed_refusal, reverse_bed, settle_bed
from tests.billing.oracle.fee import fee_line
from tests.billing.oracle.funding import fund_line
from tests.billing.oracle.gate import refusal
from tests.billing.oracle.lines import lines_of
from tests.billing.oracle.sums import Json, Used, by_id, fen, service_date

MAPS = {"deductible": "deductible_used", "fund": "fund_used", "per_diem": "per_diem_used"}


def settle_case(case: Json) -> Json:
    """Return the complete result of a billing case that is well formed."""
    return settle_and_tell(case)[0]


def settle_and_tell(case: Json) -> tuple[Json, set[str]]:
    """Return the result and the places of the rules that the case came by."""
    used, bills, billed = _used_before(case), {}, {}
    entries = [{"event": event, **_carry_out(case, event, used, bills, billed)} for event in case["events"]]
    for entry in entries:
        fact = next(iter(entry.get("facts", {})), "")
        used.see(f"refused {entry.get('reason')} {fact}".rstrip(), when=entry["status"] == "refused")
        for paid in (paid for line in entry.get("lines", []) for paid in line["funding"]):
            used.see(f"money of {paid['source']}")
    return {"events": entries, "balances": _balances(case, used)}, used.seen


def _carry_out(case: Json, event: Json, used: Used, bills: dict[str, tuple], billed: Billed) -> Json:
    if "settle_bed" in event or "reverse_bed" in event:
        return _bed_days(case, event, used, billed)
    visits = by_id(case["visits"])
    visit_id = event.get("settle", event.get("reverse"))
    if visit_id not in visits:
        return _refused("visit_unknown")
    if "reverse" in event:
        if visit_id not in bills:
            return _refused("not_settled")
        used.see("visit reversed")
        bill, taken = bills.pop(visit_id)
        used.give_back(taken)
        return {"status": "reversed", "gross_fen": bill["gross_fen"], "patient_fen": bill["patient_fen"]}
    used.see("visit settled twice", when=visit_id in bills)
    if visit_id not in bills:
        reason = refusal(case, visits[visit_id])
        if reason is not None:
            return _refused(*reason)
        bills[visit_id] = _bill(_visit_lines(case, visits[visit_id], used)), used.hand_over()
    return bills[visit_id][0]


def _visit_lines(case: Json, visit: Json, used: Used) -> list[Json]:
    patient, day = by_id(case["patients"])[visit["patient"]], service_date(visit)
    lines = [fund_line(case, patient, day, line, row, used) for line, row in lines_of(case, visit, used)]
    fee = fee_line(case, visit, lines, patient, used)
    return lines if fee is None else [*lines, fee]


def _bed_days(case: Json, event: Json, used: Used, billed: Billed) -> Json:
    reason = bed_refusal(case, event.get("settle_bed", event.get("reverse_bed")))
    if reason is not None:
        return _refused(reason)
    if "settle_bed" in event:
        settled = settle_bed(case, event, billed, used)
        return _refused("nothing_to_bill") if settled is None else _bill(settled["lines"])
    returned = reverse_bed(case, event, billed, used)
    if returned is None:
        return _refused("not_settled")
    return {"status": "reversed", "gross_fen": returned[0], "patient_fen": returned[1]}


def _bill(lines: list[Json]) -> Json:
    sums = {name: sum(line[name] for line in lines) for name in ("gross_fen", "patient_fen")}
    return {"status": "settled", **sums, "lines": lines}


def _refused(reason: str, facts: Json | None = None) -> Json:
    return {"status": "refused", "reason": reason, "facts": facts or {}}


def _used_before(case: Json) -> Used:
    used = Used()
    for contract in case.get("contracts", []):
        for item in contract.get("items", []):
            used.give("contracts", contract["id"], item["code"], amount=item.get("used", 0))
    for patient in case["patients"]:
        for enrolment in patient.get("programs", []):
            for code, years in enrolment.get("used", {}).items():
                for year, units in years.items():
                    used.give("programs", patient["id"], enrolment["id"], code, year, amount=units)
        for month, yuan in ((patient.get("ltci") or {}).get("used") or {}).items():
            used.give("ltci", patient["id"], month, amount=fen(yuan))
        for word, name in MAPS.items():
            for year, yuan in ((patient.get("insurance") or {}).get(name) or {}).items():
                used.give(word, patient["id"], year, amount=fen(yuan))
    return used


def _balances(case: Json, used: Used) -> Json:
    patients = case["patients"]
    return {
        "contracts": {each["id"]: used.tell("contracts", each["id"]) for each in case.get("contracts", [])},
        "programs": {
            patient["id"]: {each["id"]: _programme(used, patient["id"], each["id"]) for each in patient["programs"]}
            for patient in patients
            if patient.get("programs")
        },
        "ltci": {each["id"]: used.tell("ltci", each["id"]) for each in patients if each.get("ltci")},
        "insurance": {
            each["id"]: {f"{name}_fen": used.tell(word, each["id"]) for word, name in MAPS.items()}
            for each in patients
            if each.get("insurance")
        },
    }


def _programme(used: Used, patient: str, programme: str) -> Json:
    prefix = ("programs", patient, programme)
    codes = {key[3]: used.tell(*key[:4]) for key in list(used.sums) if key[:3] == prefix}
    return {code: years for code, years in codes.items() if years}
