"""Makes all compiled code of the solver ready."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from service.routing.solver import kernel, rides, strings


def warm() -> None:
    """Load the compiled code within seconds where a process of this user has compiled it before, else compile it, which
    takes about two minutes of CPU. One process compiles at a time; the others wait for it.

    Raises: nothing.
    """
    kernel.warm()
    rides.warm()
    strings.warm()


def warm_at_once() -> None:
    """Compile it in as many processes as there are cores, for those that follow.

    Raises:
        BrokenProcessPool: one of them was killed.
    """
    packages = (kernel.warm, rides.warm, strings.warm)
    with ProcessPoolExecutor(min(len(packages), os.cpu_count() or 1), get_context("spawn")) as processes:
        for each in [processes.submit(one) for one in packages]:
            each.result()


def is_ready() -> bool:
    """Tell whether `warm` takes only seconds.

    Raises: nothing.
    """
    return kernel.is_ready() and rides.is_ready() and strings.is_ready()
