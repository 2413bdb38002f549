"""Relations: what others, and more cover, do to what a patient pays.

Each relation takes a case, some dice and `run`, which settles a case; each says in its docstring why it holds.
"""

import copy

from tests.billing.oracle.dice import Dice
from tests.billing.oracle.payers import CODES, DAYS
from tests.billing.oracle.sums import Json, Run, fen, patient_of


def without_a_stranger(case: Json, dice: Dice, run: Run) -> None:
    """Who shares neither trip nor home has no part in another's bill (5.5, 6, 7): it is the same without him."""
    gone = dice.pick(case["patients"])["id"]
    apart = copy.deepcopy(case)
    for visit in apart["visits"]:
        if visit["patient"] == gone:
            visit["trip"] = visit["trip"] and f"{visit['trip']} of {gone}"
    first = run(apart)
    other = {name: [row for row in apart[name] if row["patient"] != gone] for name in ("contracts", "beds", "visits")}
    other["patients"] = [patient for patient in apart["patients"] if patient["id"] != gone]
    other["events"] = [event for event in apart["events"] if patient_of(apart, event) != gone]
    second = run({**apart, **other})
    assert second["events"] == [each for each in first["events"] if patient_of(apart, each["event"]) != gone]
    for name in ("programs", "ltci", "insurance"):
        assert second["balances"][name] == {who: it for who, it in first["balances"][name].items() if who != gone}


def one_fee_per_home(case: Json, dice: Dice, run: Run) -> None:
    """One trip to one home pays the highest own fee once, whoever is seen there, and nobody more than the own (5.5)."""
    policy = {**case["policy"], "visit_fee_in_bed_cycle": "charge", "visit_fee_when_fully_funded": "charge"}
    events = [{"settle": visit["id"]} for visit in case["visits"]]
    alone = _fees(run({**case, "policy": {**policy, "visit_fee_sharing": "per_patient"}, "events": events}))
    shared = _fees(run({**case, "policy": {**policy, "visit_fee_sharing": "once_per_home"}, "events": events}))
    assert alone.keys() == shared.keys()
    for visit in case["visits"]:
        place = (visit["trip"], visit["home"])
        there = [each["id"] for each in case["visits"] if (each["trip"], each["home"]) == place and each["id"] in alone]
        if visit["id"] in alone:
            assert shared[visit["id"]] <= alone[visit["id"]]
            if None in place:
                assert shared[visit["id"]] == alone[visit["id"]]
            else:
                assert sum(shared[each] for each in there) == max(alone[each] for each in there)


def one_more_contract(case: Json, dice: Dice, run: Run) -> None:
    """One more contract never costs the patient more, over all bills together (6, row 5), and others nothing at all.

    Each source takes at most what is left, and every later part grows by no more than the earlier one shrinks. A
    single later bill may rise, when the deductible that an earlier one no longer uses falls to it.
    """
    calm = [event for event in case["events"] if "reverse" not in event and "reverse_bed" not in event]
    patient = dice.pick(case["patients"])["id"]
    contract = {
        "id": dice.pick(["C0", "C5", "C99"]),
        "patient": patient,
        "signed_on": dice.pick(["2025-06-01", "2025-01-01", "2025-06-30"]),
        "from": dice.pick(["2025-07-01", DAYS[0], DAYS[2]]),
        "to": "2026-12-31",
        "covers_visit_fee": dice.chance(20),
        "capitated_codes": dice.some(CODES, 2, 30),
        "items": [
            {"code": code, "quantity": dice.number(0, 3), "used": 0, "counting": dice.pick(["quantity", "visit"])}
            for code in dice.some(CODES, 3, 70)
        ],
    }
    first = _paid_by_patients({**case, "events": calm}, run)
    second = _paid_by_patients({**case, "events": calm, "contracts": [*case["contracts"], contract]}, run)
    assert second[patient] <= first[patient]
    assert {who: paid for who, paid in second.items() if who != patient} == {
        who: paid for who, paid in first.items() if who != patient
    }


def more_cover(case: Json, dice: Dice, run: Run) -> None:
    """A higher cap, a higher ratio or a lower deductible never costs a patient more, over all bills together (6, 7)."""
    calm = {**case, "events": [event for event in case["events"] if not event.keys() & {"reverse", "reverse_bed"}]}
    other = copy.deepcopy(calm)
    for programme in other["programs"]:
        for item in programme["items"]:
            item["per_year"] += dice.number(0, 2)
    for contract in other["contracts"]:
        for item in contract["items"]:
            item["quantity"] += dice.number(0, 2)
    for terms, name in ((other["region"]["ltci"], "monthly_cap"), (other["region"]["insurance"], "yearly_cap")):
        if terms and dice.chance(60):
            terms[name] = f"{(fen(terms[name]) + 150) // 100}.50"
        if terms and dice.chance(40):
            terms["pay_ratio"] = "1"
    if other["region"]["insurance"] and dice.chance(60):
        other["region"]["insurance"]["deductible"] = "0"
    before, after = _paid_by_patients(calm, run), _paid_by_patients(other, run)
    assert all(after[who] <= before[who] for who in before)


def _fees(result: Json) -> dict[str, int]:
    """Return the visit fees of a result by visit."""
    return {
        entry["event"]["settle"]: line["gross_fen"]
        for entry in result["events"]
        for line in entry.get("lines", [])
        if line["code"] == "VISIT_FEE"
    }


def _paid_by_patients(case: Json, run: Run) -> dict[str, int]:
    """Return what each patient pays in all: a bill answered twice counts once."""
    paid, seen = {patient["id"]: 0 for patient in case["patients"]}, set()
    for entry in run(case)["events"]:
        visit_id = entry["event"].get("settle")
        if entry["status"] == "settled" and visit_id not in seen:
            paid[patient_of(case, entry["event"])] += entry["patient_fen"]
            seen |= {visit_id} - {None}
    return paid
