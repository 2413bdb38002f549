"""What people do with contracts, and what other rooms ask of them and of the ledger: the only door."""

from service.contracts.usecases.bed_days import per_diem_used, return_bed_days, use_bed_days
from service.contracts.usecases.enrolments import end_enrolment, enrol, enrolments_on, list_enrolments
from service.contracts.usecases.entitlements import list_entitlements
from service.contracts.usecases.ledger import (
    asked_held_by,
    asked_of_payers,
    balances,
    consume,
    cover_on,
    ensure_year,
    held_by,
    release_order,
    reserve,
    return_settlement,
    steps_of_use,
)
from service.contracts.usecases.limits import entries_of_settlement
from service.contracts.usecases.loading import contract_named, load_contracts, packages_of
from service.contracts.usecases.openings import open_balance
from service.contracts.usecases.packages import add_package, end_package, list_packages, read_package
from service.contracts.usecases.signing import (
    family_doctors,
    list_contracts,
    read_contract,
    sign_contract,
    terminate_contract,
)
from service.contracts.usecases.uses import list_uses, read_use, record_use, reverse_use

__all__ = [
    "add_package",
    "asked_held_by",
    "asked_of_payers",
    "balances",
    "consume",
    "contract_named",
    "cover_on",
    "end_enrolment",
    "end_package",
    "enrol",
    "enrolments_on",
    "ensure_year",
    "entries_of_settlement",
    "family_doctors",
    "held_by",
    "list_contracts",
    "list_enrolments",
    "list_entitlements",
    "list_packages",
    "list_uses",
    "load_contracts",
    "open_balance",
    "packages_of",
    "per_diem_used",
    "read_contract",
    "read_package",
    "read_use",
    "record_use",
    "release_order",
    "reserve",
    "return_bed_days",
    "return_settlement",
    "reverse_use",
    "sign_contract",
    "steps_of_use",
    "terminate_contract",
    "use_bed_days",
]
