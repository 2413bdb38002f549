"""OpenTelemetry: nothing without an exporter; with one, spans that tell operations and durations, and nobody's data."""

import dataclasses
import subprocess
import sys
from collections.abc import Iterator

import pytest

from service.accounts.rules import Role
from service.core import tracing
from service.main import build_app
from tests.world import World

sdk = pytest.importorskip("opentelemetry.sdk.trace")
memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


class TestIsWanted:
    def test_only_with_an_exporter_in_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_SDK_DISABLED"):
            monkeypatch.delenv(name, raising=False)
        assert not tracing.is_wanted()
        monkeypatch.setenv(ENDPOINT, "http://localhost:4318")
        assert tracing.is_wanted()
        monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
        assert not tracing.is_wanted()

    @pytest.mark.processes
    def test_without_one_nothing_of_it_is_imported(self) -> None:
        code = "import sys; from service.main import build_app; build_app(); print('opentelemetry.sdk' in sys.modules)"
        told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env={})
        assert told.stdout.strip() == "False"


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[memory.InMemorySpanExporter]:
    """What an installation with the extra and an exporter would send; its provider in place of the process's own."""
    monkeypatch.setenv(ENDPOINT, "http://localhost:4318")
    provider, exporter = sdk.TracerProvider(), memory.InMemorySpanExporter()
    tracing.export_to(provider, exporter)
    monkeypatch.setitem(tracing._started, "provider", provider)
    yield exporter
    provider.shutdown()


class TestSpans:
    async def test_a_request_is_a_span_by_its_route_and_without_what_was_searched_for(
        self, world: World, spans: memory.InMemorySpanExporter
    ) -> None:
        here = dataclasses.replace(world, app=build_app(world.house))
        async with await here.as_role(Role.nurse) as client:
            answer = await client.get("/patients", params={"phone": "13812345678"})
        token = answer.request.headers["authorization"].removeprefix("Bearer ")
        tracing._started["provider"].force_flush()
        found = spans.get_finished_spans()
        assert any(span.name == "GET /v1/patients" for span in found), [span.name for span in found]
        assert "13812345678" not in "".join(span.to_json() for span in found)
        assert token not in "".join(span.to_json() for span in found)
