"""The contract as stories need it: no parameter that may be left out, no stream that waits for the worker."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from schemathesis.schemas import APIOperation

from tests.contract import checks
from tests.published import CONTRACT

ENDLESS: Final = "follow_plan"
"""Streams until the plan is solved, which a worker does and no story has one; tests/routing reads it to its end."""


def _bare(document: dict[str, Any]) -> dict[str, Any]:
    """Return a contract in which all that a request needs comes from links.

    Only then does Schemathesis hold a 404 against the creation that it follows.
    """
    bare = copy.deepcopy(document)
    for methods in bare["paths"].values():
        for operation in methods.values():
            needed = [each for each in operation.get("parameters", ()) if each.get("required")]
            operation["parameters"] = needed
    return bare


STORIES: Final = checks.contract(_bare(CONTRACT)).exclude(operation_id=ENDLESS)


def creations(operations: Mapping[str, APIOperation]) -> dict[str, dict[str, dict[str, str]]]:
    """Return creating operation → operation that its answer links to → parameter → expression."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for name, operation in operations.items():
        for answer in operation.definition.raw["responses"].values():
            for target, link in answer.get("links", {}).items():
                if target in operations:
                    found.setdefault(name, {})[target] = link["parameters"]
    return found
