"""Money is exact: products are rounded once, splits lose no fen, and a float is refused."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core import money

PRICES = st.decimals(0, 999_999_999, places=4, allow_nan=False)


class TestRoundHalfUpFen:
    @pytest.mark.parametrize(
        ("yuan", "fen"),
        [("0.005", 1), ("0.0049", 0), ("1.015", 102), ("2.675", 268), ("-0.005", -1), ("-0.0049", 0), ("12", 1200)],
    )
    def test_rounds_a_half_away_from_zero(self, yuan, fen):
        assert money.round_half_up_fen(Decimal(yuan)) == fen

    def test_refuses_a_float(self):
        with pytest.raises(TypeError):
            money.round_half_up_fen(0.5)

    @pytest.mark.parametrize("nothing", ["NaN", "Infinity"])
    def test_refuses_what_is_no_number(self, nothing):
        with pytest.raises((ValueError, OverflowError)):
            money.round_half_up_fen(Decimal(nothing))


class TestLineTotalFen:
    @pytest.mark.parametrize(
        ("price", "quantity", "fen"), [("5.0000", 3, 1500), ("0.0050", 1, 1), ("0.0050", 3, 2), ("1.2345", 0, 0)]
    )
    def test_rounds_the_product_once_and_not_the_price(self, price, quantity, fen):
        assert money.line_total_fen(Decimal(price), quantity) == fen

    def test_is_exact_beyond_the_precision_of_decimal_arithmetic(self):
        assert money.line_total_fen(Decimal("123456789.1234"), 10**17 + 1) == 1234567891234 * 10**15 + 12345678912

    def test_refuses_five_decimals(self):
        with pytest.raises(ValueError, match="four decimals"):
            money.line_total_fen(Decimal("0.00001"), 1)

    def test_takes_trailing_zeros_for_nothing(self):
        assert money.line_total_fen(Decimal("5.000000"), 1) == 500

    @pytest.mark.parametrize(("price", "quantity"), [("-1", 1), ("1", -1)])
    def test_refuses_negative_numbers(self, price, quantity):
        with pytest.raises(ValueError, match="negative"):
            money.line_total_fen(Decimal(price), quantity)

    @pytest.mark.parametrize(("price", "quantity"), [(5.0, 1), (Decimal(5), 1.0), (Decimal(5), True)])
    def test_refuses_a_float_and_a_bool(self, price, quantity):
        with pytest.raises(TypeError):
            money.line_total_fen(price, quantity)


class TestProductFen:
    def test_rounds_once_after_all_factors(self):
        # 0.015 x 3 x 1.5 = 0.0675; rounding after the first product would give 0.05 x 1.5 = 0.08
        assert money.product_fen(Decimal("0.015"), 3, Decimal("1.5")) == 7

    def test_is_exact_with_three_long_factors(self):
        assert (
            money.product_fen(Decimal("999999999.9999"), 999, Decimal("999999999.9999"))
            == 99900 * 10**18 - 1998 * 10**7
        )


class TestRatioFen:
    @pytest.mark.parametrize(("fen", "ratio", "part"), [(1, "0.5", 1), (3, "0.5", 2), (9000, "0.8", 7200), (7, "0", 0)])
    def test_rounds_half_up(self, fen, ratio, part):
        assert money.ratio_fen(fen, Decimal(ratio)) == part

    @settings(deadline=None)
    @given(st.integers(0, 10**12), st.decimals(0, 1, places=4))
    def test_a_part_is_never_more_than_the_whole(self, fen, ratio):
        assert 0 <= money.ratio_fen(fen, ratio) <= fen


class TestWholeFen:
    def test_takes_whole_fen_however_they_are_written(self):
        assert money.whole_fen(Decimal("1550.0100")) == 155001

    def test_refuses_half_a_fen(self):
        with pytest.raises(ValueError, match="whole number of fen"):
            money.whole_fen(Decimal("0.005"))


class TestSplitLargestRemainder:
    def test_gives_what_remains_to_the_earlier_of_equal_ones(self):
        assert money.split_largest_remainder(10000, [1, 1, 1]) == [3334, 3333, 3333]

    def test_gives_what_remains_to_the_largest_remainder_first(self):
        # 10 x 1/6 = 1.67, 10 x 2/6 = 3.33, 10 x 3/6 = 5
        assert money.split_largest_remainder(10, [1, 2, 3]) == [2, 3, 5]

    def test_splits_nothing_among_no_weights(self):
        assert money.split_largest_remainder(0, [0, 0]) == [0, 0]

    def test_refuses_a_total_that_has_nobody_to_go_to(self):
        with pytest.raises(ValueError, match="nobody"):
            money.split_largest_remainder(1, [0, 0])

    @pytest.mark.parametrize(("total", "weights"), [(-1, [1]), (1, [2, -1])])
    def test_refuses_negative_numbers(self, total, weights):
        with pytest.raises(ValueError, match="negative"):
            money.split_largest_remainder(total, weights)

    @settings(deadline=None)
    @given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
    def test_parts_sum_to_the_whole_and_stay_within_a_fen_of_their_proportion(self, total, weights):
        parts = money.split_largest_remainder(total, weights)
        assert sum(parts) == total
        assert all(abs(part * sum(weights) - total * w) < sum(weights) for part, w in zip(parts, weights, strict=True))

    @settings(deadline=None)
    @given(st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
    def test_a_part_of_the_highest_weight_never_exceeds_the_own_weight(self, weights):
        parts = money.split_largest_remainder(max(weights), weights)
        assert all(part <= weight for part, weight in zip(parts, weights, strict=True))


class TestFormatYuan:
    @pytest.mark.parametrize(("fen", "yuan"), [(0, "0.00"), (5, "0.05"), (12345, "123.45"), (-105, "-1.05")])
    def test_writes_two_decimals(self, fen, yuan):
        assert money.format_yuan(fen) == yuan


@settings(deadline=None)
@given(PRICES, st.integers(0, 1000), st.integers(0, 1000))
def test_units_paid_one_after_the_other_sum_to_the_line(price, first, second):
    whole = money.line_total_fen(price, first + second)
    assert whole - money.line_total_fen(price, first) >= 0
    assert abs(whole - money.line_total_fen(price, first) - money.line_total_fen(price, second)) <= 1
