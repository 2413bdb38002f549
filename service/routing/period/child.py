"""What the process does in which a period is solved: the period comes in as JSON, the answer goes out as JSON."""

import sys

from service.routing.period import apart
from service.routing.period.solving import solve


def run() -> None:
    """Solve the period on standard input, and answer on standard output.

    Raises: nothing that the parent must know; a process that ends without an answer has failed.
    """
    period = apart.PERIOD.validate_json(sys.stdin.buffer.read())
    sys.stdout.buffer.write(apart.ANSWER.dump_json(solve(period)))


if __name__ == "__main__":
    run()
