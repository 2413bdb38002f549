"""What a run says at its end, once, however many processes ran its tests: which OSRM was asked, say.

Tests call `say`; the root conftest's hooks carry what they said from xdist's workers to the process that prints.
"""

from collections.abc import Iterable
from typing import Any, Final

REMARKS: Final[dict[str, set[str]]] = {}
KEY: Final = "remarks"


def say(about: str, what: str) -> None:
    """Have the run's last lines tell `what`, among others about the same."""
    REMARKS.setdefault(about, set()).add(what)


def send(output: dict[str, Any]) -> None:
    """Put what was said here into what a worker of xdist hands over: plain lists."""
    output[KEY] = {about: sorted(said) for about, said in REMARKS.items()}


def receive(output: dict[str, Any]) -> None:
    """Take over what a worker handed over; one that died has nothing."""
    for about, said in output.get(KEY, {}).items():
        REMARKS.setdefault(about, set()).update(said)


def lines() -> Iterable[str]:
    """Return a line about each thing."""
    return [f"{about}: {'; '.join(sorted(said))}" for about, said in sorted(REMARKS.items())]
