"""What the settings of a day's institutions say about the plan as a whole: its prices, and the traffic of the day."""

from collections.abc import Sequence

from service.routing.building import overflow
from service.routing.building.facts import Agreement, Policy
from service.routing.problem import Band, Rules


def rules_of(policies: Sequence[Policy], agreements: Sequence[Agreement] = ()) -> Rules:
    """Return the rules of a plan of these institutions: of each price the highest holds.

    Overtime and missed lunches are priced only where all of them price them; one that does not allow them keeps them
    out of the plan. Where institutions help each other out, whom a job forbids has a price: it forbids the neighbours'
    staff and nobody else (`wishes.who_of`).
    """

    def highest(name: str) -> int:
        found: int = max(getattr(each, name) for each in policies or (Policy(),))
        return found

    def of_all(name: str) -> int:
        return highest(name) if all(getattr(each, name) for each in policies) else 0

    return Rules(
        not_preferred=highest("wish_price_minutes") * 60,
        waiting=highest("waiting_price"),
        max_idle=highest("idle_price"),
        overtime=of_all("overtime_price") or None,
        missed_lunch=of_all("missed_lunch_minutes") * 60 or None,
        balance=highest("balance_price"),
        travel_balance=highest("travel_balance_price"),
        arrival=highest("arrival_minutes") * 60,
        changed=highest("changed_price_minutes") * 60,
        moved=highest("moved_price_minutes") * 60,
        forbidden=overflow.price_seconds(agreements),
    )


def bands(traffic: Sequence[tuple[int, int]]) -> tuple[Band, ...]:
    """Return the bands of a day from (minute, per cent): before the first one travel takes what it takes."""
    told = tuple(Band(minute * 60, percent * 10) for minute, percent in traffic)
    return told if not told or told[0].start == 0 else (Band(0, 1000), *told)
