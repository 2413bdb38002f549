"""What an order is and how it may move, which registered mode it needs, and when it may be booked and cancelled."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from service.catalog import rules as catalog
from service.core.clock import at_local, local_date
from service.institutions.rules import ServiceMode
from service.orders import errors
from service.patients.rules import Sex

OrderKind = catalog.OrderKind
"""The kinds of order: different registered modes, limits and price items (R003)."""


class OrderState(StrEnum):
    """How far an order has come."""

    draft = "draft"
    submitted = "submitted"
    accepted = "accepted"
    scheduled = "scheduled"
    in_progress = "in_progress"
    done = "done"
    closed = "closed"
    rejected = "rejected"
    cancelled = "cancelled"
    noshow = "noshow"


MOVES: Final[Mapping[OrderState, frozenset[OrderState]]] = {
    OrderState.draft: frozenset({OrderState.submitted, OrderState.cancelled}),
    OrderState.submitted: frozenset({OrderState.accepted, OrderState.rejected, OrderState.cancelled}),
    OrderState.accepted: frozenset({OrderState.scheduled, OrderState.rejected, OrderState.cancelled}),
    OrderState.scheduled: frozenset(
        {OrderState.accepted, OrderState.in_progress, OrderState.cancelled, OrderState.noshow}
    ),
    # staff may call a crew back that has not begun
    OrderState.in_progress: frozenset({OrderState.done, OrderState.noshow, OrderState.cancelled}),
    OrderState.done: frozenset({OrderState.closed}),
    # a reversed bill opens the order again
    OrderState.closed: frozenset({OrderState.done}),
    OrderState.rejected: frozenset(),
    OrderState.cancelled: frozenset(),
    OrderState.noshow: frozenset(),
}
"""From each state, the states an order may move to. The database's trigger is made from this table."""

FIRST_STATES: Final = frozenset({OrderState.draft, OrderState.submitted})
"""The states an order may begin in; the fence of the table says so too."""

OPEN: Final = frozenset({OrderState.submitted, OrderState.accepted, OrderState.scheduled, OrderState.in_progress})
"""The states that count towards a person's limit of open orders, and that a home bed's closing must wait for."""

SEEN: Final = OPEN | {OrderState.done, OrderState.closed}
"""The states in which somebody is seen on the order's day, or will be."""

CHANGEABLE: Final = frozenset({OrderState.draft, OrderState.submitted})
"""The states in which the window and the wished-for practitioner may still be changed."""

MODE_NEEDED: Final[Mapping[OrderKind, ServiceMode]] = {
    OrderKind.home_visit: ServiceMode.round,
    OrderKind.institution_round: ServiceMode.round,
    OrderKind.home_bed_round: ServiceMode.home_bed,
}
"""The registered service mode (服务方式) that each kind needs on the service date (R005)."""

ORDER_ACCEPTED: Final = "order.accepted"
"""News: the institution has taken an order (subject: the order, of this and the next two)."""
ORDER_REJECTED: Final = "order.rejected"
"""News: the institution has sent an order back."""
ORDER_CANCELLED: Final = "order.cancelled"
"""News: an order that was submitted will not be carried out."""

BY_ITSELF: Final = "自动接单"
"""Why an order was accepted that nobody looked at."""

STATE_LABELS: Final[Mapping[OrderState, str]] = {
    OrderState.draft: "草稿",
    OrderState.submitted: "已提交",
    OrderState.accepted: "已接单",
    OrderState.scheduled: "已排班",
    OrderState.in_progress: "服务中",
    OrderState.done: "已完成",
    OrderState.closed: "已结算",
    OrderState.rejected: "已退回",
    OrderState.cancelled: "已取消",
    OrderState.noshow: "未遇",
}
"""What people read for each state."""

MODE_LABELS: Final[Mapping[ServiceMode, str]] = {ServiceMode.round: "巡诊", ServiceMode.home_bed: "家庭病床"}
"""What people read for each service mode."""


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """The moments [start, end) between which the elder wishes the service to be given."""

    start: datetime
    end: datetime

    @property
    def service_on(self) -> date:
        """The local day the window lies in."""
        return local_date(self.start)


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as its neighbours see it; the whole service should lie within [wished_start, wished_end), or within one
    of the windows `also_wished` for, of the same day.

    `staff_sex`: only staff of that sex may come, unless that is not `staff_sex_required`: then others come, too; None =
    anybody. `preferred_only`: with the preferred practitioner, and
    with nobody else. `same_staff`: the person's other visits of the day are given by the same one.
    """

    id: UUID
    order_no: str
    institution_id: UUID
    kind: OrderKind
    person_id: UUID
    home_id: UUID
    state: OrderState
    service_on: date
    wished_start: datetime
    wished_end: datetime
    staff_count: int
    items: tuple[tuple[str, int], ...]
    preferred_practitioner_id: UUID | None
    distance_metres: int | None
    mobility_reason: str = ""
    staff_sex: Sex | None = None
    preferred_only: bool = False
    excluded_practitioner_ids: tuple[UUID, ...] = ()
    same_staff: bool = False
    also_wished: tuple[Window, ...] = ()
    staff_sex_required: bool = True

    @property
    def windows(self) -> tuple[Window, ...]:
        """All windows in one of which the service should lie, the earliest first."""
        return tuple(sorted((Window(self.wished_start, self.wished_end), *self.also_wished)))


class Step(NamedTuple):
    """A move of an order: `moved_by_account_id` None = the system."""

    seq: int
    from_state: OrderState | None
    to_state: OrderState
    moved_at: datetime
    moved_by_account_id: UUID | None
    because: str


@dataclass(frozen=True, slots=True)
class Told:
    """An order with everything that happened to it."""

    order: OrderFacts
    placed_by_account_id: UUID
    placed_at: datetime
    moves: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class RoundDue:
    """The time that a round plan fell due on a day by its own count; it becomes one order (orders_round_once), so many
    days apart from the plan's others (orders_round_apart).
    """

    round_plan_id: UUID
    owed_on: date
    apart_days: int


@dataclass(frozen=True, slots=True)
class NewOrder:
    """Everything an order begins with. `distance_metres` is the quote's; a draft has none.

    `staff_sex`: only staff of that sex may come; None = anybody. `due`: what it is placed for, None = by hand.
    """

    institution_id: UUID
    kind: OrderKind
    person_id: UUID
    home_id: UUID
    state: OrderState
    window: Window
    staff_count: int
    items: tuple[tuple[str, int], ...]
    mobility_reason: str
    preferred_practitioner_id: UUID | None = None
    distance_metres: int | None = None
    staff_sex: Sex | None = None
    preferred_only: bool = False
    excluded_practitioner_ids: tuple[UUID, ...] = ()
    same_staff: bool = False
    due: RoundDue | None = None
    also_wished: tuple[Window, ...] = ()
    staff_sex_required: bool = True

    def numbered(self, order_id: UUID, order_no: str, state: OrderState) -> OrderFacts:
        """Return the order as it was written."""
        return OrderFacts(
            id=order_id,
            order_no=order_no,
            institution_id=self.institution_id,
            kind=self.kind,
            person_id=self.person_id,
            home_id=self.home_id,
            state=state,
            service_on=self.window.service_on,
            wished_start=self.window.start,
            wished_end=self.window.end,
            staff_count=self.staff_count,
            items=tuple(sorted(self.items)),
            preferred_practitioner_id=self.preferred_practitioner_id,
            distance_metres=self.distance_metres,
            mobility_reason=self.mobility_reason,
            staff_sex=self.staff_sex,
            preferred_only=self.preferred_only,
            excluded_practitioner_ids=self.excluded_practitioner_ids,
            same_staff=self.same_staff,
            also_wished=self.also_wished,
            staff_sex_required=self.staff_sex_required,
        )


def refuse_illegal_move(before: OrderState, after: OrderState) -> None:
    """Refuse a move that the table of moves does not have.

    Raises:
        errors.IllegalMove: names both states.
    """
    if after not in MOVES[before]:
        raise illegal_move(before, after)


def illegal_move(before: OrderState, after: OrderState) -> errors.IllegalMove:
    """Return the refusal of a move."""
    return errors.IllegalMove(
        from_state=before, to_state=after, from_label=STATE_LABELS[before], to_label=STATE_LABELS[after]
    )


def news_of(before: OrderState, after: OrderState) -> str | None:
    """Return the news that a move is to the elder's side, None when it is none.

    An order that waits for a plan again, or a draft thrown away, is no such news.
    """
    return {
        (OrderState.submitted, OrderState.accepted): ORDER_ACCEPTED,
        (OrderState.submitted, OrderState.rejected): ORDER_REJECTED,
        (OrderState.accepted, OrderState.rejected): ORDER_REJECTED,
        (OrderState.submitted, OrderState.cancelled): ORDER_CANCELLED,
        (OrderState.accepted, OrderState.cancelled): ORDER_CANCELLED,
        (OrderState.scheduled, OrderState.cancelled): ORDER_CANCELLED,
        (OrderState.in_progress, OrderState.cancelled): ORDER_CANCELLED,
    }.get((before, after))


def refuse_unregistered(kind: OrderKind, registered: bool, service_on: date) -> None:
    """Refuse an order whose institution lacks the mode it needs on the service date (R005).

    Raises:
        errors.ModeNotRegistered: names the mode and the day.
    """
    if not registered:
        mode = MODE_NEEDED[kind]
        raise errors.ModeNotRegistered(mode=mode, mode_label=MODE_LABELS[mode], service_on=service_on)


def refuse_window_outside_a_day(window: Window) -> None:
    """Refuse a window that is empty or crosses local midnight; it may end at midnight.

    Raises:
        errors.WindowNotOneDay: it does not lie within one local day.
    """
    if not window.start < window.end or local_date(window.end - timedelta(microseconds=1)) != window.service_on:
        raise errors.WindowNotOneDay


def refuse_window(window: Window, *, now: datetime, days_ahead: int) -> None:
    """Refuse a window that has begun, or lies more than `days_ahead` days ahead of today.

    Raises:
        errors.WindowPast: it begins before `now`.
        errors.WindowTooFarAhead: names the last day that can be booked.
    """
    if window.start < now:
        raise errors.WindowPast
    last_day = local_date(now) + timedelta(days=days_ahead)
    if window.service_on > last_day:
        raise errors.WindowTooFarAhead(days_ahead=days_ahead, last_day=last_day)


def minutes_of(asked: Iterable[tuple[str, int]], items: Mapping[str, catalog.ItemFacts]) -> int:
    """Return how many minutes the services of an order take together: each unit its duration; of those in parts, the
    first part, which is what the window is for.
    """
    return sum(items[code].duration_minutes * quantity for code, quantity in asked)


def work_minutes_of(asked: Iterable[tuple[str, int]], items: Mapping[str, catalog.ItemFacts]) -> int:
    """Return how many minutes the services of an order take together, all their parts."""
    return sum(items[code].work_minutes * quantity for code, quantity in asked)


def staff_needed(items: Iterable[catalog.ItemFacts], minimum: int) -> int:
    """Return how many staff go together: what the most demanding service asks, at least the setting's minimum."""
    return max((minimum, *(item.staff_count for item in items)))


def clip_window(window: Window, *, minutes: int, items: Iterable[catalog.ItemFacts], spread_minutes: int = 0) -> Window:
    """Return the window cut to what the services allow: begun by the earliest of their latest starts.

    A window that begins in time but reaches beyond ends when the services end that began at the last moment.
    Of a crew that comes one after the other the last one begins at least `spread_minutes` after the first, in time too.

    Raises:
        errors.WindowTooLate: names the service that must start before the window begins.
        errors.WindowTooShort: the services take longer than the window.
    """
    end = window.end
    for item in items:
        if item.latest_start is not None:
            latest = at_local(window.service_on, item.latest_start)
            if latest < window.start:
                raise errors.WindowTooLate(code=item.code, name=item.name, latest_start=f"{item.latest_start:%H:%M}")
            end = min(end, latest + timedelta(minutes=minutes))
    if end - window.start < timedelta(minutes=minutes + spread_minutes):
        raise errors.WindowTooShort(minutes=minutes + spread_minutes)
    return Window(window.start, end)


def free_until(wished_start: datetime, free_cancel_hours: int) -> datetime:
    """Return the moment until which elders and proxies may cancel by themselves."""
    return wished_start - timedelta(hours=free_cancel_hours)


def refuse_late_cancellation(
    state: OrderState,
    wished_start: datetime,
    *,
    by_staff: bool,
    free_cancel_hours: int,
    now: datetime,
    phone: str | None,
) -> None:
    """Refuse a cancellation by the elder's side after the deadline; staff may cancel until departure, a draft anyone.

    Raises:
        errors.CancelTooLate: says to phone the station.
    """
    if by_staff or state is OrderState.draft or now <= free_until(wished_start, free_cancel_hours):
        return
    raise errors.CancelTooLate(free_cancel_hours=free_cancel_hours, phone=phone or "")
