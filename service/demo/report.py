"""What the day came to, in figures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from service.demo import audit, figures
from service.demo.client import Json
from service.demo.town import Placed, Town

ON_TIME: Final = timedelta(minutes=15)
_PRICES: Final = {item.code: Decimal(item.price) for item in figures.ITEMS}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the player has read off the API at the end of the day."""

    town: Town
    orders: Sequence[Json]
    visits: Sequence[Json]
    decided: Sequence[Json]
    bills: Sequence[Json]
    proven: int
    totals: Json
    taken_back: Json
    exhausted: Json
    statuses: Counter[int]
    refusals: Counter[str]
    seconds: dict[str, float]


def write(seen: Evidence) -> Json:
    """Return the report.

    Raises:
        DemoFailed: its figures do not add up.
    """
    elders = {each.person_id: each.elder.no for each in seen.town.residents.values()}
    report = {
        "service_on": figures.SERVICE_ON.isoformat(),
        "sizes": _sizes(seen.town),
        "orders": _orders(seen),
        "plan": _plan(seen.town.plan),
        "day": _day(seen, elders),
        "bills": _bills(seen),
        "proofs": {"of": len(seen.bills), "equal": seen.proven},
        "double_charges_prevented": list(prevented(seen.bills, elders)),
        "fees_waived": list(_waived(seen.bills, elders)),
        "shared_homes": _shared_homes(seen, elders),
        "exhausted_contract": seen.exhausted,
        "reversal": _reversal(seen.taken_back, elders),
        "cancellation": seen.town.told["cancellation"],
        "conflicts": seen.town.told["conflicts"],
        "replay": seen.town.told["replay"],
        "requests": {str(status): count for status, count in sorted(seen.statuses.items())},
        "refusals": dict(sorted(seen.refusals.items())),
        "seconds": {part: round(seconds, 1) for part, seconds in seen.seconds.items()},
    }
    report["checks"] = audit.check(report, seen.bills, seen.totals)
    return report


def _sizes(town: Town) -> Json:
    elders = town.district.elders
    return {
        "institutions": len(town.institutions),
        "staff": len(town.staff),
        "elders": len(elders),
        "homes": len(town.homes),
        "contracts": sum(each.package is not None for each in elders),
        "insured": sum(each.insurance is not None for each in elders),
        "enrolled": sum(each.programme for each in elders),
        "beds": sum(each.bed for each in elders),
        "represented_by_children": sum(each.books == "child" for each in elders),
    }


def _orders(seen: Evidence) -> Json:
    placed = seen.town.placed
    unassigned = seen.town.plan["unassigned"]
    by_id = {each.order_id: each for each in placed}
    return {
        "placed": len(placed),
        "by": dict(Counter(each.by for each in placed)),
        "kinds": dict(Counter(each.wish.kind for each in placed)),
        "cancelled_before_planning": sum(each["state"] == "cancelled" for each in seen.orders),
        "planned": seen.town.plan["summary"]["planned"],
        "unassigned": len(unassigned),
        "unassigned_orders": [_left_out(seen.town, by_id[each["order_id"]], each) for each in unassigned],
        "states": dict(Counter(each["state"] for each in seen.orders)),
    }


def _left_out(town: Town, placed: Placed, said: Json) -> Json:
    return {
        "order_no": placed.order_no,
        "elder": town.elder_of(placed.wish).no,
        "items": [code for code, _ in placed.wish.items],
        "reason": said["reason"],
        "explanation": said["explanation"],
        "facts": said["facts"],
    }


def _plan(plan: Json) -> Json:
    summary = plan["summary"]
    return {
        "staff": summary["staff"],
        "staff_used": summary["staff_used"],
        "travel_km": round(summary["travel_metres"] / 1000, 1),
        "travel_hours": round(summary["travel_seconds"] / 3600, 1),
        "service_hours": round(summary["service_seconds"] / 3600, 1),
        "solver_seconds": summary["seconds"],
        "referee": summary["referee"],
        "travel_source": plan["travel_source"],
        "routes": [
            {
                "name": route["practitioner_name"],
                "stops": sum(stop["order_id"] is not None for stop in route["stops"]),
                "km": round(route["travel_metres"] / 1000, 1),
                "hours": round((route["travel_seconds"] + route["service_seconds"]) / 3600, 1),
            }
            for route in plan["routes"]
        ],
    }


def _day(seen: Evidence, elders: dict[str, int]) -> Json:
    started = [each for each in seen.visits if each["started_at"]]
    late = [_moment(each["started_at"]) - _moment(each["planned_start_at"]) for each in started]
    on_time = sum(each <= ON_TIME for each in late)
    return {
        "visits": len(seen.visits),
        "verified": sum(each["verified"] for each in seen.visits),
        "on_time": on_time,
        "started": len(started),
        "on_time_share": round(on_time / len(started), 4) if started else 0.0,
        "no_shows": [elders[each["person_id"]] for each in seen.visits if each["state"] == "missed"],
        "exceptions": [
            {
                "elder": elders[each["visit"]["person_id"]],
                "kind": each["exception"]["kind"],
                "text": each["exception"]["text"],
                "facts": each["exception"]["facts"],
                "reason_code": each["reason_code"],
                "verified": each["visit"]["verified"],
            }
            for each in seen.decided
        ],
        "waited_for_colleague": seen.refusals["crew-not-there"],
    }


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _bills(seen: Evidence) -> Json:
    by_payer: Counter[str] = Counter()
    labels: dict[str, str] = {}
    for bill in seen.bills:
        for payer in bill["payers"]:
            by_payer[payer["source"]] += payer["amount_fen"]
            labels[payer["source"]] = payer["label"]
    lines = [line for bill in seen.bills for line in bill["lines"]]
    return {
        "count": len(seen.bills),
        "gross_fen": sum(bill["gross_fen"] for bill in seen.bills),
        "lines_fen": sum(line["gross_fen"] for line in lines),
        "payers_fen": sum(part["amount_fen"] for line in lines for part in line["fundings"]),
        "services_fen": sum(bill["services_fen"] for bill in seen.bills),
        "visit_fee_fen": sum(bill["visit_fee_fen"] for bill in seen.bills),
        "family_fen": sum(bill["patient_fen"] for bill in seen.bills),
        "by_payer": [
            {"source": source, "label": labels[source], "amount_fen": fen} for source, fen in by_payer.most_common()
        ],
    }


def prevented(bills: Iterable[Json], elders: dict[str, int]) -> Iterable[Json]:
    """Yield a line for every double charge prevented: what another payer has paid for, what is in another item.

    Raises: nothing.
    """
    for bill in bills:
        for line in bill["lines"]:
            told = {"elder": elders[bill["person_id"]], "code": line["code"], "name": line["name"]}
            for part in line["fundings"]:
                if part["source"] in audit.PREVENTING:
                    fen = {"payer": part["source"], "fen": part["amount_fen"], "units": part["units"]}
                    yield told | fen | {"why": part["reason"]}
            if line["status"] in {"included", "excluded"}:
                charged = (_PRICES[line["code"]] * line["quantity"] * 100).to_integral_value(ROUND_HALF_UP)
                yield told | {"payer": line["status"], "fen": int(charged), "units": None, "why": line["reason"]}


def _waived(bills: Iterable[Json], elders: dict[str, int]) -> Iterable[Json]:
    for bill in bills:
        for line in bill["lines"]:
            if line["status"] == "waived":
                yield {"elder": elders[bill["person_id"]], "code": line["code"], "why": line["reason"]}


def _shared_homes(seen: Evidence, elders: dict[str, int]) -> list[Json]:
    """Return the trips on which several of one home were visited, with each one's share of the one fee."""
    trip_of = {each["id"]: each["trip_id"] for each in seen.visits}
    trips: dict[str, list[Json]] = {}
    for bill in seen.bills:
        if trip_of.get(bill["visit_id"]):
            trips.setdefault(trip_of[bill["visit_id"]], []).append(bill)
    return [
        {
            "elders": [elders[bill["person_id"]] for bill in bills],
            "fee_fen": sum(bill["visit_fee_fen"] for bill in bills),
            "shares_fen": [bill["visit_fee_fen"] for bill in bills],
            "story": any(elders[bill["person_id"]] in _story_elders(seen.town, "shared_home") for bill in bills),
        }
        for bills in trips.values()
        if len(bills) > 1
    ]


def _story_elders(town: Town, story: str) -> set[int]:
    return {town.elder_of(each.wish).no for each in town.of_story(story)}


def _reversal(taken_back: Json, elders: dict[str, int]) -> Json:
    first, again = taken_back["first"], taken_back["again"]
    return {
        "elder": elders[first["person_id"]],
        "reason": first["reversal"]["reason"],
        "reversed_fen": first["reversal"]["gross_fen"],
        "settled_again_fen": again["gross_fen"],
        "seq": again["seq"],
    }
