"""The last lines of a run say which OSRM was asked, also when worker processes asked it; what must be there may not
be left out in silence.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.gateways.maps import real_osrm

ROOT = Path(__file__).parents[3]


@pytest.mark.processes
def test_the_last_lines_name_it_though_a_worker_process_asked() -> None:
    asked = "tests/gateways/maps/test_osrm_recorded.py::TestRecordedOsrm::test_streets_are_no_lines"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "1", asked]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "\nOSRM: answers recorded from osrm-routed\n" in said


def test_is_left_out_where_it_is_not_installed() -> None:
    with pytest.raises(pytest.skip.Exception):
        real_osrm.do_without({})


def test_fails_where_it_must_be_installed() -> None:
    with pytest.raises(pytest.fail.Exception, match="XUNZHEN_REAL_OSRM"):
        real_osrm.do_without({"XUNZHEN_REAL_OSRM": "1"})
