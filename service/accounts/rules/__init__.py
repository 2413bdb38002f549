"""The rules of accounts: roles and scopes, what is decided about accounts and log-ins, which passwords are weak."""

from service.accounts.rules.decisions import (
    AccountFacts,
    AccountStatus,
    Due,
    Origin,
    RefreshFacts,
    RefreshVerdict,
    SessionFacts,
    SessionKind,
    Standing,
    judge_refresh,
    refuse_appointment,
    refuse_change,
    refuse_misfit,
)
from service.accounts.rules.password_policy import refuse_weak
from service.accounts.rules.roles import (
    ACTED_FOR,
    APPOINTS,
    BY_THE_REGION,
    NEEDS_SECOND_FACTOR,
    ROLE_SCOPES,
    SECURES,
    WORKS_SOMEWHERE,
    Role,
)

__all__ = [
    "ACTED_FOR",
    "APPOINTS",
    "BY_THE_REGION",
    "NEEDS_SECOND_FACTOR",
    "ROLE_SCOPES",
    "SECURES",
    "WORKS_SOMEWHERE",
    "AccountFacts",
    "AccountStatus",
    "Due",
    "Origin",
    "RefreshFacts",
    "RefreshVerdict",
    "Role",
    "SessionFacts",
    "SessionKind",
    "Standing",
    "judge_refresh",
    "refuse_appointment",
    "refuse_change",
    "refuse_misfit",
    "refuse_weak",
]
