"""The moves an order may make, written from the rule by hand: tests compare the code and the database with it."""

from service.orders.rules import OrderState

_SAID = """
draft       submitted cancelled
submitted   accepted rejected cancelled
accepted    scheduled rejected cancelled
scheduled   accepted in_progress cancelled noshow
in_progress done noshow cancelled
done        closed
closed      done
rejected
cancelled
noshow
"""

LEGAL = frozenset(
    (OrderState(before), OrderState(after))
    for before, *afters in (line.split() for line in _SAID.strip().splitlines())
    for after in afters
)
