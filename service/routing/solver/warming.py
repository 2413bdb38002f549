"""Makes all compiled code of the solver ready."""

from service.routing.solver import kernel, rides, strings


def warm() -> None:
    """Load the compiled code within seconds where a process of this user has compiled it before, else compile it, which
    takes about a minute of CPU. One process compiles at a time; the others wait for it.

    Raises: nothing.
    """
    kernel.warm()
    strings.warm()
    rides.warm()


def is_ready() -> bool:
    """Tell whether `warm` takes only seconds.

    Raises: nothing.
    """
    return kernel.is_ready() and strings.is_ready() and rides.is_ready()
