"""Random numbers of the kernel's own: the same on every machine, and apart for every chain."""

import numpy as np
from numpy.typing import NDArray

from service.routing.solver.kernel.compiled import inlined


@inlined
def draw(chance: NDArray[np.uint64]) -> np.uint64:
    """Draw 64 random bits (xorshift*)."""
    bits = chance[0]
    bits ^= bits >> np.uint64(12)
    bits ^= bits << np.uint64(25)
    bits ^= bits >> np.uint64(27)
    chance[0] = bits
    return np.uint64(bits * np.uint64(2685821657736338717))


@inlined
def below(chance: NDArray[np.uint64], number: int) -> int:
    """Draw a whole number from 0 to number - 1."""
    return int(np.int64(draw(chance) >> np.uint64(33)) % number)


@inlined
def share(chance: NDArray[np.uint64]) -> float:
    """Draw a number from 0 up to, not including, 1."""
    return float(np.float64(draw(chance) >> np.uint64(11)) / 9007199254740992.0)


def seeded(seed: int, chain: int) -> NDArray[np.uint64]:
    """Make the generator of a chain.

    Raises: nothing.
    """
    words = np.random.SeedSequence([seed & (2**64 - 1), chain]).generate_state(2)
    return np.array([(int(words[0]) << 32 | int(words[1])) or 1], dtype=np.uint64)
