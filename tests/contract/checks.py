"""What every answer is held to: all of Schemathesis's checks, with each exclusion and its reason."""

import re
from typing import Any, Final

import schemathesis
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.generation.case import Case
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.schemas import BaseSchema

from service.main import build_app

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


def _says_more_than_a_schema(fault: dict[str, str]) -> bool:
    return fault["code"] in _BEYOND_A_SCHEMA | _WIDER_BY_FORMAT or bool(_BOUND_OF_TIME.search(fault["detail"]))


@schemathesis.check
def acceptance_as_documented(_: Any, response: Response, case: Case) -> None:
    """Refuse a 422 for a request that is what the contract says, unless the fault is one that no schema can say."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code != 422:
        return
    problem = response.json()
    faults = [each for each in problem.get("errors", []) if not _says_more_than_a_schema(each)]
    if problem["code"] == "malformed" and faults:
        raise RejectedPositiveData(
            operation=case.operation.label, message=f"the contract allows what was refused: {faults}", status_code=422,
            allowed_statuses=["2xx"],
        )  # fmt: skip


def contract(**config: Any) -> BaseSchema:
    """Return the application's contract, ready to generate requests; links are followed by stories only."""
    return schemathesis.openapi.from_dict(build_app().openapi(), config=SchemathesisConfig.from_dict(config))


def all_checks() -> list[Any]:
    """Return every check there is but the excluded ones."""
    load_all_checks()
    return [each for each in CHECKS.get_all() if each.__name__ not in EXCLUDED]


__all__ = ["EXCLUDED", "Failure", "acceptance_as_documented", "all_checks", "contract"]
