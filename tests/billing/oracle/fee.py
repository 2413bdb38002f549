"""The visit fee (section 5): what a visit costs on its own, what part of one fee it bears, and when nobody pays it."""

from datetime import time
from fractions import Fraction

from tests.billing.oracle.funding import active_contracts, insure, listed
from tests.billing.oracle.gate import refusal, switch, tariff_of
from tests.billing.oracle.sums import Json, Used, half_up, is_open, local, service_date

FUNDED = {"public_program", "bed_per_diem", "capitation", "contract"}


def own_fee(tariff: Json, visit: Json) -> int:
    """Return the fee of a visit on its own data (5.2 to 5.4), in fen."""
    reached = [
        tier
        for tier in tariff["tiers"]
        if tier["up_to_km"] is None or Fraction(visit["distance_km"]) <= Fraction(tier["up_to_km"])
    ]
    fee = Fraction(reached[0]["price"]) * 100
    if tariff["unit"] == "visit_staff":
        fee *= len(set(visit["staff"]))
    night = tariff.get("night")
    if night is not None:
        start, end = time.fromisoformat(night["from"]), time.fromisoformat(night["to"])
        now = local(visit).time()
        if (start <= now < end) if start <= end else (now >= start or now < end):
            fee *= Fraction(night["multiplier"])
    return half_up(fee)


def share_of_fee(case: Json, visit: Json, used: Used) -> int:
    """Return the part of the fee of a trip and home that a visit bears (5.5), whatever has been settled."""
    tariff = tariff_of(case, visit)
    used.see("fee by staff", when=tariff["unit"] == "visit_staff" and len(set(visit["staff"])) > 1)
    used.see("fee at night", when=own_fee(tariff, visit) != own_fee({**tariff, "night": None}, visit))
    alone = switch(case, "visit_fee_sharing", "once_per_home") == "per_patient"
    if alone or visit.get("trip") is None or visit.get("home") is None:
        return own_fee(tariff, visit)
    own = {
        each["id"]: own_fee(tariff_of(case, each), each)
        for each in case["visits"]
        if (each.get("trip"), each.get("home")) == (visit["trip"], visit["home"])
        and refusal(case, each) is None
        and tariff_of(case, each) is not None
    }
    total = sum(own.values())
    peers = [each for each in case["visits"] if (each.get("trip"), each.get("home")) == (visit["trip"], visit["home"])]
    used.see("fee shared", when=len(own) > 1 and total)
    used.see("fee shared unequally", when=len(set(own.values())) > 1)
    used.see("fee not shared with the refused", when=len(own) < len(peers))
    if not total:
        return 0
    exact = {each: Fraction(max(own.values()) * fee, total) for each, fee in own.items()}
    shares = {each: int(part) for each, part in exact.items()}
    missing = max(own.values()) - sum(shares.values())
    used.see("fee with a fen left over", when=missing)
    for each in sorted(own, key=lambda each: (shares[each] - exact[each], each))[:missing]:
        shares[each] += 1
    return shares[visit["id"]]


def fee_line(case: Json, visit: Json, lines: list[Json], patient: Json, used: Used) -> Json | None:
    """Return the funded fee line of a visit whose other lines are funded, or nothing where no tariff applies."""
    tariff, day = tariff_of(case, visit), service_date(visit)
    if tariff is None:
        return None
    share = share_of_fee(case, visit, used)
    waived = {"code": "VISIT_FEE", "status": "waived", "gross_fen": 0, "patient_fen": 0, "funding": []}
    beds = [bed for bed in case.get("beds", []) if bed["patient"] == patient["id"] and is_open(bed, day)]
    if beds and switch(case, "visit_fee_in_bed_cycle", "waive") == "waive":
        used.see("fee waived in a bed cycle", when=share)
        return waived
    paid, rest = [], share
    for contract in active_contracts(case, patient, day):
        if contract.get("covers_visit_fee", False):
            used.see("fee paid by a contract", when=share)
            paid, rest = [{"source": "contract", "ref": contract["id"], "amount_fen": share}], 0
            break
    else:
        money = sum(line["gross_fen"] for line in lines)
        funded = sum(each["amount_fen"] for line in lines for each in line["funding"] if each["source"] in FUNDED)
        if money and money == funded and switch(case, "visit_fee_when_fully_funded", "waive") == "waive":
            used.see("fee waived as fully funded", when=share)
            return waived
        fund = insure(case, patient, day, rest, tariff.get("insurance_class", "C"), tariff.get("self_ratio", "0"), used)
        used.see("fee insured", when=fund)
        paid, rest = [{"source": "medical_insurance", "amount_fen": fund}], rest - fund
    return {
        "code": "VISIT_FEE",
        "status": "charged",
        "gross_fen": share,
        "patient_fen": rest,
        "funding": listed(paid, rest),
    }
