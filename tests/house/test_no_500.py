"""Whatever is sent, the answer is an answer: Schemathesis over the whole contract as one privileged user."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from service.accounts.rules import ROLE_SCOPES, Role
from service.core import embedded
from service.core.db.engine import make_sessions
from service.core.http import House
from service.core.ids import new_id
from service.core.principal import Principal
from service.main import build_app
from tests.world import World

pytestmark = pytest.mark.database

SECONDS = 110
"""All operations share this much real time; what does not fit runs with fewer examples."""
SCHEMA = schemathesis.openapi.from_dict(build_app().openapi())
DEADLINE: dict[str, float] = {}


@pytest.fixture(scope="module")
def base_url(server: embedded.EmbeddedServer, database: str, house: House) -> Iterator[str]:
    """A real server in a thread, with connections of its own."""
    # no pool: connections would outlive the event loop of the thread
    engine = create_async_engine(server.url(embedded.APP_ROLE, database), poolclass=NullPool)
    app = build_app(replace(house, sessions=make_sessions(engine)))
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    running.should_exit = True
    thread.join(20)


@pytest.fixture(scope="module")
async def token(house: House, owner_engine: object, clock: object, app: object) -> str:
    """A token with every scope there is, in one institution."""
    world = World(owner_engine, house, clock, app)  # type: ignore[arg-type]
    await world.start()
    account_id = await world.add_account(Role.institution_admin, world.institution_id)
    principal = Principal(
        account_id,
        world.region_id,
        Role.institution_admin,
        frozenset().union(*ROLE_SCOPES.values()),
        (world.institution_id,),
        session_id=new_id(),
    )
    return await world.open_session(principal)


@SCHEMA.parametrize()
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_no_request_makes_the_server_stumble(case: schemathesis.Case, base_url: str, token: str) -> None:
    if time.monotonic() > DEADLINE.setdefault("at", time.monotonic() + SECONDS):
        return
    headers = {"Authorization": f"Bearer {token}"}
    case.call_and_validate(base_url=base_url, headers=headers, checks=[not_a_server_error])
