"""What people do in the catalogue, and what other rooms ask of it: the only door."""

from service.catalog.usecases.asking import asked_of_visit
from service.catalog.usecases.insurance import (
    add_insurance_rule,
    end_insurance_rule,
    insurance_rule,
    list_insurance_rules,
)
from service.catalog.usecases.limits import add_price_limit, end_price_limit, list_price_limits, price_limits
from service.catalog.usecases.ltci import add_ltci_rule, end_ltci_rule, list_ltci_rules, ltci_rule
from service.catalog.usecases.per_diem import (
    add_per_diem_agreement,
    end_per_diem_agreement,
    get_per_diem,
    list_per_diem_agreements,
    per_diem_on,
)
from service.catalog.usecases.price_books import diff_level_prices, diff_prices, export_prices
from service.catalog.usecases.price_intake import import_prices, load_prices
from service.catalog.usecases.prices import (
    add_level_price,
    add_price,
    end_level_price,
    end_price,
    list_level_prices,
    list_prices,
    list_prices_in_force,
    price_rows,
)
from service.catalog.usecases.programmes import (
    add_programme,
    end_programme,
    get_programme,
    list_programmes,
    programmes,
    read_programme,
)
from service.catalog.usecases.proposals import (
    approve_tariff_proposal,
    list_published_notices,
    list_tariff_proposals,
    propose_tariff,
    withdraw_tariff_proposal,
)
from service.catalog.usecases.published import list_published
from service.catalog.usecases.reductions import (
    add_reduction_rule,
    end_reduction_rule,
    list_reduction_rules,
    reduction_rules,
    reduction_rules_between,
)
from service.catalog.usecases.services import (
    add_service_item,
    change_service_item,
    items,
    list_service_items,
    read_service_item,
    refuse_unlisted,
)
from service.catalog.usecases.standing import prices_begun, tariff_begun
from service.catalog.usecases.tariffs import add_tariff, end_tariff, list_tariffs, tariff_on

__all__ = [
    "add_insurance_rule",
    "add_level_price",
    "add_ltci_rule",
    "add_per_diem_agreement",
    "add_price",
    "add_price_limit",
    "add_programme",
    "add_reduction_rule",
    "add_service_item",
    "add_tariff",
    "approve_tariff_proposal",
    "asked_of_visit",
    "change_service_item",
    "diff_level_prices",
    "diff_prices",
    "end_insurance_rule",
    "end_level_price",
    "end_ltci_rule",
    "end_per_diem_agreement",
    "end_price",
    "end_price_limit",
    "end_programme",
    "end_reduction_rule",
    "end_tariff",
    "export_prices",
    "get_per_diem",
    "get_programme",
    "import_prices",
    "insurance_rule",
    "items",
    "list_insurance_rules",
    "list_level_prices",
    "list_ltci_rules",
    "list_per_diem_agreements",
    "list_price_limits",
    "list_prices",
    "list_prices_in_force",
    "list_programmes",
    "list_published",
    "list_published_notices",
    "list_reduction_rules",
    "list_service_items",
    "list_tariff_proposals",
    "list_tariffs",
    "load_prices",
    "ltci_rule",
    "per_diem_on",
    "price_limits",
    "price_rows",
    "prices_begun",
    "programmes",
    "propose_tariff",
    "read_programme",
    "read_service_item",
    "reduction_rules",
    "reduction_rules_between",
    "refuse_unlisted",
    "tariff_begun",
    "tariff_on",
    "withdraw_tariff_proposal",
]
