"""PostgreSQL's own dump and restore, run as the schema's owner."""

import subprocess
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from service.core.embedded import binaries, programs

# comments on extensions belong to their owner, who is somebody else; everything of ours is restored as the owner's own
_AS_OURS: Final = ("--no-owner", "--no-comments")


class PostgresRefused(Exception):
    """pg_dump or pg_restore ended with an error; the message is its last line."""


def plain_url(url: str) -> str:
    """Return a SQLAlchemy URL as asyncpg reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def dump(url: str, *, snapshot: str, to: Path) -> None:
    """Write what a transaction's exported `snapshot` sees to a file of PostgreSQL's custom format.

    Raises:
        PostgresRefused: pg_dump could not.
    """
    _run("pg_dump", url, "--format=custom", f"--snapshot={snapshot}", f"--file={to}", "--schema=public", *_AS_OURS)


def restore(url: str, source: Path) -> None:
    """Put a dump into an empty database, all of it or nothing.

    Raises:
        PostgresRefused: pg_restore could not; nothing was kept.
    """
    arguments = ("--single-transaction", "--exit-on-error", *_AS_OURS)
    entries = _run("pg_restore", None, "--list", str(source)).splitlines()
    # every database has a schema `public` already, and its owner may not make it again
    wanted = source.with_suffix(".list")
    wanted.write_text("\n".join(line for line in entries if " SCHEMA - public " not in line))
    _run("pg_restore", url, f"--use-list={wanted}", *arguments, str(source))


def _run(program: str, url: str | None, *arguments: str) -> str:
    argv = [str(binaries.find() / program), *arguments]
    environ = programs.environment()
    if url is not None:
        environ |= _connection(url)
        argv += ["--dbname", environ["PGDATABASE"]] if program == "pg_restore" else []
    process = programs.start(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, environ=environ)
    with process:
        out, err = process.communicate()
    if process.returncode != 0:
        said = err.decode(errors="replace").strip().splitlines() or [f"exit {process.returncode}"]
        raise PostgresRefused(f"{program}: {said[0]}")
    return out.decode()


def _connection(url: str) -> dict[str, str]:
    """Return libpq's variables for a SQLAlchemy URL, whose host and port may stand in its query (a socket)."""
    parts = make_url(url)
    query = {name: value if isinstance(value, str) else value[0] for name, value in parts.query.items()}
    known = {
        "PGHOST": parts.host or query.get("host"),
        "PGPORT": str(parts.port or query.get("port") or 5432),
        "PGUSER": parts.username,
        "PGPASSWORD": parts.password,
        "PGDATABASE": parts.database,
        "PGSSLMODE": query.get("ssl") or query.get("sslmode"),
    }
    return {name: value for name, value in known.items() if value}
