"""What people do with orders; placing, changing and cancelling are composed in `booking`, which asks other rooms."""

from service.orders.usecases.moving import accept, accept_by_itself, move, reject, steps_of_move
from service.orders.usecases.placing import (
    change,
    count_open,
    create,
    placed_by_us,
    require_mode,
    require_practitioner,
    require_practitioner_at,
)
from service.orders.usecases.reading import (
    LISTING,
    asked_standing,
    distance_metres,
    get_order,
    has_open_order,
    hold_order,
    list_for_day,
    list_orders,
    list_wishing,
    people_viewed,
    read_order,
    told,
)

__all__ = [
    "LISTING",
    "accept",
    "accept_by_itself",
    "asked_standing",
    "change",
    "count_open",
    "create",
    "distance_metres",
    "get_order",
    "has_open_order",
    "hold_order",
    "list_for_day",
    "list_orders",
    "list_wishing",
    "move",
    "people_viewed",
    "placed_by_us",
    "read_order",
    "reject",
    "require_mode",
    "require_practitioner",
    "require_practitioner_at",
    "steps_of_move",
    "told",
]
