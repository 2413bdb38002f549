"""Who may be booked for what: eligibility, a carer for people with dementia, the services, the number of orders."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from service.beds.rules import BedFacts
from service.billing.words import Promise
from service.booking import errors
from service.catalog.rules import ItemFacts
from service.core.money import format_yuan
from service.orders import errors as order_errors
from service.orders.crew_rules import TOGETHER, Crew
from service.orders.rules import CHANGEABLE, STATE_LABELS, NewOrder, OrderFacts, OrderKind, OrderState, Window
from service.patients.rules import HomeFacts, KeyGroup, Sex, may_be_served_at_home

KIND_LABELS: Final[Mapping[OrderKind, str]] = {
    OrderKind.home_visit: "上门巡诊",
    OrderKind.home_bed_round: "家庭病床查床",
    OrderKind.institution_round: "机构巡诊",
}
"""What people read for each kind of order."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants: which services, for whom, from whom, when; `items` are (code, quantity).

    `staff_sex`: only staff of that sex may come, or, not `staff_sex_required`, rather than others; None = anybody.
    `also_wished`: windows of the same day that suit as well.
    """

    institution_id: UUID
    kind: OrderKind
    person_id: UUID
    window: Window
    items: tuple[tuple[str, int], ...]
    mobility_reason: str
    preferred_practitioner_id: UUID | None
    staff_sex: Sex | None = None
    preferred_only: bool = False
    excluded_practitioner_ids: tuple[UUID, ...] = ()
    same_staff: bool = False
    also_wished: tuple[Window, ...] = ()
    staff_sex_required: bool = True


@dataclass(frozen=True, slots=True)
class Ready:
    """An ask that may be booked: where it goes, the windows as the services allow them, how many staff go and how.

    `accepted_at_once`: the institution takes what is submitted to it without looking.
    """

    ask: Ask
    home_id: UUID
    window: Window
    staff_count: int
    accepted_at_once: bool = False
    also_wished: tuple[Window, ...] = ()
    crew: Crew = TOGETHER

    def order(self, state: OrderState, distance_metres: int | None) -> NewOrder:
        """Return what is written down; a draft has no distance."""
        return NewOrder(
            institution_id=self.ask.institution_id,
            kind=self.ask.kind,
            person_id=self.ask.person_id,
            home_id=self.home_id,
            state=state,
            window=self.window,
            staff_count=self.staff_count,
            items=self.ask.items,
            mobility_reason=self.ask.mobility_reason,
            preferred_practitioner_id=self.ask.preferred_practitioner_id,
            distance_metres=distance_metres,
            staff_sex=self.ask.staff_sex,
            preferred_only=self.ask.preferred_only,
            excluded_practitioner_ids=self.ask.excluded_practitioner_ids,
            same_staff=self.ask.same_staff,
            also_wished=self.also_wished,
            staff_sex_required=self.ask.staff_sex_required,
        )


def ask_of(order: OrderFacts) -> Ask:
    """Return what an order asks for."""
    return Ask(
        institution_id=order.institution_id,
        kind=order.kind,
        person_id=order.person_id,
        window=Window(order.wished_start, order.wished_end),
        items=order.items,
        mobility_reason=order.mobility_reason,
        preferred_practitioner_id=order.preferred_practitioner_id,
        staff_sex=order.staff_sex,
        preferred_only=order.preferred_only,
        excluded_practitioner_ids=order.excluded_practitioner_ids,
        same_staff=order.same_staff,
        also_wished=order.also_wished,
        staff_sex_required=order.staff_sex_required,
    )


def refuse_ineligible(groups: Collection[KeyGroup], *, require_key_group: bool) -> None:
    """Refuse a person of none of the groups served at home, unless the setting lets everyone (R001).

    Raises:
        errors.NotEligible: he is in none.
    """
    if require_key_group and not may_be_served_at_home(groups):
        raise errors.NotEligible


def refuse_without_carer(groups: Collection[KeyGroup], *, has_carer: bool) -> None:
    """Refuse a person with dementia (失智) for whom no carer is known (R129).

    Raises:
        errors.CarerMissing: there is none.
    """
    if KeyGroup.dementia in groups and not has_carer:
        raise errors.CarerMissing


def require_home(home_id: UUID | None) -> UUID:
    """Return where the person lives.

    Raises:
        errors.HomeMissing: nobody has written it down.
    """
    if home_id is None:
        raise errors.HomeMissing
    return home_id


def refuse_home(kind: OrderKind, home: HomeFacts) -> None:
    """Refuse a round of a care institution for someone who does not live in one (R013).

    Raises:
        errors.NotACareHome: he lives at a home of his own.
    """
    if kind is OrderKind.institution_round and home.care_institution_id is None:
        raise errors.NotACareHome


def refuse_bed(bed: BedFacts | None, *, institution_id: UUID, service_on: date) -> None:
    """Refuse a bed round without a home bed of this institution that is open on the day.

    Raises:
        errors.BedMissing: there is none, it is another institution's, or paused that day.
    """
    if bed is None or bed.institution_id != institution_id or not bed.serves_at_home(service_on):
        raise errors.BedMissing(service_on=service_on)


def refuse_items(items: Iterable[ItemFacts], kind: OrderKind) -> None:
    """Refuse services that are not given at home (输液 …), or not in this kind of order.

    Raises:
        errors.ItemNotAtHome: with the catalogue's note.
        errors.ItemNotForKind: names the service and the kind.
    """
    for item in items:
        if not item.home_allowed:
            raise errors.ItemNotAtHome(code=item.code, name=item.name, note=item.refusal_note or "")
        if kind not in item.order_kinds:
            raise errors.ItemNotForKind(code=item.code, name=item.name, kind=kind, kind_label=KIND_LABELS[kind])


def refuse_one_too_many(open_orders: int, limit: int) -> None:
    """Refuse an order beyond the limit of open orders per person.

    Raises:
        orders.errors.TooManyOpenOrders: names both numbers.
    """
    if open_orders >= limit:
        raise order_errors.TooManyOpenOrders(open_orders=open_orders, limit=limit)


def refuse_other_quote(promise: Promise, ask: Ask) -> None:
    """Refuse a quote that was made for another institution, person, kind, service or time than is booked.

    Raises:
        errors.QuoteNotForThis: names the first that differs.
    """
    differs = (
        ("institution", "机构", promise.institution_id != ask.institution_id),
        ("person", "居民", promise.person_id != ask.person_id),
        ("kind", "上门类型", promise.kind != ask.kind),
        ("items", "项目", sorted(promise.items) != sorted(ask.items)),
        ("window", "上门时间", not ask.window.start <= promise.start_at < ask.window.end),
    )
    for field, what, is_other in differs:
        if is_other:
            raise errors.QuoteNotForThis(field=field, what=what)


def refuse_dearer(promise: Promise, due_fen: int) -> None:
    """Refuse to book on a quote when the visit has become dearer for the family since.

    Raises:
        errors.QuoteOutrun: names both amounts.
    """
    if due_fen > promise.patient_fen:
        raise errors.QuoteOutrun(quoted=format_yuan(promise.patient_fen), now_due=format_yuan(due_fen))


def refuse_unchangeable(state: OrderState) -> None:
    """Refuse to change an order that the institution has answered already.

    Raises:
        errors.OrderNotChangeable: names its state.
    """
    if state not in CHANGEABLE:
        raise errors.OrderNotChangeable(state=state, state_label=STATE_LABELS[state])
