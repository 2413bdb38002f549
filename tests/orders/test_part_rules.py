"""Which parts an order has, when they contradict each other, and what the elder reads of them."""

from datetime import time

import pytest

from service.catalog.part_rules import PartFacts
from service.catalog.rules import ItemFacts, OrderKind
from service.orders import errors, part_rules
from service.orders.part_rules import Part


def item(code: str, minutes: int, *parts: PartFacts) -> ItemFacts:
    return ItemFacts(
        code, code, minutes, 1, frozenset(), frozenset(OrderKind), time(9), home_allowed=True, refusal_note=None,
        parts=parts,
    )  # fmt: skip


ITEMS = {
    "PLAIN": item("PLAIN", 30),
    "SOAK": item("SOAK", 20, PartFacts(10, 60, 75)),
    "SUGAR": item("SUGAR", 5, PartFacts(5, 70, 120), PartFacts(5, 30, 40)),
    "FAR": item("FAR", 5, PartFacts(5, 76, 120)),
}


class TestPartsOf:
    def test_an_order_without_any_is_one_visit(self) -> None:
        assert part_rules.parts_of([("PLAIN", 2)], ITEMS) == ()

    def test_those_of_one_number_are_given_together_within_the_narrowest_times(self) -> None:
        assert part_rules.parts_of([("PLAIN", 1), ("SOAK", 1), ("SUGAR", 3)], ITEMS) == (
            Part(2, 10 + 3 * 5, 70, 75),
            Part(3, 3 * 5, 30, 40),
        )


class TestRefusing:
    def test_one_person_can_give_what_leaves_a_time(self) -> None:
        part_rules.refuse_parts(part_rules.parts_of([("SOAK", 1), ("SUGAR", 1)], ITEMS), 1)
        part_rules.refuse_parts((), 2)

    def test_several_people_cannot_come_back_together(self) -> None:
        with pytest.raises(errors.PartsNeedOnePerson):
            part_rules.refuse_parts(part_rules.parts_of([("SOAK", 1)], ITEMS), 2)

    def test_times_that_contradict_each_other_are_named(self) -> None:
        with pytest.raises(errors.PartsDisagree) as refused:
            part_rules.refuse_parts(part_rules.parts_of([("SOAK", 1), ("FAR", 1)], ITEMS), 1)
        assert refused.value.facts == {"part": 2, "after_min_minutes": 76, "after_max_minutes": 75}


class TestTelling:
    def test_says_how_often_and_when_somebody_comes(self) -> None:
        told = part_rules.tell(part_rules.parts_of([("SUGAR", 1)], ITEMS), 5)
        assert told == (
            "同一人分3次上门：第1次约5分钟；第2次约5分钟，在第1次结束后70至120分钟之间再来；"
            "第3次约5分钟，在第2次结束后30至40分钟之间再来。各次合为一次服务，只按一次上门计费。"
        )

    def test_says_nothing_of_a_visit_made_at_once(self) -> None:
        assert part_rules.tell((), 30) is None
