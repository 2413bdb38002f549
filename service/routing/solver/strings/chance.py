"""Random numbers for the compiled search: a small generator whose state is an array, so that a seed fixes a run."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from service.routing.solver.kernel.compiled import inlined

Chance = NDArray[np.uint64]

UNIT: Final = 1.0 / (1 << 53)
ELEVEN, THIRTEEN, SEVEN, SEVENTEEN = np.uint64(11), np.uint64(13), np.uint64(7), np.uint64(17)


def seeded(seed: Sequence[int]) -> Chance:
    """Make a generator.

    Raises: nothing.
    """
    return np.random.SeedSequence([abs(part) for part in seed]).generate_state(1, np.uint64) | np.uint64(1)


@inlined
def draw(chance: Chance) -> float:
    """Draw a number from [0, 1) (Marsaglia's xorshift)."""
    state = chance[0]
    state ^= state << THIRTEEN
    state ^= state >> SEVEN
    state ^= state << SEVENTEEN
    chance[0] = state
    return float(state >> ELEVEN) * UNIT


@inlined
def below(chance: Chance, bound: int) -> int:
    """Draw a whole number from [0, bound)."""
    return int(draw(chance) * bound)
