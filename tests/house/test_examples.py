"""Every body that a request takes shows what it looks like, in Chinese where it is words, and as the contract says."""

from collections.abc import Iterator
from typing import Any, Final

from jsonschema_rs import Draft202012Validator

from tests.published import CONTRACT

SCHEMAS: Final[dict[str, Any]] = CONTRACT["components"]["schemas"]
SECRETS: Final = {
    "password", "admin_password", "old_password", "new_password", "client_secret", "refresh_token", "quote_token",
}  # fmt: skip
"""Fields for what is told to one person only: an example would be used."""
WORDS: Final = {"name", "title", "text", "reason", "because", "note", "address", "hospital", "payer", "display_name"}
"""Fields that clerks fill in with words of their own."""


def _named(schema: Any) -> Iterator[str]:
    """Yield the names of the schemas that a schema refers to, each with those that it refers to in turn."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            yield name
            yield from _named(SCHEMAS[name])
        for each in schema.values():
            yield from _named(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from _named(each)


BODIES: Final = [
    operation["requestBody"]["content"]["application/json"]["schema"]
    for methods in CONTRACT["paths"].values()
    for operation in methods.values()
    if "application/json" in operation.get("requestBody", {}).get("content", {})
]
SENT: Final = sorted({name for each in BODIES for name in _named(each) if "properties" in SCHEMAS[name]})


def _is_text(schema: dict[str, Any]) -> bool:
    """Return whether a field takes text that neither a list of words nor a format explains."""
    kinds = schema.get("anyOf", [schema])
    inner = [each.get("items", each) if each.get("type") == "array" else each for each in kinds]
    return any(each.get("type") == "string" and not each.keys() & {"enum", "const", "format"} for each in inner)


def _examples(schema: dict[str, Any]) -> list[Any]:
    found: list[Any] = schema.get("examples", [])
    return found


def _shown(name: str, field: str) -> list[Any]:
    """Return the examples of a field: its own, and what examples of the whole have in its place."""
    schema = SCHEMAS[name]
    whole = [each[field] for each in _examples(schema) if field in each]
    return _examples(schema["properties"][field]) + whole


def _shows_something(name: str) -> bool:
    inside = {each for each in _named(SCHEMAS[name]) if "properties" in SCHEMAS[each]}
    fields = {
        (each, field): "const" in schema or field in SECRETS
        for each in (name, *inside)
        for field, schema in SCHEMAS[each]["properties"].items()
    }
    return all(fields.values()) or any(_shown(each, field) for each, field in fields)


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    """Return what judges examples of a schema, with no more of the contract around it than it refers to."""
    return Draft202012Validator(schema | {"components": {"schemas": {each: SCHEMAS[each] for each in _named(schema)}}})


class TestEveryBody:
    def test_shows_what_its_texts_look_like(self) -> None:
        fields = [(name, field, each) for name in SENT for field, each in SCHEMAS[name]["properties"].items()]
        texts = [(name, field) for name, field, each in fields if _is_text(each) and field not in SECRETS]
        assert [(name, field) for name, field in texts if not _shown(name, field)] == []

    def test_shows_something(self) -> None:
        assert [name for name in SENT if not _shows_something(name)] == []

    def test_says_words_in_chinese(self) -> None:
        shown = [
            (name, field, each)
            for name in SENT
            for field in SCHEMAS[name]["properties"].keys() & WORDS
            for each in _shown(name, field)
            if each is not None
        ]
        assert shown
        assert [each for each in shown if not any("\u4e00" <= sign <= "\u9fff" for sign in each[2])] == []

    def test_shows_only_what_the_contract_takes(self) -> None:
        schemas = [SCHEMAS[name] for name in SENT]
        parts = [*schemas, *(part for schema in schemas for part in schema["properties"].values())]
        shown = [(part, each) for part in parts for each in _examples(part)]
        assert shown
        assert [each for part, each in shown if not _validator(part).is_valid(each)] == []
