"""Holds every refusal that a test's client is told to the published contract: the operation must declare its code."""

import json
import re
from functools import cache
from typing import Any, Final

from httpx import Response

from tests.published import CONTRACT

_CODE: Final = re.compile(r"`([a-z0-9-]+)`")
_UNFORESEEN: Final = 500
"""No refusal: no operation may answer it, and whoever provokes it says so."""


async def must_be_declared(answer: Response) -> None:
    """Fail when an operation refuses with a code that its contract does not have.

    Raises:
        AssertionError: names the operation, the status and the code.
    """
    if answer.headers.get("content-type") != "application/problem+json" or answer.status_code == _UNFORESEEN:
        return
    method, path = answer.request.method.lower(), answer.request.url.path
    operation = _operation(method, path)
    if operation is None:
        return  # the house's own refusal of an address or a method
    code = json.loads(await answer.aread())["code"]
    name = operation["operationId"]
    assert code in _declared(name).get(answer.status_code, ()), f"{name} does not declare {answer.status_code} {code}"


@cache
def _patterns() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    # an address of its own is not one of those that a parameter would fit
    paths = sorted(CONTRACT["paths"].items(), key=lambda each: str(each[0]).count("{"))
    return [(re.compile("[^/]+".join(map(re.escape, re.split(r"\{\w+\}", path)))), methods) for path, methods in paths]


def _operation(method: str, path: str) -> dict[str, Any] | None:
    """Return the operation that a request asks for, or None."""
    found = (methods[method] for pattern, methods in _patterns() if method in methods and pattern.fullmatch(path))
    return next(found, None)


@cache
def _declared(name: str) -> dict[int, frozenset[str]]:
    """Return status → codes of an operation."""
    operations = (each for methods in CONTRACT["paths"].values() for each in methods.values())
    answers = next(each["responses"] for each in operations if each["operationId"] == name)
    return {int(status): frozenset(_CODE.findall(_whole(each)["description"])) for status, each in answers.items()}


def _whole(answer: dict[str, Any]) -> dict[str, Any]:
    shared: dict[str, Any] = CONTRACT["components"]["responses"]
    return shared[answer["$ref"].rsplit("/", 1)[1]] if "$ref" in answer else answer
