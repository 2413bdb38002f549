"""Locks on files that the kernel releases when their holder dies, however it died.

Every call opens the file anew, so threads and nested uses of one process hold locks of their own. Descriptors are not
inherited by programs that are started while a lock is held.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

RETRY_SECONDS: Final = 0.01


@contextlib.contextmanager
def attempt(path: Path, *, shared: bool = False) -> Iterator[bool]:
    """Take the lock if it is free right now and say whether it was taken; hold it for the block."""
    descriptor = _open(path)
    try:
        yield _take(descriptor, shared=shared)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def held(path: Path, *, shared: bool = False, seconds: float) -> Iterator[None]:
    """Wait for the lock, then hold it for the block.

    Raises:
        TimeoutError: somebody else kept it for longer than `seconds`.
    """
    descriptor = _open(path)
    try:
        deadline = time.monotonic() + seconds
        while not _take(descriptor, shared=shared):
            if time.monotonic() > deadline:
                raise TimeoutError(str(path))
            time.sleep(RETRY_SECONDS)
        yield
    finally:
        # close, never LOCK_UN: a forked child of a client shares the lock and must keep it
        os.close(descriptor)


def is_exclusive(path: Path) -> bool:
    """Say whether a living process holds the lock exclusively."""
    with attempt(path, shared=True) as free:
        return not free


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _take(descriptor: int, *, shared: bool) -> bool:
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
