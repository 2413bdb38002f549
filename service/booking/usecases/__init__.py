"""What people do here: place an order, submit a draft, change it, cancel it."""

from service.booking.usecases.changing import cancel_order, change_order
from service.booking.usecases.periods import accept_period
from service.booking.usecases.placing import place_order, submit_order

__all__ = ["accept_period", "cancel_order", "change_order", "place_order", "submit_order"]
