"""The garbage collector in a process that lives long: what was loaded at the start is not looked through again."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_BEFORE_A_LOOK: Final = 100_000
"""How many new objects wait for a look: a request makes thousands, one about a large day's plan some 40,000, and nearly
all die by counting.
"""


def freeze() -> None:
    """Take everything alive now (modules, models, routes) out of the collector's sight, and look less often.

    Without this each full collection goes through some 500,000 objects that never die, in the middle of a request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_BEFORE_A_LOOK, 20, 20)


@contextmanager
def loading() -> Iterator[None]:
    """Load modules without the collector, which would look through them while they come: a tenth of a start."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
