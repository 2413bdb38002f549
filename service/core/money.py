"""Money: whole fen as `int`, unit prices as `Decimal` yuan with at most four decimals, and no float anywhere.

Every product is formed exactly, as a fraction of integers, and rounded once, half up (away from zero); a split hands
out the whole to the fen.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

FEN_PER_YUAN: Final = 100
PRICE_STEPS_PER_YUAN: Final = 10_000
"""A unit price is a whole number of these: four decimals."""


def round_half_up_fen(yuan: Decimal) -> int:
    """Round an amount in yuan to the fen, half up (away from zero).

    Raises:
        TypeError: not a Decimal (a float is never money).
    """
    return product_fen(yuan)


def line_total_fen(unit_price: Decimal, quantity: int) -> int:
    """Return what `quantity` units cost, in fen: the exact product, rounded half up once.

    Raises:
        TypeError: the price is no Decimal or the quantity no int.
        ValueError: either is negative, or the price has more than four decimals.
    """
    price, parts = _fraction(unit_price)
    if price < 0 or quantity < 0:
        raise ValueError("a price and a quantity are not negative")
    if PRICE_STEPS_PER_YUAN % parts:
        raise ValueError(f"{unit_price}: a unit price has at most four decimals")
    return product_fen(unit_price, quantity)


def product_fen(yuan: Decimal, *factors: Decimal | int) -> int:
    """Multiply an amount in yuan by `factors` exactly and round the product once, half up, to the fen.

    Raises:
        TypeError: a float (or a bool) among the numbers.
    """
    over, under = _fraction(yuan)
    for factor in factors:
        factor_over, factor_under = _fraction(factor)
        over, under = over * factor_over, under * factor_under
    return _half_up(over * FEN_PER_YUAN, under)


def ratio_fen(amount_fen: int, ratio: Decimal) -> int:
    """Return `amount_fen` × `ratio`, rounded half up to the fen.

    Raises:
        TypeError: a float (or a bool) among the numbers.
    """
    amount, _ = _fraction(amount_fen)
    over, under = _fraction(ratio)
    return _half_up(amount * over, under)


def whole_fen(yuan: Decimal) -> int:
    """Return an amount in yuan as fen.

    Raises:
        TypeError: not a Decimal.
        ValueError: it is not a whole number of fen.
    """
    over, under = _fraction(yuan)
    fen, rest = divmod(over * FEN_PER_YUAN, under)
    if rest:
        raise ValueError(f"{yuan}: not a whole number of fen")
    return fen


def split_largest_remainder(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Split `total_fen` in proportion to `weights` so that the parts sum to it exactly.

    Each part is rounded down; the fen that remain go one each to the largest fractional remainders, among equal ones
    to the earlier position. With no weight at all there is nothing to split by: all parts are 0.

    Raises:
        ValueError: the total or a weight is negative, or a total > 0 has no weight to go to.
    """
    whole = sum(weights)
    if total_fen < 0 or any(weight < 0 for weight in weights):
        raise ValueError("a total and its weights are not negative")
    if whole == 0:
        if total_fen:
            raise ValueError("nobody to give the total to")
        return [0] * len(weights)
    parts = [total_fen * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(total_fen * weights[at] % whole), at))
    for at in by_remainder[: total_fen - sum(parts)]:
        parts[at] += 1
    return parts


def format_yuan(fen: int) -> str:
    """Write fen as yuan with two decimals, `-` before a negative amount."""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02d}"


def _fraction(number: Decimal | int) -> tuple[int, int]:
    """Return a number as (numerator, denominator); decimal arithmetic would round beyond its 28 digits."""
    if isinstance(number, bool) or not isinstance(number, Decimal | int):
        raise TypeError(f"{number!r}: money is counted in int and Decimal")
    return number.as_integer_ratio()


def _half_up(over: int, under: int) -> int:
    rounded = (2 * abs(over) + under) // (2 * under)
    return -rounded if over < 0 else rounded
