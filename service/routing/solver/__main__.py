"""`python -m service.routing.solver`: compiles the search, so that the processes that follow need only load it.

All cores work at it; with `--aside` one does, and stands back behind everybody else's work.
"""

import fcntl
import os
import sys
from pathlib import Path
from typing import Final

from service.routing.solver import is_ready, warm
from service.routing.solver.kernel import compiled
from service.routing.solver.warming import warm_at_once

ASIDE: Final = "--aside"
NICE: Final = 10
"""How much the compiler stands back behind everybody else's work."""


def main() -> None:
    """Compile what is not compiled yet, unless another process like this one is at it.

    Raises: nothing.
    """
    if is_ready():
        return
    with (compiled.place(Path(compiled.__file__).parent) / "at-it").open("w", encoding="utf-8") as turn:
        try:
            # workers that start again and again must not wait here by the dozen
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if ASIDE in sys.argv[1:]:
            os.nice(NICE)
            warm()
        else:
            warm_at_once()


if __name__ == "__main__":
    main()
