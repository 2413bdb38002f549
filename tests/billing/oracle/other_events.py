"""Relations: what other events, or the same in another order, do to bills and balances.

Each relation takes a case, some dice and `run`, which settles a case; each says in its docstring why it holds.
"""

from tests.billing.oracle.dice import Dice
from tests.billing.oracle.sums import Json, Run, patient_of


def settling_twice(case: Json, dice: Dice, run: Run) -> None:
    """Settling a visit that is settled changes nothing and answers the same bill; a refusal is the same again (2)."""
    first = run(case)
    other = {**case, "events": [event for event in case["events"] for _ in range(2 if "settle" in event else 1)]}
    second, at = run(other), 0
    for entry in first["events"]:
        times = 2 if "settle" in entry["event"] else 1
        assert second["events"][at : at + times] == [entry] * times
        at += times
    assert second["balances"] == first["balances"]


def there_and_back(case: Json, dice: Dice, run: Run) -> None:
    """A bill returned is as if it had never been: settled, reversed and settled again it is the same (2, S6)."""
    events, live, places = [], set(), []
    for event in case["events"]:
        visit_id = event.get("settle")
        if visit_id is not None and visit_id not in live and dice.chance(50):
            events += [event, {"reverse": visit_id}]
        live = live | {visit_id} if visit_id else live - {event.get("reverse")}
        places.append(len(events))
        events.append(event)
    first, second = run(case), run({**case, "events": events})
    assert [second["events"][at] for at in places] == first["events"]
    assert second["balances"] == first["balances"]


def all_given_back(case: Json, dice: Dice, run: Run) -> None:
    """With everything reversed each balance is what the file says is used, to the unit and the fen (2, 7, S6)."""
    undo = [{"reverse": visit["id"]} for visit in case["visits"]]
    undo += [{"reverse_bed": bed["id"], "from": "2025-01-01", "to": "2027-01-01"} for bed in case["beds"]]
    undone = run({**case, "events": case["events"] + undo})["balances"]
    assert undone == run({**case, "events": []})["balances"]


def refused_events(case: Json, dice: Dice, run: Run) -> None:
    """A refused event changes nothing (2): without them all other answers and the balances are the same."""
    first = run(case)
    kept = [entry for entry in first["events"] if entry["status"] != "refused"]
    second = run({**case, "events": [entry["event"] for entry in kept]})
    assert second == {"events": kept, "balances": first["balances"]}


def patients_apart(case: Json, dice: Dice, run: Run) -> None:
    """Balances are a patient's own (6) and shares do not depend on events (5.5): patients' events may change places."""
    order = sorted(case["events"], key=lambda event: patient_of(case, event))
    first, second = run(case), run({**case, "events": order})
    assert sorted(first["events"], key=lambda entry: patient_of(case, entry["event"])) == second["events"]
    assert first["balances"] == second["balances"]


def bed_days_by_year(case: Json, dice: Dice, run: Run) -> None:
    """A stay is settled year by year, each with its own line (7): two requests that meet at New Year bill the same."""
    new_year, split = "2026-01-01", []
    for event in case["events"]:
        if "settle_bed" in event and event["from"] < new_year < event["to"]:
            split += [{**event, "to": new_year}, {**event, "from": new_year}]
        else:
            split.append(event)
    first, second = run(case), run({**case, "events": split})
    lines = [
        [line for entry in result["events"] if "settle_bed" in entry["event"] for line in entry.get("lines", [])]
        for result in (first, second)
    ]
    assert lines[0] == lines[1]
    assert first["balances"] == second["balances"]
