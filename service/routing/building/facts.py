"""What a day's plan stands on: orders, homes, staff and settings of one day, as other rooms told them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from service.catalog.rules import ItemFacts
from service.core.clock import at_local
from service.core.geo import Point, TravelMode
from service.gateways.maps import Pace
from service.orders.rules import OrderFacts, OrderKind
from service.patients.rules import CareFacts, HomeFacts, Precaution
from service.practitioners.rules import StaffDay, Team
from service.routing.states import StopKind


@dataclass(frozen=True, slots=True)
class Busy:
    """A promise of another plan: the person is near `place` from `start` to `end`. `specimen_of` is the order whose
    specimen is handed in, as far as one may know, `travel_seconds` the way to there; a break is no work. For a
    visit that stays `load` units of supplies are carried all day. `precaution` is that of whoever is visited, or whose
    specimen it is (`is_handover`); None: it binds nobody.
    """

    practitioner_id: UUID
    start: datetime
    end: datetime
    place: Point
    specimen_of: UUID | None = None
    travel_seconds: int = 0
    is_work: bool = True
    load: int = 0
    precaution: Precaution | None = None
    is_handover: bool = False


@dataclass(frozen=True, slots=True)
class Policy:
    """What the settings `plan.*` and `travel.traffic` of an institution say on the day.

    Prices are units of travel for one of what they price, 0 = not priced (lateness, overtime and missed lunches: not
    allowed); limits of 0 are none. `traffic` is (minute of the day, per cent).
    """

    minimum_gap_minutes: int = 0
    specimen_handover_minutes: int = 0
    max_work_minutes: int = 0
    radius_km: int = 0
    lateness_price: int = 0
    overtime_price: int = 0
    waiting_price: int = 0
    idle_price: int = 0
    missed_lunch_minutes: int = 0
    balance_price: int = 0
    travel_balance_price: int = 0
    arrival_minutes: int = 0
    changed_price_minutes: int = 0
    moved_price_minutes: int = 0
    wish_price_minutes: int = 15
    staff_minimum: int = 1
    traffic: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """The staff of `helping_id` may serve the orders of `giving_id` that are of one of `kinds`; each visit given away
    costs a plan so many minutes of travel.
    """

    id: UUID
    giving_id: UUID
    helping_id: UUID
    kinds: frozenset[OrderKind]
    price_minutes: int


@dataclass(frozen=True, slots=True)
class SharedVehicle:
    """A shared vehicle on the day: where it stands, and from when to when it may be away from there."""

    id: UUID
    institution_id: UUID
    plate_no: str
    seats: int
    place: Point
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Promise:
    """What people were told of an order by the plan that this one would replace: from when, and who comes; of an order
    in parts also from when each further one (`later`). `deliveries`: when what is taken at a part is handed in, and by
    whom; known only where the visit is pinned.
    """

    start: datetime
    practitioner_ids: frozenset[UUID]
    later: Mapping[int, datetime] = field(default_factory=dict)
    deliveries: Mapping[int, tuple[datetime, UUID]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seen:
    """Who goes to an order that no plan of the day can give to anybody else any more: it has begun, or another plan in
    force has promised it.
    """

    order: OrderFacts
    practitioner_id: UUID


@dataclass(frozen=True, slots=True)
class Due:
    """A further part that somebody is promised to come back for, of an order that has begun, or that somebody of its
    crew is to come after the first.
    """

    order_id: UUID
    practitioner_id: UUID
    end: datetime


@dataclass(frozen=True, slots=True)
class BegunStop:
    """A stop of a visit that has begun, or of what follows it (a further part, the delivery of the specimen), as the
    plan that promised it told it. `order_id` is the visit's, the way to the stop what it was then.
    """

    practitioner_id: UUID
    practitioner_name: str
    kind: StopKind
    order_id: UUID
    start: datetime
    end: datetime
    travel_seconds: int
    travel_metres: int
    part: int = 1
    parts: int = 1
    ride: Any = None
    overflow_agreement_id: UUID | None = None

    @property
    def is_behind(self) -> bool:
        """Whether it follows the visit that has begun."""
        return self.kind is StopKind.delivery or self.part > 1


_NO_POLICY: Final = Policy()
_NO_CARE: Final = CareFacts()


@dataclass(frozen=True, slots=True)
class DayFacts:
    """Everything that a day's plan stands on.

    `priorities` are points by order; `stairs` (minutes per floor without a lift) and `paces` by institution; `busy`:
    where other plans have sent the staff; `engaged`: when other plans send somebody to a person; `outside`: whether map
    providers may learn where the homes are. `care` is by person (no key: nothing known), `policies` and `laboratories`
    (where specimens go) by institution, `promised` by order, `teams` (of the family doctor) by person. `begun` are
    orders whose visits are over or under way; `travelled`: seconds that people have been on the way already.
    `agreements`: which of the institutions help each other out on the day; `due`: who has to come back to whom;
    `vehicles`: which they share; `begun_stops`: where the plans of the area have sent people to those `begun`; `last`:
    who came to a person last, on a day before; `seen`: who has gone or will go to orders that are not planned here.
    `pins`: of the orders that are pinned, what was promised and is kept to the letter or not at all; None: nothing is
    any more.
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
    care: Mapping[UUID, CareFacts] = field(default_factory=dict)
    policies: Mapping[UUID, Policy] = field(default_factory=dict)
    laboratories: Mapping[UUID, Point] = field(default_factory=dict)
    promised: Mapping[UUID, Promise] = field(default_factory=dict)
    begun: tuple[OrderFacts, ...] = ()
    travelled: Mapping[UUID, int] = field(default_factory=dict)
    teams: Mapping[UUID, Team] = field(default_factory=dict)
    agreements: tuple[Agreement, ...] = ()
    due: tuple[Due, ...] = ()
    vehicles: tuple[SharedVehicle, ...] = ()
    begun_stops: tuple[BegunStop, ...] = ()
    last: Mapping[UUID, UUID] = field(default_factory=dict)
    seen: tuple[Seen, ...] = ()
    pins: Mapping[UUID, Promise | None] = field(default_factory=dict)

    def seconds(self, at: datetime) -> int:
        """Return the whole seconds from the day's local midnight to a moment, rounded down."""
        return seconds_of(self.on, at)

    def policy(self, institution_id: UUID) -> Policy:
        """Return what the settings of an institution say."""
        return self.policies.get(institution_id, _NO_POLICY)

    def care_of(self, person_id: UUID) -> CareFacts:
        """Return what whoever is sent to a person must be."""
        return self.care.get(person_id, _NO_CARE)


def promises_of(visits: Iterable[tuple[UUID, datetime, UUID, int]]) -> dict[UUID, Promise]:
    """Return what people are told of each order by visits, each of an order from a moment by somebody, and its part."""
    crews: defaultdict[UUID, list[tuple[datetime, UUID, int]]] = defaultdict(list)
    for order_id, start, practitioner_id, part in visits:
        crews[order_id].append((start, practitioner_id, part))
    return {
        order_id: Promise(
            min(start for start, _, _ in crew),
            frozenset(who for _, who, _ in crew),
            {part: start for start, _, part in crew if part > 1},
        )
        for order_id, crew in crews.items()
    }


def seconds_of(on: date, at: datetime) -> int:
    """Return the whole seconds from a day's local midnight to a moment, rounded down."""
    return int((at - _midnight(on)).total_seconds() // 1)


def moment_of(on: date, seconds: int) -> datetime:
    """Return the moment so many seconds after a day's local midnight, in UTC."""
    return datetime.fromtimestamp(int(_midnight(on).timestamp()) + seconds, UTC)


@lru_cache(maxsize=64)
def _midnight(on: date) -> datetime:
    return at_local(on, time())
