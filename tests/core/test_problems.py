"""Refusals read well, in both languages, and carry their facts."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from service.core import problem_handlers, problems


class WindowClosed(problems.Refusal):
    """The window is closed.

    A second line that is no title.
    """

    status = 422
    zh = "{opens_on} 才开放，请改期。"
    en = "It opens on {opens_on}."


class TestRefusal:
    def test_its_name_is_its_code_and_its_first_line_the_title(self) -> None:
        assert (WindowClosed.code(), WindowClosed.title()) == ("window-closed", "The window is closed.")

    def test_it_speaks_both_languages_with_its_facts(self) -> None:
        refusal = WindowClosed(opens_on=date(2026, 3, 2))
        chinese, english = refusal.problem("zh"), refusal.problem("en", instance="/v1/x")
        assert chinese["detail"] == "2026-03-02 才开放，请改期。"
        assert english["detail"] == "It opens on 2026-03-02."
        assert english["instance"] == "/v1/x"
        assert (chinese["type"], chinese["status"], chinese["opens_on"]) == (
            "/problems/window-closed", 422, "2026-03-02",
        )  # fmt: skip
        assert "instance" not in chinese

    def test_a_fact_that_is_missing_does_not_silence_it(self) -> None:
        assert WindowClosed().problem()["detail"] == "… 才开放，请改期。"

    def test_braces_in_a_fact_are_only_text(self) -> None:
        assert "{x}" in WindowClosed(opens_on="{x}").problem()["detail"]

    def test_facts_become_plain_json(self) -> None:
        body = WindowClosed(a=Decimal("1.50"), b=[UUID(int=1)], c={1: date(2026, 1, 2)}, d=None, e=True).problem()
        assert (body["a"], body["b"], body["c"], body["d"], body["e"]) == (
            "1.50", ["00000000-0000-0000-0000-000000000001"], {"1": "2026-01-02"}, None, True,
        )  # fmt: skip

    def test_a_fact_never_takes_the_place_of_a_member(self) -> None:
        body = WindowClosed(status=200, detail="ok", title="ok", code="A001").problem()
        assert (body["status"], body["title"]) == (422, "The window is closed.")
        assert (body["code"], body["item_code"]) == ("window-closed", "A001")
        assert body["detail"] == "… 才开放，请改期。"


class TestPointers:
    @pytest.mark.parametrize(
        ("body", "path", "kind", "pointer"),
        [
            ({"name": 5}, ["name"], "string_type", "#/name"),
            ({}, ["name"], "missing", "#/name"),
            ({"items": [{"n": "x"}]}, ["items", 0, "n"], "int_type", "#/items/0/n"),
            ({"items": [{}]}, ["items", 0, "n"], "missing", "#/items/0/n"),
            ({"grant": "password"}, ["password", "password"], "missing", "#/password"),
            ({"grant": "password", "password": 5}, ["password", "password"], "string_type", "#/password"),
            ({"grant": "password", "password": "p"}, ["password", "username"], "missing", "#/username"),
            ({"value": {"a": 1}}, ["value", "bool"], "bool_type", "#/value"),
            ({"value": 1.5}, ["value", "constrained-int"], "int_type", "#/value"),
            ({"a/b~c": 1}, ["a/b~c"], "extra_forbidden", "#/a~1b~0c"),
            ("{", [1], "json_invalid", "#"),
            ([], [], "model_attributes_type", "#"),
            (None, [], "missing", "#"),
        ],
    )
    def test_a_pointer_leads_to_the_fault(self, body: object, path: list[int | str], kind: str, pointer: str) -> None:
        error = {"loc": ("body", *path), "msg": "no", "type": kind}
        assert problem_handlers._fault(error, body)["pointer"] == pointer

    def test_a_parameter_is_named_with_its_place(self) -> None:
        fault = problem_handlers._fault({"loc": ("query", "limit"), "msg": "no", "type": "int_type"}, None)
        assert fault["pointer"] == "query/limit"

    def test_a_lone_surrogate_in_a_message_can_be_sent(self) -> None:
        fault = problem_handlers._fault({"loc": ("body", "\ud800"), "msg": "\udc00", "type": "x"}, {"\ud800": 1})
        assert str(fault).encode()
