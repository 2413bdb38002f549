"""What the process does in which a period is solved (see `forking`)."""

from multiprocessing.connection import Connection

from service.routing import forked
from service.routing.period.solving import solve


def run(reading: int, writing: int) -> None:
    """Solve the period that comes through the pipe `reading`, and answer through `writing`.

    Raises: nothing that the parent must know; a process that ends without an answer has failed.
    """
    hears, says = Connection(reading, writable=False), Connection(writing, readable=False)
    period = hears.recv()
    forked.end_with_parent(hears)
    says.send(solve(period))
