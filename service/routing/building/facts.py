"""What a day's plan stands on: orders, homes, staff and settings of one day, as other rooms told them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from service.catalog.rules import ItemFacts
from service.core.clock import at_local
from service.core.geo import Point, TravelMode
from service.gateways.maps import Pace
from service.orders.rules import OrderFacts
from service.patients.rules import HomeFacts
from service.practitioners.rules import StaffDay


@dataclass(frozen=True, slots=True)
class Busy:
    """A promise of another plan: the person is near `place` from `start` to `end`."""

    practitioner_id: UUID
    start: datetime
    end: datetime
    place: Point


@dataclass(frozen=True, slots=True)
class DayFacts:
    """Everything that a day's plan stands on.

    `priorities` are points by order; `stairs` (minutes per floor without a lift) and `paces` by institution; `busy`:
    where other plans have sent the staff; `engaged`: when other plans send somebody to a person; `outside`: whether map
    providers may learn where the homes are.
    """

    on: date
    now: datetime
    orders: tuple[OrderFacts, ...]
    items: Mapping[str, ItemFacts]
    homes: Mapping[UUID, HomeFacts]
    priorities: Mapping[UUID, int]
    stairs: Mapping[UUID, Decimal]
    paces: Mapping[UUID, Mapping[TravelMode, Pace]]
    staff: tuple[StaffDay, ...]
    busy: tuple[Busy, ...] = ()
    engaged: Mapping[UUID, Sequence[tuple[datetime, datetime]]] = field(default_factory=dict)
    outside: bool = False

    def seconds(self, at: datetime) -> int:
        """Return the whole seconds from the day's local midnight to a moment, rounded down."""
        return seconds_of(self.on, at)


def seconds_of(on: date, at: datetime) -> int:
    """Return the whole seconds from a day's local midnight to a moment, rounded down."""
    return int((at - at_local(on, time())).total_seconds() // 1)


def moment_of(on: date, seconds: int) -> datetime:
    """Return the moment so many seconds after a day's local midnight, in UTC."""
    return datetime.fromtimestamp(int(at_local(on, time()).timestamp()) + seconds, UTC)
