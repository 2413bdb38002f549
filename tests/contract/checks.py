"""What every answer is held to: all of Schemathesis's checks, with each exclusion and its reason."""

import re
from collections.abc import Mapping
from typing import Any, Final

import schemathesis
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.schemas import BaseSchema

EXCLUDED: Final = {
    "positive_data_acceptance": "a JSON schema cannot say all that a request must be (check digits, 'from' before 'to',"
    " text that is not blank); `acceptance_as_documented` takes its place and refuses only what the schema could say",
    "object_level_authorization": "compares two log-ins that create an object each; who may see what is held to a"
    " table by the access tests, cell by cell",
    "max_response_time": "the machine is shared; times are measured by the benchmarks",
}  # fmt: skip
"""Check → why it is not used."""

_BEYOND_A_SCHEMA: Final = frozenset({"value_error", "assertion_error"})
"""Faults found by a validator of ours; every other kind is one of the validator's own, which the contract publishes."""
_WIDER_BY_FORMAT: Final = frozenset(
    {
        # `format` is an annotation in JSON Schema: years past 9999, leap seconds and the like have the format
        "date_from_datetime_parsing", "date_parsing", "datetime_from_date_parsing", "datetime_parsing",
        "date_from_datetime_inexact", "time_parsing", "timezone_aware", "datetime_object_invalid",
        # to a schema 30.0 is an integer
        "int_type", "int_from_float",
    }
)  # fmt: skip
_BOUND_OF_TIME: Final = re.compile(r"(greater|less) than( or equal to)? \d{4}-\d\d-\d\d")
"""A schema bounds numbers, not days and moments."""


def _says_more_than_a_schema(fault: Mapping[str, str], case: Case) -> bool:
    beyond = fault["code"] in _BEYOND_A_SCHEMA | _WIDER_BY_FORMAT or _BOUND_OF_TIME.search(fault["detail"])
    return bool(beyond) or _is_stripped(_sent(fault["pointer"], case))


def _is_stripped(value: Any) -> bool:
    """Return whether a text loses its ends before it is measured, which a schema cannot say."""
    return isinstance(value, str) and value != value.strip()


def _sent(pointer: str, case: Case) -> Any:
    """Return what was sent where a fault points to; None where there is nothing."""
    place, *steps = pointer.split("/")
    found: Any = {"#": case.body, "query": case.query, "path": case.path_parameters}.get(place)
    for step in steps:
        if isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found


@schemathesis.check
def acceptance_as_documented(_: Any, response: Response, case: Case) -> None:
    """Refuse a 422 for a request that is what the contract says, unless the fault is one that no schema can say."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code != 422:
        return
    problem = response.json()
    # of a union each branch has its say: one that is excused excuses what the others say of the same place
    excused = {each["pointer"] for each in problem.get("errors", []) if _says_more_than_a_schema(each, case)}
    faults = [each for each in problem.get("errors", []) if each["pointer"] not in excused]
    if problem["code"] == "malformed" and faults:
        raise RejectedPositiveData(
            operation=case.operation.label, message=f"the contract allows what was refused: {faults}", status_code=422,
            allowed_statuses=["2xx"],
        )  # fmt: skip


def contract(document: dict[str, Any]) -> BaseSchema:
    """Return a contract, ready to generate requests from.

    The log-in is nothing to be wrong in: who asks is drawn apart, and `ignored_auth` takes the token away itself.
    """
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    return schemathesis.openapi.from_dict(document, config=config)


def all_checks() -> list[Any]:
    """Return every check there is but the excluded ones."""
    load_all_checks()
    return [each for each in CHECKS.get_all() if each.__name__ not in EXCLUDED]
