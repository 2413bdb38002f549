"""Relations: a case told in another way has the same bills.

Each relation takes a case, some dice and `run`, which settles a case; each says in its docstring why it holds.
"""

import copy
from datetime import datetime, timedelta, timezone

from tests.billing.oracle.dice import Dice
from tests.billing.oracle.sums import Json, Run


def rows_in_any_order(case: Json, dice: Dice, run: Run) -> None:
    """Rows stand in any order: dated ones do not overlap (1), fees go by visit id (5.5), contracts by date and id (6).

    Beds keep theirs, for the first in file order pays (6, row 2), and so do a patient's programmes (6, row 1).
    """
    other = copy.deepcopy(case)
    for name in ("price_book", "visit_fee_tariff", "staff", "programs", "patients", "contracts", "visits"):
        other[name].reverse()
    other["institution"]["service_modes"].reverse()
    assert run(other) == run(case)


def items_in_any_order(case: Json, dice: Dice, run: Run) -> None:
    """Without inclusions, exclusions and funds the order of items is that of lines alone: units are per code (6)."""
    plain = copy.deepcopy(case)
    plain["region"] = {"ltci": None, "insurance": None}
    for row in plain["price_book"]:
        row |= {"includes": [], "excludes": []}
    other = copy.deepcopy(plain)
    for visit in other["visits"]:
        visit["items"].reverse()
    assert _lines_sorted(run(other)) == _lines_sorted(run(plain))


def items_split(case: Json, dice: Dice, run: Run) -> None:
    """Items of one code are merged in order of first appearance (4.1), so an item may be told unit by unit."""
    other = copy.deepcopy(case)
    for visit in other["visits"]:
        more = [{**item, "quantity": 1} for item in visit["items"] for _ in range(item["quantity"] - 1)]
        visit["items"] = [{**item, "quantity": 1} for item in visit["items"]] + more
    assert run(other) == run(case)


def other_clocks(case: Json, dice: Dice, run: Run) -> None:
    """A moment is the same whatever offset tells it: only the local date and time count (1, 5.4)."""
    other = copy.deepcopy(case)
    for visit in other["visits"]:
        zone = timezone(timedelta(minutes=15 * dice.number(-48, 56)))
        visit["started_at"] = datetime.fromisoformat(visit["started_at"]).astimezone(zone).isoformat()
    assert run(other) == run(case)


def later_prices(case: Json, dice: Dice, run: Run) -> None:
    """A price or a tariff of later days alters no bill: the row in force on the service date is the one (4.5, 5.1)."""
    other = copy.deepcopy(case)
    for name, changes in (
        ("price_book", {"unit_price": "77.7"}),
        ("visit_fee_tariff", {"unit": "visit", "night": None}),
    ):
        for row in case[name]:
            if row.get("to") is None:
                other[name].append({**copy.deepcopy(row), **changes, "from": "2026-03-01", "to": None})
        for row in other[name][: len(case[name])]:
            row["to"] = row.get("to") or "2026-02-28"
    assert run(other) == run(case)


def names_do_not_matter(case: Json, dice: Dice, run: Run) -> None:
    """Trips and homes are only compared with each other (5.5): other names for them change nothing."""
    other = copy.deepcopy(case)
    for visit in other["visits"]:
        visit["trip"] = visit["trip"] and f"home of {visit['trip']}"
        visit["home"] = visit["home"] and {"H1": "T2", "H2": "T1"}[visit["home"]]
    assert run(other) == run(case)


def _lines_sorted(result: Json) -> Json:
    """Return a result whose lines are in the order of their codes; which price is missing first may differ too."""
    for entry in result["events"]:
        entry.get("lines", []).sort(key=lambda line: line["code"])
        entry.pop("facts", None)
    return result
