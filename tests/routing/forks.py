"""Which processes solve at the moment: the children of what forks them."""

from pathlib import Path

_NAME = b"service.routing.forking"


def solvers_of(pid: int) -> list[int]:
    """Return the processes in which days and periods of a process are solved at the moment."""
    return [solver for each in forks_of(pid) for solver in _children(each)]


def forks_of(pid: int) -> list[int]:
    """Return what a process's solvers are forked from; killed ones do not count."""
    return [child for child in _children(pid) if _NAME in _said(child)]


def _children(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started."""
    found = []
    for each in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in each.read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def _said(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return []
