"""What people do with contracts, and what other rooms ask of them and of the ledger: the only door."""

from service.contracts.usecases.enrolments import end_enrolment, enrol, enrolments_on, list_enrolments
from service.contracts.usecases.entitlements import list_entitlements
from service.contracts.usecases.ledger import (
    balances,
    consume,
    cover_on,
    ensure_year,
    held_by,
    release_order,
    reserve,
    return_settlement,
)
from service.contracts.usecases.loading import load_contracts, packages_of
from service.contracts.usecases.packages import add_package, end_package, list_packages, read_package
from service.contracts.usecases.signing import list_contracts, read_contract, sign_contract, terminate_contract

__all__ = [
    "add_package",
    "balances",
    "consume",
    "cover_on",
    "end_enrolment",
    "end_package",
    "enrol",
    "enrolments_on",
    "ensure_year",
    "held_by",
    "list_contracts",
    "list_enrolments",
    "list_entitlements",
    "list_packages",
    "load_contracts",
    "packages_of",
    "read_contract",
    "read_package",
    "release_order",
    "reserve",
    "return_settlement",
    "sign_contract",
    "terminate_contract",
]
