"""The published contract is fresh, whole and kind to its readers."""

import importlib
import inspect
import pkgutil
from typing import Any

import pytest

import service
from service.cli import openapi
from service.core.problems import Refusal
from service.main import build_app
from tests.published import CONTRACT

OPERATIONS = [
    (method, path, operation) for path, methods in CONTRACT["paths"].items() for method, operation in methods.items()
]
PUBLIC = {
    "grant_token",
    "revoke_token",
    "list_published_institutions",
    "list_published_tariff_notices",
    "read_health",
    "read_readiness",
    "receive_sms_reports",
}
"""Operations without a scope: log-in and log-out, the published list, health, reports to a secret address."""
UNDOCUMENTED = {
    "RouteUnknown",  # any path
    "BodyTooLarge",  # any body
    "RegionCodeTaken",  # only `xunzhen init` founds a region
    "CancellationCharged",  # only the worker charges for a cancellation
    "HomeNoTaken",  # only `xunzhen import` numbers homes
}
"""Refusals that no operation documents, and where they come from."""


def test_the_committed_contract_is_fresh() -> None:
    assert openapi.CONTRACT.read_text() == openapi.render()


@pytest.mark.parametrize(
    ("method", "path", "operation"), OPERATIONS, ids=lambda each: each if isinstance(each, str) else ""
)
class TestEveryOperation:
    def test_has_a_name_that_makes_a_good_method(self, method: str, path: str, operation: dict[str, Any]) -> None:
        assert operation["operationId"].isidentifier()
        assert operation["operationId"].islower()

    def test_is_described(self, method: str, path: str, operation: dict[str, Any]) -> None:
        assert operation.get("description") or operation.get("summary")

    def test_documents_its_refusals(self, method: str, path: str, operation: dict[str, Any]) -> None:
        if operation["operationId"] not in PUBLIC:
            assert {"401", "403", "422"} <= set(operation["responses"])

    def test_takes_an_idempotency_key_when_it_creates(self, method: str, path: str, operation: dict[str, Any]) -> None:
        if method == "post" and ("201" in operation["responses"] or "202" in operation["responses"]):
            names = {each["name"] for each in operation.get("parameters", [])}
            assert "Idempotency-Key" in names, operation["operationId"]


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in OPERATIONS]
    assert len(ids) == len(set(ids))


def _dependencies(dependant: Any) -> list[Any]:
    found = []
    for each in dependant.dependencies:
        found += [each.call, *_dependencies(each)]
    return found


def test_every_route_requires_exactly_one_scope_or_is_public() -> None:
    from fastapi.routing import APIRoute  # noqa: PLC0415

    from service.core.http import Requires  # noqa: PLC0415

    for route in _routes(build_app()):
        if isinstance(route, APIRoute) and route.name not in PUBLIC:
            scopes = [each for each in _dependencies(route.dependant) if isinstance(each, Requires)]
            assert len(scopes) == 1, route.name


def _routes(app: Any) -> list[Any]:
    return [route for each in app.routes for route in ([each, *getattr(each, "routes", [])])]


def _refusals() -> list[type[Refusal]]:
    for module in pkgutil.walk_packages(service.__path__, "service."):
        if module.name.endswith((".errors", ".problems", ".health", ".problem_handlers")):
            importlib.import_module(module.name)
    found: list[type[Refusal]] = []
    waiting = [Refusal]
    while waiting:
        found += (children := waiting.pop().__subclasses__())
        waiting += children
    return sorted(
        (each for each in found if each.__module__.startswith("service.")), key=lambda each: each.__qualname__
    )


@pytest.mark.parametrize("kind", _refusals(), ids=lambda each: each.__name__)
class TestEveryRefusal:
    def test_says_why_in_chinese_and_english(self, kind: type[Refusal]) -> None:
        assert kind.__dict__.get("zh") or kind.__mro__[1].__dict__.get("zh")
        assert any("\u4e00" <= character <= "\u9fff" for character in kind.zh)
        assert kind.en
        assert not any("\u4e00" <= character <= "\u9fff" for character in kind.en)

    def test_has_a_title_and_a_sensible_status(self, kind: type[Refusal]) -> None:
        assert inspect.getdoc(kind)
        assert kind.status in {401, 403, 404, 409, 413, 422, 429, 503}

    def test_is_documented_by_an_operation(self, kind: type[Refusal]) -> None:
        documented = " ".join(
            str(answer.get("description"))
            for _, _, operation in OPERATIONS
            for answer in operation["responses"].values()
        )
        if kind.__name__ not in UNDOCUMENTED:
            assert f"`{kind.code()}`" in documented or kind.title() in documented
