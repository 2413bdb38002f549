"""Makes all compiled code of the solver ready."""

from service.routing.solver import kernel, strings


def warm() -> None:
    """Load the compiled code within seconds where a process of this user has compiled it before, else compile it, which
    takes about two minutes. Called when a process starts that solves.

    Raises: nothing.
    """
    kernel.warm()
    strings.warm()
