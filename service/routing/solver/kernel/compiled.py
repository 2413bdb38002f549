"""Compiles the search's functions to machine code, and keeps the code where the next process finds it."""

import fcntl
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

import numba
from numba.core.registry import cpu_target

from service.routing.solver import mandatory

Function = TypeVar("Function", bound=Callable[..., Any])

PLACE: Final = "NUMBA_CACHE_DIR"
DATA: Final = "XUNZHEN_DATA_DIR"
"""The variables that name another place for the compiled code, and the place of all that the service writes."""

OPTIONS: Final[Mapping[str, Any]] = MappingProxyType({"nogil": True, "error_model": "numpy", "_nrt": False})
"""No interpreter's lock; no arrays are made inside, so none need be counted (a third of the time)."""

CLOSED: Final[Mapping[str, Any]] = MappingProxyType({"no_cpython_wrapper": True, "no_cfunc_wrapper": True})
"""No door for Python, which for functions of many arrays takes longer to compile than the function."""

READY: Final = "ready"
LOCK: Final = "lock"


@cache
def place(package: Path) -> Path:
    """Choose a directory for a package's compiled code that only this user can write to: the one named by the
    environment, the user's cache, the service's data directory, else one in the temporary directory, at last a new one
    for this process alone.

    Raises: nothing.
    """
    named, data = os.environ.get(PLACE), os.environ.get(DATA)
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    parents = [
        *([Path(named)] if named else []),
        Path(home) / "xunzhen",
        *([Path(data) / "compiled"] if data else []),
        Path(tempfile.gettempdir()) / f"xunzhen-{os.getuid()}",
    ]
    for parent in parents:
        found = parent / f"{package.name}-{_version(package)}"
        if _is_ours(found):
            return found
    return Path(tempfile.mkdtemp(prefix="xunzhen-"))


def _version(package: Path) -> str:
    """A name for the package as it stands: code compiled from other sources, by another compiler or for another
    processor is never taken for it. numba itself goes by the place and the time of each file; so must the name.
    """
    found = hashlib.sha256()
    processor: Any = cpu_target.target_context.codegen().magic_tuple()
    found.update(repr((numba.__version__, sys.implementation.cache_tag, processor, str(package))).encode())
    for path in (*sorted(package.glob("*.py")), Path(__file__), Path(mandatory.__file__)):
        found.update(str(path.stat().st_mtime_ns).encode() + path.read_bytes())
    return found.hexdigest()[:16]


def _is_ours(path: Path) -> bool:
    # compiled code is executed when loaded: a directory of somebody else's is never used
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.stat().st_uid == os.getuid() and not path.stat().st_mode & 0o022 and os.access(path, os.W_OK)
    except OSError:
        return False


def is_ready(package: Path) -> bool:
    """Tell whether a process has compiled all of a package before, so that it only needs to be loaded.

    Raises: nothing.
    """
    return (place(package) / READY).exists()


@contextmanager
def making_ready(package: Path) -> Iterator[None]:
    """Let one process at a time compile a package; the others wait, and then load it.

    Raises: nothing.
    """
    with (place(package) / LOCK).open("w", encoding="utf-8") as lock:
        if not is_ready(package):
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
        (place(package) / READY).touch()


def compiled(function: Function) -> Function:
    """Compile a function that Python calls, when it is first called; kept on disk for the processes that follow.

    Raises: nothing.
    """
    return _compile(function, cache=True)


def linked(function: Function) -> Function:
    """Compile a function that only compiled ones call; kept on disk as well.

    Raises: nothing.
    """
    return _compile(function, cache=True, **CLOSED)


def inlined(function: Function) -> Function:
    """Compile a function into each of its callers: for what every proposal or stop calls. A call hands over every
    number of all the arrays, which takes longer than most functions; what is called from many places grows them all.

    Raises: nothing.
    """
    return _compile(function, forceinline=True, **CLOSED)


def _compile(function: Function, **options: Any) -> Function:
    settings: Any = numba.config
    settings.CACHE_DIR = str(place(Path(function.__code__.co_filename).parent))
    return cast(Function, numba.njit(**OPTIONS, **options)(function))
