"""What the tests of the solver share."""

import pytest

from service.routing import solver


@pytest.fixture(scope="session", autouse=True)
def ready() -> None:
    """Compile before anything is timed; of several processes of a test run one compiles."""
    solver.warm()
