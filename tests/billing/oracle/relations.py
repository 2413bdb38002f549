"""Metamorphic relations: a case changed in a way whose effect follows from the rules, and the effect that must show."""

from collections.abc import Callable
from typing import Final

from tests.billing.oracle import other_events, other_people, same_bills
from tests.billing.oracle.dice import Dice
from tests.billing.oracle.sums import Json, Run

RELATIONS: Final[tuple[Callable[[Json, Dice, Run], None], ...]] = (
    same_bills.rows_in_any_order,
    same_bills.items_in_any_order,
    same_bills.items_split,
    same_bills.other_clocks,
    same_bills.later_prices,
    same_bills.names_do_not_matter,
    other_events.settling_twice,
    other_events.there_and_back,
    other_events.all_given_back,
    other_events.refused_events,
    other_events.patients_apart,
    other_events.bed_days_by_year,
    other_people.without_a_stranger,
    other_people.one_fee_per_home,
    other_people.one_more_contract,
    other_people.more_cover,
)
