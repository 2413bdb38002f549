"""Nothing that comes in is without an end: text, lists, numbers, maps of every body and query, every list out."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.published import CONTRACT

SCHEMAS: dict[str, Any] = CONTRACT["components"]["schemas"]
OPERATIONS = {
    operation["operationId"]: operation for methods in CONTRACT["paths"].values() for operation in methods.values()
}
SHORT_FORMATS = {"uuid", "date", "date-time", "time"}
"""Formats whose texts are short by themselves."""

OPEN_OBJECTS = {"receive_sms_reports/*": "a provider may add to its report; the body's limit holds"}
"""Objects that may hold more than they name."""

RAW = {
    "keep_file": "a file's bytes; the body's limit holds",
    "import_prices": "a table's bytes; the body's limit holds",
    "import_level_prices": "a table's bytes; the body's limit holds",
}
"""Bodies that are no text."""

BOUNDED_BY = {
    "list_own_sessions": "an account's log-ins that are still good",
    "list_sessions": "an account's log-ins that are still good",
    "list_regions": "the fund pools that an installation serves",
    "list_audit_checks": "one line for each of the fund pools that an installation serves",
    "list_settings": "the registry of settings",
    "list_practitioner_shifts": "the days asked for",
    "list_practitioner_absences": "the days asked for",
    "list_my_shifts": "the days asked for",
    "list_duties": "an institution's staff on one day",
    "list_qualifications": "one practitioner's papers",
    "list_my_people": "proxy.max_elders",
    "list_proxies": "proxy.max_per_elder",
    "list_key_groups": "one person's dated rows",
    "list_coverages": "one person's dated rows",
    "list_hospital_stays": "one person's dated rows",
    "list_visit_consents": "what one family agreed to for one visit",
    "list_ltci_assessments": "one person's dated rows",
    "list_diagnoses": "one person's dated rows",
    "list_entitlements": "one person's balances",
}
"""Lists without pages, and what keeps each short."""


def _unbounded(schema: dict[str, Any], where: str, inside: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield every place of a schema that takes more than it says."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        if name not in inside:
            yield from _unbounded(SCHEMAS[name], where, inside | {name})
        return
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
        yield from _unbounded(branch, where, inside)
    kind = schema.get("type")
    if "enum" in schema or "const" in schema or kind in {"boolean", "null"}:
        return
    if kind is None:
        if not {"anyOf", "oneOf", "allOf"} & schema.keys():
            yield f"{where}: anything"
        return
    yield from _CHECKS[kind](schema, where, inside)


def _text(schema: dict[str, Any], where: str, _: frozenset[str]) -> Iterator[str]:
    if not {"maxLength", "pattern"} & schema.keys() and schema.get("format") not in SHORT_FORMATS:
        yield f"{where}: text"


def _number(schema: dict[str, Any], where: str, _: frozenset[str]) -> Iterator[str]:
    low, high = {"minimum", "exclusiveMinimum"} & schema.keys(), {"maximum", "exclusiveMaximum"} & schema.keys()
    if not (low and high):
        yield f"{where}: number"


def _list(schema: dict[str, Any], where: str, inside: frozenset[str]) -> Iterator[str]:
    if "maxItems" not in schema:
        yield f"{where}: list"
    for each in (schema.get("items", {}), *schema.get("prefixItems", ())):
        if each:
            yield from _unbounded(each, f"{where}/*", inside)


def _object(schema: dict[str, Any], where: str, inside: frozenset[str]) -> Iterator[str]:
    for name, each in schema.get("properties", {}).items():
        yield from _unbounded(each, f"{where}/{name}", inside)
    more = schema.get("additionalProperties", True)
    if isinstance(more, dict):
        if "maxProperties" not in schema:
            yield f"{where}: map"
        yield from _unbounded(more, f"{where}/{{}}", inside)
    elif more and where not in OPEN_OBJECTS:
        yield f"{where}: object that takes anything"


_CHECKS = {"string": _text, "integer": _number, "number": _number, "array": _list, "object": _object}


def test_what_comes_in_has_bounds() -> None:
    found = []
    for name, operation in OPERATIONS.items():
        for each in operation.get("parameters", ()):
            found += _unbounded(each["schema"], f"{name}?{each['name']}")
        for body in () if name in RAW else operation.get("requestBody", {}).get("content", {}).values():
            found += _unbounded(body["schema"], name)
    assert found == []


def _is_list(operation: dict[str, Any]) -> bool:
    answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema", {})
    answer = SCHEMAS.get(answer.get("$ref", "").rsplit("/", 1)[-1], answer)
    return answer.get("type") == "array" or "items" in answer.get("properties", {})


def test_a_list_that_goes_out_has_pages_or_a_known_bound() -> None:
    lists = {name: each for name, each in OPERATIONS.items() if name.startswith("list_") and _is_list(each)}
    paged = {name for name, each in lists.items() if "limit" in {one["name"] for one in each.get("parameters", ())}}
    assert lists.keys() - paged == lists.keys() & BOUNDED_BY.keys()


def test_every_line_is_of_an_operation_there_is() -> None:
    assert set(BOUNDED_BY) <= set(OPERATIONS)


class TestTheWalkItself:
    @pytest.mark.parametrize(
        ("schema", "found"),
        [
            ({"type": "string"}, ["x: text"]),
            ({"type": "string", "format": "binary"}, ["x: text"]),
            ({"type": "string", "maxLength": 3}, []),
            ({"anyOf": [{"type": "string"}, {"type": "null"}]}, ["x: text"]),
            ({"type": "integer", "minimum": 0}, ["x: number"]),
            ({"type": "integer", "minimum": 0, "exclusiveMaximum": 9}, []),
            ({"type": "array", "items": {"type": "string"}}, ["x: list", "x/*: text"]),
            ({"type": "object", "additionalProperties": False, "properties": {"a": {}}}, ["x/a: anything"]),
            ({"type": "object", "additionalProperties": {"type": "boolean"}}, ["x: map"]),
            ({"type": "object"}, ["x: object that takes anything"]),
        ],
    )
    def test_finds_what_has_no_end(self, schema: dict[str, Any], found: list[str]) -> None:
        assert list(_unbounded(schema, "x")) == found
