"""What people do with accounts and log-ins, and what other rooms ask about them."""

from service.accounts.usecases.opening import create_account, create_first_account, create_resident_account
from service.accounts.usecases.people import (
    change_account,
    change_own_password,
    get_account,
    list_accounts,
    names_of,
    read_account,
    renew_secret,
)
from service.accounts.usecases.sessions import act_for, log_in, refresh, revoke

__all__ = [
    "act_for",
    "change_account",
    "change_own_password",
    "create_account",
    "create_first_account",
    "create_resident_account",
    "get_account",
    "list_accounts",
    "log_in",
    "names_of",
    "read_account",
    "refresh",
    "renew_secret",
    "revoke",
]
