"""The billing case: a JSON file with the facts of a few visits, settled offline by the kernel.

Reads strictly (`reader`), carries out the events (`runner`) and writes what they answer (`result`).
"""

from service.billing.case.node import Malformed
from service.billing.case.reader import Case, Event, read_case
from service.billing.case.result import as_json, balances_as_json, dump, event_as_json
from service.billing.case.runner import Answer, Outcome, Result, run_case

__all__ = [
    "Answer",
    "Case",
    "Event",
    "Malformed",
    "Outcome",
    "Result",
    "as_json",
    "balances_as_json",
    "dump",
    "event_as_json",
    "read_case",
    "run_case",
]
