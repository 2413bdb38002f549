"""The published contract is fresh, whole and kind to its readers."""

import importlib
import inspect
import pkgutil
from pathlib import Path
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
    "RouteUnknown",  # no operation: any other address or method
    "RegionCodeTaken",  # only `xunzhen init` founds a region
    "CancellationCharged",  # only the worker charges for a cancellation
    "HomeNoTaken",  # only `xunzhen import` numbers homes
    "NotDueThen",
    "RoundOrdered",
    "SeenTooSoon",  # told of a round in an accepted period, which is no refusal itself
}
"""Refusals that no operation documents, and where they come from."""

ONCE_WITHOUT_A_KEY = {
    # the content is the key: the same file is the same row, the same lines change nothing
    "keep_file": "core/test_files.py::"
    "test_the_same_content_is_the_same_file_of_one_institution_and_another_of_the_next",
    "import_prices": "catalog/test_price_books.py::test_the_same_file_twice_changes_nothing",
    "import_level_prices": "catalog/test_price_books.py::test_a_level_s_file_twice_changes_nothing",
    # one approval of an account, one decision of a parked bill, one publication of a plan
    "approve_tariff_proposal": "catalog/test_proposals.py::"
    "test_after_notice_and_two_approvals_it_is_the_tariff_from_its_day",
    "release_parked_settlement": "billing/test_parking.py::test_it_is_decided_once",
    "publish_plan": "routing/test_publishing.py::test_publishing_twice_gives_the_same_answer",
    # one acceptance of a period plan
    "accept_period_plan": "routing/period/test_periods.py::test_accepting_twice_places_each_order_once",
}
"""Operations that create and need no key → the test which repeats them and sees that nothing changes."""
NOTHING_CREATED = {
    # move one row on from a state that it then no longer has
    "accept_order", "reject_order", "submit_order", "cancel_order", "report_no_show", "decide_visit_exception",
    "reject_parked_settlement", "withdraw_tariff_proposal", "withdraw_diagnosis", "revoke_proxy", "terminate_contract",
    "close_bed", "resume_bed", "place_home", "receive_sms_reports", "cancel_plan",
    "cancel_period_plan",
    # log-ins and their secrets: each answer is meant to be another
    "grant_token", "revoke_token", "change_own_password", "begin_second_factor", "confirm_second_factor",
    "remove_second_factor", "renew_secret",
    # a question that needs a body
    "find_insertions",
}  # fmt: skip
"""Operations of POST that change what there is."""


def test_the_committed_contract_is_fresh() -> None:
    assert openapi.CONTRACT.read_text() == openapi.render()


class TestEveryOperation:
    def test_has_a_name_that_makes_a_good_method(self) -> None:
        names = [operation["operationId"] for _, _, operation in OPERATIONS]
        assert [each for each in names if not (each.isidentifier() and each.islower())] == []

    def test_is_described(self) -> None:
        described = {"description", "summary"}
        assert [each for *each, operation in OPERATIONS if not any(operation.get(key) for key in described)] == []

    def test_documents_its_refusals(self) -> None:
        fenced = [operation for _, _, operation in OPERATIONS if operation["operationId"] not in PUBLIC]
        silent = [each["operationId"] for each in fenced if not {"401", "403", "422"} <= set(each["responses"])]
        assert silent == []


def test_every_post_takes_an_idempotency_key_or_needs_none() -> None:
    posts = {operation["operationId"]: operation for method, _, operation in OPERATIONS if method == "post"}
    keyless = {
        name
        for name, operation in posts.items()
        if "Idempotency-Key" not in {each["name"] for each in operation.get("parameters", ())}
    }
    assert keyless == ONCE_WITHOUT_A_KEY.keys() | NOTHING_CREATED
    assert not [name for name in keyless if posts[name]["responses"].keys() & {"201", "202"}]


@pytest.mark.parametrize("proof", ONCE_WITHOUT_A_KEY.values())
def test_what_needs_no_key_is_repeated_by_a_test(proof: str) -> None:
    path, name = proof.split("::")
    assert f"def {name}(" in (Path("tests") / path).read_text()


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


REFUSALS = _refusals()


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= character <= "\u9fff" for character in text)


class TestEveryRefusal:
    def test_says_why_in_chinese_and_english(self) -> None:
        assert [each for each in REFUSALS if not (each.__dict__.get("zh") or each.__mro__[1].__dict__.get("zh"))] == []
        assert [each for each in REFUSALS if not _is_chinese(each.zh)] == []
        assert [each for each in REFUSALS if not each.en or _is_chinese(each.en)] == []

    def test_has_a_title_and_a_sensible_status(self) -> None:
        assert [each for each in REFUSALS if not inspect.getdoc(each)] == []
        sensible = {401, 403, 404, 409, 413, 422, 429, 503}
        assert [(each, each.status) for each in REFUSALS if each.status not in sensible] == []

    def test_is_documented_by_an_operation(self) -> None:
        documented = " ".join(
            str(answer.get("description"))
            for answers in (*(each["responses"] for _, _, each in OPERATIONS), CONTRACT["components"]["responses"])
            for answer in answers.values()
        )
        missing = {
            each.__name__
            for each in REFUSALS
            if f"`{each.code()}`" not in documented and each.title() not in documented
        }
        assert missing <= UNDOCUMENTED
