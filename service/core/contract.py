"""The published contract: FastAPI's OpenAPI document, with refusals as what they are and links to what was created."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from fastapi import FastAPI
from pydantic import BaseModel

from service.core.body_limit import BodyTooLarge
from service.core.health import NotReady
from service.core.problems import PROBLEM_JSON, Collision, Refusal
from service.core.rate_limits import TooManyRequests

_JSON: Final = "application/json"
_PROBLEM: Final = "ProblemDocument"
_REFUSED: Final = {"$ref": f"#/components/schemas/{_PROBLEM}"}
_OF_FASTAPI: Final = ("HTTPValidationError", "ValidationError")
"""Schemas of FastAPI's own answer to malformed requests, which the problem handlers never send."""
_ROOMS: Final = "/v1/"
"""Where the rooms' operations are: each asks the database."""
_PARAMETER: Final = re.compile(r"\{(\w+)\}")


class ProblemDocument(BaseModel, extra="allow"):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    code: str
    detail: str


class Application(FastAPI):
    """A FastAPI application whose contract says what its problem handlers and routes do."""

    def openapi(self) -> dict[str, Any]:
        """Return the contract."""
        if self.openapi_schema is None:
            document = super().openapi()
            publish(document)
            self.openapi_schema = document
        return self.openapi_schema

    def methods_at(self, path: str) -> list[str]:
        """Return the methods that the contract has for a path, as an `Allow` header names them."""
        paths: dict[str, dict[str, Any]] = self.openapi()["paths"]
        fitting = [each for each in paths if _pattern(each).fullmatch(path)]
        # an address of its own is not one of those that a parameter would fit
        narrowest = min((each.count("{") for each in fitting), default=0)
        return sorted({method.upper() for each in fitting if each.count("{") == narrowest for method in paths[each]})


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("[^/]+".join(re.escape(each) for each in re.split(r"\{\w+\}", path)))


def publish(document: dict[str, Any]) -> None:
    """Mend FastAPI's document in place: refusals are problem+json, and creation leads on to what was created."""
    schemas = document["components"]["schemas"]
    for name in _OF_FASTAPI:
        schemas.pop(name, None)
    schemas[_PROBLEM] = ProblemDocument.model_json_schema()
    for path, method, operation in _operations(document):
        for refusal in _of_the_house(path, method, operation):
            _declare(document, operation, refusal)
        for status, answer in operation["responses"].items():
            if int(status) >= 400 and "$ref" not in answer:
                answer["content"] = {PROBLEM_JSON: {"schema": _REFUSED}}
        for parameter in operation.get("parameters", ()):
            _never_null(parameter["schema"])
    _link(document)


def _of_the_house(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[type[Refusal]]:
    """Yield the refusals that an operation answers wherever its route says nothing of them."""
    yield TooManyRequests
    if path.startswith(_ROOMS):
        yield NotReady
        if method != "get":
            yield Collision  # two that wait for each other: the database lets one of them go on
    if "requestBody" in operation:
        yield BodyTooLarge


def _declare(document: dict[str, Any], operation: dict[str, Any], refusal: type[Refusal]) -> None:
    """Let an operation answer a refusal: beside what it says of the status, else by the answer that all share."""
    said = f"`{refusal.code()}` {refusal.title()}"
    status, answers = str(refusal.status), operation["responses"]
    if status not in answers:
        shared = {"description": said, "content": {PROBLEM_JSON: {"schema": _REFUSED}}}
        document["components"].setdefault("responses", {})[refusal.__name__] = shared
        answers[status] = {"$ref": f"#/components/responses/{refusal.__name__}"}
    elif f"`{refusal.code()}`" not in answers[status]["description"]:
        answers[status]["description"] += f"；{said}"


def _never_null(schema: dict[str, Any]) -> None:
    """Let a parameter be left out, but not be null: in an address or a header that is the word "null"."""
    kinds = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema |= kinds[0]


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _link(document: dict[str, Any]) -> None:
    """Link each creating operation to those on one member of its collection."""
    operations = list(_operations(document))
    for path, method, creating in operations:
        created = next((creating["responses"][each] for each in ("201", "202") if each in creating["responses"]), None)
        if method != "post" or created is None:
            continue
        places = dict(_places(document, created))
        links = {
            on_one["operationId"]: {"operationId": on_one["operationId"], "parameters": parameters}
            for target, _, on_one in operations
            if (parameters := _parameters(path, target, places)) is not None
        }
        if links:
            created["links"] = links


def _parameters(path: str, target: str, places: Mapping[str, str]) -> dict[str, str] | None:
    """Return how the path parameters of `target` follow from a creation at `path`; None when they do not."""
    collection = path.rsplit("/", 1)[1]
    member = re.search(rf"/{re.escape(collection)}/\{{(\w+)\}}", target)
    # `person_id` is the `id` of the answer, `region_code` its `code`
    where = places.get(member[1].rsplit("_", 1)[-1]) if member else None
    if member is None or where is None:
        return None
    known = set(_PARAMETER.findall(path))
    others = [each for each in _PARAMETER.findall(target) if each != member[1]]
    if not known.issuperset(others):
        return None
    return {member[1]: f"$response.body#{where}"} | {each: f"$request.path.{each}" for each in others}


def _places(document: dict[str, Any], answer: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the fields of what was created, each with its JSON pointer: the answer's own, before those of a part."""
    schema = _resolved(document, answer.get("content", {}).get(_JSON, {}).get("schema", {}))
    parts = schema.get("properties", {})
    for name, part in parts.items():
        yield from ((inner, f"/{name}/{inner}") for inner in _resolved(document, part).get("properties", {}))
    yield from ((name, f"/{name}") for name in parts)


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    found: dict[str, Any] = document["components"]["schemas"][reference.rsplit("/", 1)[1]] if reference else schema
    return found
