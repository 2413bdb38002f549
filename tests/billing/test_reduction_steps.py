"""The step after the kernel, alone: what is taken off the family's own part of each line."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from service.billing import reductions

HALF = reductions.Rule("R1", "低收入减免", frozenset({"low_income"}), frozenset(), Decimal("0.5"))
POOR = frozenset({"low_income"})


def taken(
    *own: tuple[str, int], rules: tuple[reductions.Rule, ...], groups: frozenset[str] = POOR
) -> list[tuple[int, str, int]]:
    found = reductions.apply(own, reductions.Offer(rules, groups))
    return [(each.at, each.rule.id, each.amount_fen) for each in found]


class TestReach:
    def test_a_share_of_every_service_but_nothing_of_the_visit_fee(self) -> None:
        assert taken(("BP", 1001), ("EKG", 0), ("VISIT_FEE", 7800), rules=(HALF,)) == [(0, "R1", 501)]

    def test_a_rule_of_the_visit_fee_is_of_the_visit_fee_alone(self) -> None:
        of_fee = replace(HALF, codes=frozenset({"VISIT_FEE"}))
        assert taken(("BP", 1000), ("VISIT_FEE", 7800), rules=(of_fee,)) == [(1, "R1", 3900)]

    def test_nobody_else_gets_it(self) -> None:
        assert taken(("BP", 1000), rules=(HALF,), groups=frozenset({"chronic"})) == []

    def test_a_rule_without_an_audience_is_for_everybody(self) -> None:
        assert taken(("BP", 1000), rules=(replace(HALF, groups=frozenset()),), groups=frozenset()) == [(0, "R1", 500)]


class TestTheBest:
    def test_the_rule_that_takes_off_most_wins_line_by_line(self) -> None:
        of_bp = reductions.Rule("R2", "t", frozenset(), frozenset({"BP"}), Decimal("0.8"))
        assert taken(("EKG", 1000), ("BP", 1000), rules=(HALF, of_bp)) == [(0, "R1", 500), (1, "R2", 800)]

    def test_equal_ones_go_to_the_first_id(self) -> None:
        other = replace(HALF, id="R0")
        assert taken(("BP", 1000), rules=(HALF, other)) == [(0, "R0", 500)] == taken(("BP", 1000), rules=(other, HALF))

    def test_a_cap_is_of_the_whole_bill_and_then_the_next_rule_has_its_turn(self) -> None:
        capped = reductions.Rule("R3", "t", frozenset(), frozenset(), Decimal(1), cap_fen=1500)
        own = [("A", 1000), ("B", 1000), ("C", 1000)]
        assert taken(*own, rules=(capped,)) == [(0, "R3", 1000), (1, "R3", 500)]
        assert taken(*own, rules=(capped, HALF)) == [(0, "R3", 1000), (1, "R1", 500), (2, "R1", 500)]


@given(
    st.lists(st.tuples(st.sampled_from(["A", "B", "VISIT_FEE"]), st.integers(0, 10_000))),
    st.lists(
        st.builds(
            lambda number, codes, ratio, cap: reductions.Rule(
                f"R{number}", "t", frozenset(), frozenset(codes), Decimal(ratio) / 100, cap
            ),
            st.integers(0, 99),
            st.sets(st.sampled_from(["A", "B", "VISIT_FEE"])),
            st.integers(1, 100),
            st.none() | st.integers(1, 5_000),
        ),
        unique_by=lambda rule: rule.id,
    ),
)
def test_never_more_than_the_own_part_nor_than_a_cap(own: list[tuple[str, int]], rules: list[reductions.Rule]) -> None:
    found = reductions.apply(own, reductions.Offer(tuple(rules)))
    assert len({each.at for each in found}) == len(found)
    assert all(0 < each.amount_fen <= own[each.at][1] and each.code == own[each.at][0] for each in found)
    for rule in rules:
        of_rule = sum(each.amount_fen for each in found if each.rule == rule)
        assert rule.cap_fen is None or of_rule <= rule.cap_fen
    assert found == reductions.apply(own, reductions.Offer(tuple(rules[::-1])))
