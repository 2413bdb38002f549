"""Compiles the kernel's functions to machine code, and keeps the code where the next process finds it."""

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

PLACE: Final = "NUMBA_CACHE_DIR"
"""The variable that names another place for the compiled code."""

OPTIONS: Final[Mapping[str, Any]] = MappingProxyType({"nogil": True, "error_model": "numpy", "_nrt": False})
"""No interpreter's lock; no arrays are made inside, so none need be counted (a third of the time)."""


@cache
def place(package: Path) -> Path:
    """Choose a directory for a package's compiled code that only this user can write to: the one named by the
    environment, the user's cache, else one in the temporary directory, at last a new one for this process alone.

    Raises: nothing.
    """
    named = os.environ.get(PLACE)
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    places = [Path(home) / "xunzhen", Path(tempfile.gettempdir()) / f"xunzhen-{os.getuid()}"]
    for parent in [Path(named), *places] if named else places:
        found = parent / f"{package.name}-{_sources(package)}"
        if _is_ours(found):
            return found
    return Path(tempfile.mkdtemp(prefix="xunzhen-"))


def _sources(package: Path) -> str:
    """A name for the package as it stands: code compiled from other sources is never taken for it."""
    content = b"".join(path.read_bytes() for path in sorted(package.glob("*.py")))
    return hashlib.sha256(content).hexdigest()[:16]


def _is_ours(path: Path) -> bool:
    # compiled code is executed when loaded: a directory of somebody else's is never used
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path.stat().st_uid == os.getuid() and not path.stat().st_mode & 0o022 and os.access(path, os.W_OK)
    except OSError:
        return False


def compiled(function: Function) -> Function:
    """Compile a function when it is first called; kept on disk for the processes that follow.

    Raises: nothing.
    """
    settings: Any = numba.config
    settings.CACHE_DIR = str(place(Path(function.__code__.co_filename).parent))
    return cast(Function, numba.njit(cache=True, **OPTIONS)(function))


def inlined(function: Function) -> Function:
    """Compile a function into each of its callers: for the small ones that are called at every stop.

    Raises: nothing.
    """
    return cast(Function, numba.njit(forceinline=True, **OPTIONS)(function))
