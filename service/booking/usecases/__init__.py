"""What people do here: place an order, submit a draft, change it, cancel it; say who is not to come any more."""

from service.booking.usecases.changing import cancel_order, change_order
from service.booking.usecases.excluding import exclude_practitioners
from service.booking.usecases.periods import accept_period
from service.booking.usecases.placing import place_order, submit_order

__all__ = ["accept_period", "cancel_order", "change_order", "exclude_practitioners", "place_order", "submit_order"]
