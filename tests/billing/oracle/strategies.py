"""Random billing cases: small numbers at their edges, so that caps end, halves round and rows meet at midnight often.

The first of every list is the plainest choice: what Hypothesis shrinks a case towards.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from tests.billing.oracle import payers
from tests.billing.oracle.dice import Dice, drawn
from tests.billing.oracle.payers import CODES, DAYS

Json = dict[str, Any]

PRICES = ["5", "0.005", "0.335", "1.255", "12.3456", "0", "19.995", "0.0040", "100.00"]
CLOCKS = ["09:00:00", "18:00:00", "17:59:59", "06:00:00", "05:59:59", "23:59:59", "00:00:00"]
KILOMETRES = ["0", "3", "3.0001", "2.9999", "3.00", "5.00", "5.0", "4", "1", "2.5", "3", "4.99", "5.01"]


@st.composite
def cases(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Json:
    """Draw a well-formed billing case."""
    return make_case(drawn(draw))


def make_case(dice: Dice) -> Json:
    """Return a well-formed billing case as the dice fall."""
    patients = ["P1", "P2", "P3"][: dice.pick([1, 2, 2, 3])]
    staff = ["D1", "D2", "D3"]
    programmes = [payers.make_programme(dice, f"PH{n}") for n in range(1, 1 + dice.pick([0, 1, 2, 2]))]
    beds = [payers.make_bed(dice, f"B{n}", dice.pick(patients[:2])) for n in range(1, 1 + dice.pick([0, 1, 2, 2]))]
    numbers = dice.pick([["1", "2", "10"], ["10", "9", "1"]])
    contracts = [
        payers.make_contract(dice, f"C{n}", dice.pick(patients)) for n in numbers[: dice.pick([0, 1, 2, 3, 3])]
    ]
    days = dice.some(DAYS, 3, 60) or DAYS[:1]
    names = ["V1", "V2", "V10", "V3", "V4"][: dice.pick([1, 2, 3, 4, 5])]
    visits = [_visit(dice, name, patients, staff, days) for name in names]
    case = {
        "format": "xunzhen.billing-case/1",
        "policy": _policy(dice),
        "institution": {"code": "I1", "service_modes": _modes(dice)},
        "staff": [{"id": each, "licences": _licences(dice)} for each in staff],
        "price_book": [row for code in CODES for row in _prices(dice, code)],
        "visit_fee_tariff": _tariffs(dice),
        "region": {"ltci": payers.make_ltci_terms(dice), "insurance": payers.make_insurance_terms(dice)},
        "programs": programmes,
        "patients": [payers.make_patient(dice, each, programmes) for each in patients],
        "contracts": contracts,
        "beds": beds,
        "visits": visits,
    }
    return {**case, "events": _events(dice, visits, beds)}


def _policy(dice: Dice) -> Json:
    policy: Json = {
        "visit_fee_sharing": dice.pick(["once_per_home", "once_per_home", "per_patient"]),
        "visit_fee_in_bed_cycle": dice.pick(["waive", "charge"]),
        "visit_fee_when_fully_funded": dice.pick(["waive", "charge"]),
        "visit_fee": "none" if dice.chance(8) else "charge",
        "min_staff": 2 if dice.chance(4) else 1,
    }
    return {key: word for key, word in policy.items() if not dice.chance(5)}


def _modes(dice: Dice) -> list[Json]:
    return [
        {"mode": "home_visit", **payers.make_period(dice, 3)},
        {"mode": "bed", "from": "2026-01-01", "to": "2026-01-31"},
    ]


def _licences(dice: Dice) -> list[Json]:
    if not dice.chance(4):
        return [{"from": "2020-01-01", "to": "2029-12-31"}]
    return dice.pick(
        [[{"from": "2020-01-01", "to": "2025-12-31"}, {"from": "2026-01-02", "to": "2026-01-31"}], []],
    )


def _prices(dice: Dice, code: str) -> list[Json]:
    if dice.chance(2):
        return []
    row: Json = {
        "code": code,
        "name": f"项目{code}",
        "per_visit_max": dice.pick([None, None, None, 1, 2, 0]),
        "includes": dice.some(CODES, 2, 15),
        "excludes": dice.some(CODES, 2, 15),
        "insurance_class": dice.pick("AABC"),
        "self_ratio": dice.pick(["0", "0.1", "0.335", "1"]),
    }
    if not dice.chance(30):
        return [{**row, "unit_price": dice.pick(PRICES), "from": "2025-01-01", "to": None}]
    old = {**row, "unit_price": dice.pick(PRICES), "from": "2025-01-01", "to": "2025-12-31"}
    new = {**row, "unit_price": dice.pick(PRICES), "from": dice.pick(["2026-01-01"] * 4 + ["2026-01-02"])}
    return [old, {**new, "includes": [], "insurance_class": dice.pick("ABC")}]


def _tariffs(dice: Dice) -> list[Json]:
    kind = dice.pick(["one", "one", "one", "two", "none"])
    if kind == "none":
        return []
    if kind == "one":
        return [{"from": "2025-01-01", "to": None, **_tariff(dice)}]
    return [
        {"from": "2025-01-01", "to": "2025-12-31", **_tariff(dice)},
        {"from": dice.pick(["2026-01-01", "2026-01-02"]), "to": None, **_tariff(dice)},
    ]


def _tariff(dice: Dice) -> Json:
    price = ["50.55", "78", "10.01", "0.01", "0"]
    far = dice.pick(["5", None, "5.0"])
    night = None
    if dice.chance(65):
        hours = dice.pick([("18:00", "06:00"), ("18:00", "06:00"), ("06:00", "18:00"), ("09:00", "09:00")])
        night = {"from": hours[0], "to": hours[1], "multiplier": dice.pick(["2", "1.35", "1.5", "0.5", "0"])}
    return {
        "unit": dice.pick(["visit", "visit_staff"]),
        "insurance_class": dice.pick("CAB"),
        "self_ratio": dice.pick(["0", "0.25", "0.335"]),
        "tiers": [{"up_to_km": "3", "price": dice.pick(price)}, {"up_to_km": far, "price": dice.pick(price)}],
        "night": night,
    }


def _visit(dice: Dice, visit_id: str, patients: list[str], staff: list[str], days: list[str]) -> Json:
    day, clock = dice.pick(days), dice.pick(CLOCKS)
    crew = dice.some(staff, 2, 60) or [dice.pick(staff)]
    many = dice.pick([1, 2, 3, 4, 2, 3, 4, 2, 3, 0])
    items = [{"code": dice.pick(CODES), "quantity": dice.number(1, 4)} for _ in range(many)]
    if dice.chance(1):
        items.append({"code": "NONE", "quantity": 1})
    return {
        "id": visit_id,
        "patient": dice.pick(patients),
        "mode": dice.pick(["bed", "clinic"]) if dice.chance(4) else "home_visit",
        "home": dice.pick(["H1", "H1", "H1", "H1", "H2", None]),
        "trip": dice.pick(["T1", "T1", "T1", "T1", "T2", None]),
        "started_at": _told_from(day, clock, dice.pick(["+08:00", "+08:00", "Z", "-05:00", "+08:45"])),
        "verified": not dice.chance(3),
        "staff": [] if dice.chance(2) else [*crew, *(crew[:1] if dice.chance(10) else [])],
        "distance_km": "9.5" if dice.chance(2) else dice.pick(KILOMETRES),
        "items": items,
    }


def _told_from(day: str, clock: str, offset: str) -> str:
    """Return a moment of Shanghai as a clock elsewhere tells it."""
    moment = datetime.fromisoformat(f"{day}T{clock}+08:00")
    zone = datetime.fromisoformat(f"{day}T{clock}{offset}").tzinfo
    return moment.astimezone(zone).isoformat()


def _events(dice: Dice, visits: list[Json], beds: list[Json]) -> list[Json]:
    """Return events in which nearly every visit is settled, some twice, some taken back and settled again."""
    events: list[Json] = []
    rest = [visit["id"] for visit in visits]
    while rest:
        visit_id = rest.pop(dice.number(0, len(rest) - 1))
        events.append({"settle": visit_id})
        if dice.chance(12):
            events.append({"settle": visit_id})
        if dice.chance(30):
            events.append({"reverse": dice.pick([visit_id, visit_id, visits[0]["id"], "V99"])})
            if dice.chance(60):
                events.append({"settle": visit_id})
        if beds and dice.chance(45):
            bed = dice.pick(beds)["id"]
            events.append(_bed_event(dice, bed, "settle_bed"))
            if dice.chance(70):
                other = dice.pick([bed, bed, dice.pick(beds)["id"]])
                events.append(_bed_event(dice, other, dice.pick(["reverse_bed", "settle_bed"])))
    if dice.chance(6):
        events.append(dice.pick([{"settle": "V99"}, {"settle_bed": "B99", "from": "2026-01-01", "to": "2026-01-03"}]))
    return events


def _bed_event(dice: Dice, bed: str, name: str) -> Json:
    first = dice.pick(["2025-12-29", "2025-12-31", "2026-01-01", "2026-01-30"])
    last = dice.pick(["2026-01-03", "2026-01-04", "2026-01-01", "2026-02-02", "2025-12-31"])
    return {name: bed, "from": first, "to": last}
