"""OpenTelemetry, an extra: requests, statements and calls to others as spans, when it is installed and told where to.

The standard OTEL_* variables decide; without the extra, or without an exporter in them, nothing is imported and nothing
is done. Spans hold operation ids, statuses and SQL without values: whatever carries a query string is cut off.
"""

import importlib.util
import os
from typing import Any, Final

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

_EXPORTERS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_QUERIES: Final = ("url.query", "http.target", "http.url", "url.full")
"""Attributes that may hold a query string: what somebody searched for, or an address sent to a map provider."""
_started: dict[str, Any] = {}


def is_wanted() -> bool:
    """Return whether the extra is installed and the environment names an exporter."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or not any(map(os.environ.get, _EXPORTERS)):
        return False
    return importlib.util.find_spec("opentelemetry.instrumentation.fastapi") is not None


def instrument_app(app: FastAPI) -> None:
    """Trace an app's requests and the process's calls to others, if that is wanted."""
    if not is_wanted():
        return
    from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415 - the extra may be absent

    FastAPIInstrumentor.instrument_app(app, tracer_provider=_provider(), excluded_urls="healthz,readyz,metrics")


def instrument_engine(engine: AsyncEngine) -> None:
    """Trace an engine's statements, if that is wanted."""
    if not is_wanted():
        return
    from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor  # noqa: PLC0415 - as above

    SQLAlchemyInstrumentor().instrument(engine=engine.sync_engine, tracer_provider=_provider())


def _provider() -> Any:
    """Return the process's provider of tracers, made at the first call."""
    if "provider" not in _started:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as above
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - as above

        os.environ.setdefault("OTEL_SERVICE_NAME", "xunzhen")
        _started["provider"] = provider = TracerProvider()
        export_to(provider, OTLPSpanExporter())
        HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    return _started["provider"]


def export_to(provider: Any, exporter: Any) -> None:
    """Let a provider of tracers send its spans to an exporter, without query strings."""
    from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415 - the extra may be absent
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above
    from opentelemetry.trace import Status  # noqa: PLC0415 - as above

    class Discreet(BatchSpanProcessor):
        def on_end(self, span: ReadableSpan) -> None:
            known = span.attributes or {}
            kept = {name: _without_query(value) if name in _QUERIES else value for name, value in known.items()}
            kept.pop("url.query", None)
            super().on_end(
                ReadableSpan(
                    name=span.name,
                    context=span.context,
                    parent=span.parent,
                    resource=span.resource,
                    attributes=kept,
                    events=[],  # an exception's message may quote what it stumbled over
                    links=span.links,
                    kind=span.kind,
                    instrumentation_scope=span.instrumentation_scope,
                    status=Status(span.status.status_code),
                    start_time=span.start_time,
                    end_time=span.end_time,
                )
            )

    provider.add_span_processor(Discreet(exporter))


def _without_query(value: Any) -> Any:
    return value.partition("?")[0] if isinstance(value, str) else value
