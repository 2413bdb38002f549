"""`python -m service.routing.solver`: compiles the search, so that the processes that follow need only load it."""

import os
from typing import Final

from service.routing.solver import is_ready, warm

NICE: Final = 10
"""How much the compiler stands back behind everybody else's work."""

if __name__ == "__main__" and not is_ready():
    os.nice(NICE)
    warm()
