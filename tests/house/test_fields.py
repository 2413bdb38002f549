"""Every writable field has a row in fields.csv that names the test that changes it and sees another outcome."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.named import named_in
from tests.published import CONTRACT

TABLE = Path(__file__).with_name("fields.csv")
WRITES = ("post", "patch", "put")
COLUMNS = ["operation_id", "field", "test", "outcome"]


def _pointers(schema: dict[str, Any], at: str) -> Iterator[str]:
    """Yield the JSON pointer of every field that a body may hold; each item of an array is `*`."""
    if "$ref" in schema:
        yield from _pointers(CONTRACT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]], at)
        return
    parts = [part for name in ("allOf", "anyOf", "oneOf") for part in schema.get(name, [])]
    for part in parts:
        yield from _pointers(part, at)
    for name, field in schema.get("properties", {}).items():
        yield from _pointers(field, f"{at}/{name}")
    if "items" in schema:
        yield from _pointers(schema["items"], f"{at}/*")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _pointers(schema["additionalProperties"], f"{at}/*")
    if at and not parts and not {"properties", "items"} & set(schema) and schema.get("type") != "null":
        yield at


def _writable() -> set[tuple[str, str]]:
    """Return (operation id, pointer) of every field of every request body that writes."""
    return {
        (operation["operationId"], pointer)
        for methods in CONTRACT["paths"].values()
        for method, operation in methods.items()
        if method in WRITES
        for content in operation.get("requestBody", {}).get("content", {}).values()
        for pointer in _pointers(content["schema"], "")
    }


def _rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _fields(rows: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(row["operation_id"], row["field"]) for row in rows]


def test_the_walk_finds_nested_fields_arrays_and_each_kind_of_grant() -> None:
    assert {
        ("grant_token", "/client_secret"),
        ("grant_token", "/refresh_token"),
        ("place_order", "/items/*/code"),
        ("add_visit_fee_tariff", "/night/multiplier"),
        ("add_service_item", "/skills/*"),
        ("change_institution", "/licence/valid_to"),
    } <= _writable()


def test_every_writable_field_has_a_row_and_every_row_a_field() -> None:
    named = set(_fields(_rows()))
    assert sorted(_writable() - named) == []
    assert sorted(named - _writable()) == []


def test_no_field_has_two_rows_and_every_row_says_what_changes() -> None:
    rows = _rows()
    assert [field for field, times in Counter(_fields(rows)).items() if times > 1] == []
    assert [row for row in rows if list(row) != COLUMNS or not all(row[column] for column in COLUMNS)] == []


def test_every_named_test_exists() -> None:
    named = {row["test"] for row in _rows()}
    assert sorted(each for each in named if each.partition("::")[2] not in named_in(each.partition("::")[0])) == []
