"""Alive, ready, and honest about it when the database is gone."""

from dataclasses import replace
from pathlib import Path

from httpx import ASGITransport, AsyncClient

from service.core.db.engine import make_engine, make_sessions
from service.core.http import House
from service.main import build_app
from tests.world import NOW, World


class TestHealth:
    async def test_tells_the_time_of_the_world_served(self, world: World) -> None:
        async with world.client() as client:
            answer = await client.get("http://test/healthz")
        assert answer.json() == {"status": "ok", "now": NOW.isoformat().replace("+00:00", "Z")}

    async def test_is_not_ready_without_a_database_and_says_so(self, house: House, tmp_path: Path) -> None:
        engine = make_engine(f"postgresql+asyncpg://nobody@/nothing?host={tmp_path}")
        app = build_app(replace(house, sessions=make_sessions(engine)))
        async with AsyncClient(
            transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://test"
        ) as client:
            alive, ready = await client.get("/healthz"), await client.get("/readyz")
        await engine.dispose()
        assert (alive.status_code, ready.status_code, ready.json()["code"]) == (200, 503, "not-ready")
