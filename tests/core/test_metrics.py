"""What Prometheus is told, and whom else: by operation, never by path; to its own token or to the machine itself."""

import asyncio
import dataclasses
import socket
import urllib.request
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.rules import Role
from service.core import metrics
from service.core.db.engine import make_engine
from service.core.db.session import transaction
from service.core.http import House
from service.core.ids import new_id
from service.core.jobs.queue import Job, enqueue
from service.core.principal import Fence
from service.main import build_app, build_house
from tests.world import World


def count(operation: str, status: int) -> float:
    named = {"operation": operation, "status": str(status)}
    return metrics.REGISTRY.get_sample_value("xunzhen_http_request_seconds_count", named) or 0


def jobs(name: str, outcome: str) -> float:
    named = {"job": name, "outcome": outcome}
    return metrics.REGISTRY.get_sample_value("xunzhen_job_seconds_count", named) or 0


def asking(app: FastAPI, host: str = "127.0.0.1") -> AsyncClient:
    return AsyncClient(transport=ASGITransport(app, client=(host, 5000)), base_url="http://t")


def with_token(house: House, token: str) -> FastAPI:
    settings = house.settings.model_copy(update={"metrics_token": SecretStr(token)})
    return build_app(dataclasses.replace(house, settings=settings))


class TestRequests:
    async def test_a_request_counts_under_its_operation_and_status(self, world: World) -> None:
        before = count("list_institutions", 200), count("list_institutions", 401)
        async with await world.as_role(Role.nurse) as client, world.client() as stranger:
            await client.get("/institutions")
            await stranger.get("/institutions")
        assert (count("list_institutions", 200), count("list_institutions", 401)) == (before[0] + 1, before[1] + 1)

    async def test_ids_and_what_strangers_type_make_no_series(self, world: World) -> None:
        async with await world.as_role(Role.nurse) as client:
            ids = [new_id(), new_id()]
            for each in ids:
                await client.get(f"/patients/{each}")
            await client.get("/640202194505010021")
        async with asking(world.app) as client:
            told = (await client.get("/metrics")).text
        assert not any(str(each) in told for each in ids)
        assert "640202194505010021" not in told
        assert 'operation="none",status="404"' in told

    async def test_what_nobody_foresaw_is_a_500(self, house: House) -> None:
        app = build_app(house)

        @app.get("/v1/bad")
        async def bad_operation() -> None:
            raise RuntimeError

        before = count("bad_operation", 500)
        async with asking(app) as client:
            await client.get("/v1/bad")
        assert count("bad_operation", 500) == before + 1

    async def test_a_request_in_hand_is_in_flight(self, house: House) -> None:
        app, go = build_app(house), asyncio.Event()

        @app.get("/v1/slow")
        async def slow() -> None:
            await go.wait()

        def in_flight() -> float:
            return metrics.REGISTRY.get_sample_value("xunzhen_http_requests_in_flight") or 0

        before = in_flight()
        async with asking(app) as client:
            waiting = asyncio.create_task(client.get("/v1/slow"))
            await asyncio.sleep(0.05)
            during = in_flight()
            go.set()
            await waiting
        assert (during, in_flight()) == (before + 1, before)


class TestWhoMayRead:
    async def test_without_a_token_only_the_machine_itself(self, app: FastAPI) -> None:
        for host, status in (("127.0.0.1", 200), ("::1", 200), ("192.0.2.1", 404), ("testclient", 404)):
            async with asking(app, host) as client:
                assert (await client.get("/metrics")).status_code == status, host

    @pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
    async def test_a_proxy_on_the_machine_lets_no_stranger_in(self, app: FastAPI, header: str) -> None:
        async with asking(app) as client:
            answer = await client.get("/metrics", headers={header: "127.0.0.1"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")

    async def test_with_a_token_its_bearer_from_anywhere_and_nobody_else(self, house: House) -> None:
        app = with_token(house, "s3cret-for-metrics")
        said = {"right": "Bearer s3cret-for-metrics", "wrong": "Bearer s3cret", "none": ""}
        async with asking(app, "192.0.2.1") as client, asking(app) as local:
            answers = {
                name: (await client.get("/metrics", headers={"Authorization": each})).status_code
                for name, each in said.items()
            }
            assert (await local.get("/metrics")).status_code == 404
        assert answers == {"right": 200, "wrong": 404, "none": 404}

    def test_it_is_no_operation_of_the_contract(self, app: FastAPI) -> None:
        assert "/metrics" not in app.openapi()["paths"]


class TestRender:
    async def test_tells_how_many_jobs_wait_and_how_many_connections_are_used(
        self, world: World, app_engine: AsyncEngine
    ) -> None:
        metrics.watch_pool(app_engine)
        async with transaction(world.house.sessions, Fence(world.region_id), world.clock.now()) as session:
            job = Job(region_id=world.region_id, institution_ids=(), subject_id=new_id())
            await enqueue(session, "metrics.waiting", job)
        async with app_engine.connect():
            told = (await metrics.render(world.house.sessions)).decode()
        async with world.owner.begin() as connection:
            await connection.execute(text("delete from pgqueuer where entrypoint = 'metrics.waiting'"))
        assert 'xunzhen_jobs_waiting{job="metrics.waiting",state="queued"} 1.0' in told
        used = metrics.REGISTRY.get_sample_value("xunzhen_database_connections", {"state": "in_use"})
        assert used is not None
        in_use = float(told.split('xunzhen_database_connections{state="in_use"} ')[1].split("\n")[0])
        assert in_use == used + 1

    async def test_without_the_database_the_rest_is_told(self, house: House, tmp_path: Any) -> None:
        engine = make_engine(f"postgresql+asyncpg://nobody@/nothing?host={tmp_path}")
        told = (await metrics.render(build_house(house.settings, engine).sessions)).decode()
        await engine.dispose()
        assert "xunzhen_jobs_waiting{" not in told
        assert "process_cpu_seconds_total" in told


class TestJobs:
    def test_a_job_is_done_or_failed(self) -> None:
        before = jobs("test.job", "done"), jobs("test.job", "failed")
        with metrics.job("test.job"):
            pass
        with pytest.raises(ValueError, match="no"), metrics.job("test.job"):
            raise ValueError("no")
        assert (jobs("test.job", "done"), jobs("test.job", "failed")) == (before[0] + 1, before[1] + 1)


class TestSettlements:
    async def test_count_when_they_are_committed_and_only_then(self, world: World) -> None:
        def settled() -> float:
            return metrics.REGISTRY.get_sample_value("xunzhen_settlements_total", {"outcome": "settled"}) or 0

        before, fence = settled(), Fence(UUID(int=1))
        with pytest.raises(ValueError, match="after all"):
            async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                metrics.count_settlement(session, "settled")
                raise ValueError("not after all")
        assert settled() == before
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            metrics.count_settlement(session, "settled")
            assert settled() == before
        assert settled() == before + 1


class TestServe:
    def test_a_worker_tells_on_a_port_of_its_own(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        stop = metrics.serve(port)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                told = answer.read().decode()
            assert "xunzhen_job_seconds" in told
            with pytest.raises(ValueError, match="XUNZHEN_WORKER_METRICS_PORT"):
                metrics.serve(port)
        finally:
            stop()
