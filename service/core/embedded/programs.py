"""The one place of this package that starts other programs, in an environment PostgreSQL cannot be misled by."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Final

TIMEOUT_SECONDS: Final = 120


class ProgramFailed(RuntimeError):
    """A program ended with a status other than 0; the message is what it wrote to stderr."""


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment, without what libpq and the server read (PGHOST, PGDATA, …), plus `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, **more}


def start(
    argv: Sequence[str],
    *,
    stdout: int | IO[bytes] = subprocess.DEVNULL,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    stdin: int = subprocess.DEVNULL,
    environ: Mapping[str, str] | None = None,
    user: int | None = None,
    group: int | None = None,
    before_exec: Callable[[], None] | None = None,
    new_session: bool = False,
) -> subprocess.Popen[bytes]:
    """Start a program from `/`, so that it keeps no directory busy, and return it running."""
    # argv comes from this package alone, never from a request; before_exec is used by the one-threaded supervisor only
    return subprocess.Popen(  # noqa: S603
        list(argv),
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        env=dict(environ) if environ is not None else environment(),
        cwd="/",
        user=user,
        group=group,
        extra_groups=[] if user is not None else None,
        preexec_fn=before_exec,  # noqa: PLW1509
        start_new_session=new_session,
    )


def run(argv: Sequence[str], *, given: str = "") -> str:
    """Run a program to its end with `given` on its stdin and return its stdout.

    Raises:
        ProgramFailed: it ended with a status other than 0, or not at all within two minutes.
    """
    with start(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            out, err = process.communicate(given.encode(), timeout=TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise ProgramFailed(f"{argv[0]}: no end after {TIMEOUT_SECONDS} s") from None
    if process.returncode != 0:
        raise ProgramFailed(err.decode(errors="replace").strip())
    return out.decode()
