"""The words of contracts and the entitlement ledger, and the decisions about them."""

from service.contracts.rules.decisions import (
    due_grants,
    earliest_end,
    missing_grants,
    refuse_outside_programme,
    refuse_short_term,
    refuse_signing_day,
    refuse_termination,
    standing_today,
    sum_claims,
)
from service.contracts.rules.facts import (
    CONTRACT_PERIOD,
    Balance,
    Claim,
    ContractCover,
    Counting,
    EnrolmentFacts,
    Grant,
    Key,
    Source,
    Standing,
    TerminationReason,
    year_of,
)
from service.contracts.rules.wording import describe

__all__ = [
    "CONTRACT_PERIOD",
    "Balance",
    "Claim",
    "ContractCover",
    "Counting",
    "EnrolmentFacts",
    "Grant",
    "Key",
    "Source",
    "Standing",
    "TerminationReason",
    "describe",
    "due_grants",
    "earliest_end",
    "missing_grants",
    "refuse_outside_programme",
    "refuse_short_term",
    "refuse_signing_day",
    "refuse_termination",
    "standing_today",
    "sum_claims",
    "year_of",
]
