"""What people do with orders; placing, changing and cancelling are composed in `booking`, which asks other rooms."""

from service.orders.usecases.moving import accept, accept_by_itself, move, reject
from service.orders.usecases.placing import (
    change,
    count_open,
    create,
    placed_by_us,
    require_mode,
    require_practitioner_at,
)
from service.orders.usecases.reading import (
    LISTING,
    get_order,
    has_open_order,
    hold_order,
    list_for_day,
    list_orders,
    people_viewed,
    read_order,
    told,
)

__all__ = [
    "LISTING",
    "accept",
    "accept_by_itself",
    "change",
    "count_open",
    "create",
    "get_order",
    "has_open_order",
    "hold_order",
    "list_for_day",
    "list_orders",
    "move",
    "people_viewed",
    "placed_by_us",
    "read_order",
    "reject",
    "require_mode",
    "require_practitioner_at",
    "told",
]
