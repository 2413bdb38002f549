"""What people do in the catalogue, and what other rooms ask of it: the only door."""

from service.catalog.usecases.insurance import (
    add_insurance_rule,
    end_insurance_rule,
    insurance_rule,
    list_insurance_rules,
)
from service.catalog.usecases.prices import add_price, end_price, list_prices, price_rows
from service.catalog.usecases.programmes import (
    add_programme,
    end_programme,
    get_programme,
    list_programmes,
    programmes,
    read_programme,
)
from service.catalog.usecases.published import list_published
from service.catalog.usecases.services import (
    add_service_item,
    change_service_item,
    items,
    list_service_items,
    read_service_item,
    refuse_unlisted,
)
from service.catalog.usecases.tariffs import add_tariff, end_tariff, list_tariffs, tariff_on

__all__ = [
    "add_insurance_rule",
    "add_price",
    "add_programme",
    "add_service_item",
    "add_tariff",
    "change_service_item",
    "end_insurance_rule",
    "end_price",
    "end_programme",
    "end_tariff",
    "get_programme",
    "insurance_rule",
    "items",
    "list_insurance_rules",
    "list_prices",
    "list_programmes",
    "list_published",
    "list_service_items",
    "list_tariffs",
    "price_rows",
    "programmes",
    "read_programme",
    "read_service_item",
    "refuse_unlisted",
    "tariff_on",
]
