"""Canaries: identity numbers, phones and addresses that are let fly through all tests, and must be heard nowhere.

`World` gives them to its patients. Whatever the process logs, every refusal that a client of the world is told, the
metrics and, at the end of the run, a dump of the database are listened to; so is what the servers and workers write
that tests start, in whichever version.
"""

import logging
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import IO, Any, Final

import structlog
from httpx import Response
from prometheus_client import generate_latest
from sqlalchemy import make_url

from service.core import metrics
from service.core.embedded import binaries, programs
from service.patients.numbers import check_digit

PHONE: Final = "1990952"
"""How the phones of the world's patients begin."""
STREET: Final = "金丝雀巷"
"""Where the world's patients live."""
ADDRESS: Final = f"大武口区{STREET}1号"

_TYPED: Final = ("13812345678", "13912345678", "13812340000", "13800000000")
"""Phones that tests type into forms."""
# not the places behind a decimal point: a duration in the metrics has seventeen of them
_IDENTITY: Final = re.compile(r"(?<![0-9a-f.])\d{17}[\dXx](?![0-9a-f])")
_PHONES: Final = re.compile(rf"{PHONE}\d{{4}}|(?<![0-9a-f])(?:{'|'.join(_TYPED)})(?![0-9a-f])")
_HEX_IDENTITY: Final = re.compile(r"(?:3[0-9]){17}(?:3[0-9]|58)")
_HEX: Final = (STREET.encode().hex(), PHONE.encode().hex(), *(each.encode().hex() for each in _TYPED))

leaks: list[str] = []
"""What was heard since somebody last looked; a fixture fails the test that it was heard in."""


def heard_in(text: str) -> list[str]:
    """Return what of the canaries a text holds: any identity number that could be one, phones, addresses."""
    found = [each for each in _IDENTITY.findall(text) if _is_identity(each)]
    found += _PHONES.findall(text)
    return found + ([STREET] if STREET in text else [])


def _is_identity(digits: str) -> bool:
    with suppress(ValueError):
        born = date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
        return 1900 <= born.year <= 2100 and check_digit(digits[:17]) == digits[17].upper()
    return False


def heard_in_hex(text: str) -> list[str]:
    """Return what a text holds of the canaries as hexadecimal bytes: how a dump shows what was kept unsealed."""
    numbers = (bytes.fromhex(each).decode() for each in _HEX_IDENTITY.findall(text))
    return [each for each in numbers if _is_identity(each)] + [each for each in _HEX if each in text]


def _overhear(_: object, level: str, line: str) -> str:
    if heard_in(str(line)):
        leaks.append(f"log: {line}")
    if level not in {"error", "critical", "exception"}:
        raise structlog.DropEvent
    return line


class _Ear(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        line = self.format(record)
        if heard_in(line):
            leaks.append(f"logging: {line}")


def listen() -> None:
    """Overhear every line that is logged at any level; what is written stays at errors."""
    known = structlog.get_config()["processors"]
    if _overhear not in known:
        structlog.configure(
            processors=[*known, _overhear], wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG)
        )
    root = logging.getLogger()
    if not any(isinstance(each, _Ear) for each in root.handlers):
        root.addHandler(_Ear())


async def refuse_in_problems(answer: Response) -> None:
    """Note a canary in the body or the headers of a refusal."""
    if answer.status_code >= 400:
        told = (await answer.aread()).decode(errors="replace") + str(dict(answer.headers))
        if found := heard_in(told):
            leaks.append(f"{answer.request.method} {answer.request.url.path} {answer.status_code}: {found} in {told}")


@contextmanager
def overheard(told: str) -> Iterator[IO[bytes]]:
    """Give a file for what a process of the tests writes; at the end it is listened to, and passed on to pytest."""
    with tempfile.TemporaryFile() as log:
        try:
            yield log
        finally:
            log.seek(0)
            lines = log.read().decode(errors="replace")
            sys.stderr.write(lines)
            leaks.extend(f"{told}: {line}" for line in lines.splitlines() if heard_in(line))


def in_files(directory: Path) -> Iterator[str]:
    """Yield every line of the log files below a directory that holds a canary."""
    for path in directory.rglob("*.log"):
        with path.open(errors="replace") as lines:
            yield from (f"{path.name}: {line[:400]}" for line in lines if heard_in(line))


def in_metrics() -> list[str]:
    """Return the canaries that the process tells Prometheus."""
    return heard_in(generate_latest(metrics.REGISTRY).decode())


def in_dump(url: str) -> Iterator[str]:
    """Yield every line of a database's dump that holds a canary in the clear, with its table (an owner's URL)."""
    at = make_url(url)
    environ = programs.environment(PGPASSWORD=str(at.password or ""))
    where = ["--host", str(at.host or at.query["host"]), "--username", str(at.username), "--dbname", str(at.database)]
    where += ["--port", str(at.port)] if at.port else []
    argv = [str(binaries.find() / "pg_dump"), "--data-only", *where]
    with programs.start(argv, stdout=-1, environ=environ) as dump:
        assert dump.stdout is not None
        yield from _in_lines(line.decode(errors="replace") for line in dump.stdout)
    assert dump.returncode == 0, "pg_dump failed"


def assert_nobody_is_named(url: str) -> None:
    """Fail when a database's dump holds a canary in the clear (an owner's URL)."""
    assert list(in_dump(url)) == [], "the dump holds what names a person"


def _in_lines(lines: Any) -> Iterator[str]:
    table = ""
    for line in lines:
        if line.startswith("COPY "):
            table = line.split(" ", 2)[1]
        elif found := heard_in(line) + heard_in_hex(line):
            yield f"{table}: {found} in {line[:400].strip()}"
