"""Which visits of a plan are one trip: the same crew at the same home, one after the other without leaving."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Call:
    """One member of staff's stop of a plan; a lunch break has neither order nor home.

    `institution_id` is the order's: who helps a neighbour out makes a trip for each of the two, and each one's bills
    share a way of their own. An order in parts is of the trip on which its first `part` is given: coming back for a
    further one pays no way of its own and begins no trip.
    """

    practitioner_id: UUID
    start: datetime
    order_id: UUID | None
    home_id: UUID | None
    institution_id: UUID | None = None
    part: int = 1

    @property
    def place(self) -> tuple[UUID | None, UUID | None]:
        """Where it is, and whose bill it is on."""
        return self.home_id, self.institution_id


def trip_keys(calls: Iterable[Call], new_key: Callable[[], UUID]) -> dict[UUID, UUID]:
    """Return a key for each order: equal for those that one crew serves at one home without a stop elsewhere."""
    by_time = sorted(calls, key=lambda each: each.start)
    begins = [each for each in by_time if each.order_id is not None and each.part == 1]
    comes_from: defaultdict[UUID, dict[UUID, Call | None]] = defaultdict(dict)
    last: dict[UUID, Call | None] = {}
    for call in by_time:
        before = last.get(call.practitioner_id)
        if call.part > 1:
            # whoever stayed with the elder in between is on the same trip still; who comes back begins none, and what
            # follows there has a trip of its own
            last[call.practitioner_id] = before if before is not None and before.place == call.place else None
            continue
        if call.order_id is not None:
            comes_from[call.order_id][call.practitioner_id] = before
        last[call.practitioner_id] = call
    keys: dict[UUID, UUID] = {}
    for call in begins:
        if call.order_id is not None and call.order_id not in keys:
            stayed = _stayed_after(call, comes_from)
            keys[call.order_id] = new_key() if stayed is None else keys[stayed]
    return keys


def _stayed_after(call: Call, comes_from: Mapping[UUID, Mapping[UUID, Call | None]]) -> UUID | None:
    """Return the order that the whole crew of `call` has just served at the same home, and nobody else with them."""
    crew = comes_from[call.order_id] if call.order_id else {}
    earlier = {before.order_id if before and before.place == call.place else None for before in crew.values()}
    if len(earlier) != 1:
        return None
    order_id = earlier.pop()
    return order_id if order_id is not None and comes_from[order_id].keys() == crew.keys() else None
