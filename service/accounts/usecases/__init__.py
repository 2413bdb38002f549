"""What people do with accounts and log-ins, and what other rooms ask about them."""

from service.accounts.usecases.loading import accounts_named
from service.accounts.usecases.logging_in import act_for, log_in, log_in_client, refresh, revoke
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
from service.accounts.usecases.regions import found_region, list_regions
from service.accounts.usecases.second_factors import begin as begin_second_factor
from service.accounts.usecases.second_factors import clear as clear_second_factor
from service.accounts.usecases.second_factors import confirm as confirm_second_factor
from service.accounts.usecases.second_factors import recovery_codes_left
from service.accounts.usecases.second_factors import remove as remove_second_factor
from service.accounts.usecases.second_factors import reset as reset_second_factor
from service.accounts.usecases.sessions import (
    end_other_sessions,
    end_own_session,
    end_sessions,
    list_own_sessions,
    list_sessions,
)

__all__ = [
    "accounts_named",
    "act_for",
    "begin_second_factor",
    "change_account",
    "change_own_password",
    "clear_second_factor",
    "confirm_second_factor",
    "create_account",
    "create_first_account",
    "create_resident_account",
    "end_other_sessions",
    "end_own_session",
    "end_sessions",
    "found_region",
    "get_account",
    "list_accounts",
    "list_own_sessions",
    "list_regions",
    "list_sessions",
    "log_in",
    "log_in_client",
    "names_of",
    "read_account",
    "recovery_codes_left",
    "refresh",
    "remove_second_factor",
    "renew_secret",
    "reset_second_factor",
    "revoke",
]
