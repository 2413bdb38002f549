"""Whether what somebody asks for may be booked: rights, registered mode, window, eligibility, bed, services, limit."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds import usecases as beds
from service.billing import facts as billing
from service.booking import rules
from service.catalog import usecases as catalog
from service.catalog.rules import ItemFacts
from service.core.clock import local_date
from service.core.db.questions import ask_together
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.orders import crew_rules as order_crews
from service.orders import part_rules as order_parts
from service.orders import rules as order_rules
from service.orders import usecases as orders
from service.orders import window_rules
from service.orders.rules import OrderKind
from service.patients import placing_rules
from service.patients import rules as patient_rules
from service.patients import usecases as patients
from service.patients.rules import Right


async def require_rights(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, person_id: UUID, now: datetime
) -> None:
    """Refuse who may not book for the person, and staff who would book at another's institution.

    Elders, proxies and the care home in which the person lives choose any institution of the region.

    Raises:
        problems.NotFound: the person or the institution is not the principal's to see.
        patients.errors.RightMissing: a proxy without the right `book`.
    """
    await patients.require_booking_at(
        session, principal=principal, institution_id=institution_id, person_id=person_id, now=now
    )


async def require_booking(session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime) -> None:
    """Refuse who may not book for the person.

    Raises:
        problems.NotFound: the person is not the principal's to see.
        patients.errors.RightMissing: a proxy without the right `book`.
    """
    await patients.require_right(session, principal=principal, person_id=person_id, right=Right.book, now=now)


async def drafted(session: AsyncSession, *, region_id: UUID, ask: rules.Ask) -> rules.Ready:
    """Return an ask that may be kept as a draft: the person has a home, institution and services are known.

    Raises:
        problems.NotFound: no such institution, or a wish for somebody who does not work there.
        catalog.errors.ItemUnknown: a service that the region has not listed.
        orders.errors.WindowNotOneDay: a window does not lie within one local day.
        orders.errors.WindowsOfTwoDays, orders.errors.WindowsNotApart: the other windows do not go with it.
        errors.HomeMissing, patients.errors.PersonDeceased: nowhere to go, nobody to see.
    """
    order_rules.refuse_window_outside_a_day(ask.window)
    window_rules.refuse_alternatives(ask.window, ask.also_wished)
    await institutions.get_institution(session, region_id=region_id, institution_id=ask.institution_id)
    person = await patients.get_person(session, region_id=region_id, person_id=ask.person_id)
    patient_rules.refuse_deceased(person)
    minimum = await institutions.setting(
        session,
        region_id=region_id,
        institution_id=ask.institution_id,
        key=settings.STAFF_MINIMUM,
        on=ask.window.service_on,
    )
    items = await _items(session, region_id, ask)
    for named in (ask.preferred_practitioner_id, *ask.excluded_practitioner_ids):
        if named is not None:
            await orders.require_practitioner_at(session, practitioner_id=named, institution_id=ask.institution_id)
    return rules.Ready(
        ask=ask,
        home_id=rules.require_home(person.home_id),
        window=ask.window,
        staff_count=order_rules.staff_needed(items.values(), minimum),
        also_wished=ask.also_wished,
        crew=order_crews.crew_of(ask.items, items, minimum),
    )


async def ask_ahead(session: AsyncSession, *, principal: Principal, ask: rules.Ask, now: datetime) -> None:
    """Ask every room in one round trip what is looked at when an order is placed; what they find is at hand then."""
    region_id, at, on = principal.region_id, ask.institution_id, ask.window.service_on
    await ask_together(
        session,
        [
            institutions.asked_settings(region_id=region_id, institution_id=at, on=local_date(now)),
            *patients.asked_of_booking(principal=principal, person_id=ask.person_id, now=now),
            *billing.asked_of_visit(
                region_id=region_id,
                institution_id=at,
                person_id=ask.person_id,
                on=on,
                codes=[code for code, _ in ask.items],
            ),
        ],
    )


async def ready(
    session: AsyncSession, *, region_id: UUID, ask: rules.Ask, now: datetime, open_orders: int | None
) -> rules.Ready:
    """Return an ask that may be booked now, its windows cut to what the services allow.

    `open_orders`: how many the person has without this one, None when it is among them. They must have been counted
    before (`orders.count_open`): from there to the commit nobody else adds to them, and nobody closes his bed.

    Raises:
        problems.NotFound, catalog.errors.ItemUnknown, errors.HomeMissing, patients.errors.PersonDeceased: as a draft.
        orders.errors.ModeNotRegistered: the institution lacks the kind's service mode on the day (R005).
        orders.errors.Window…: past, too far ahead, too short, too late for a service.
        errors.NotEligible, errors.CarerMissing: the person's groups (R001, R129).
        patients.errors.HomeNotPlaced: nobody knows for sure where to go.
        errors.NotACareHome, errors.BedMissing: the kind does not fit where the person lies.
        errors.ItemNotAtHome, errors.ItemNotForKind: a service does not fit the order.
        orders.errors.PartsNeedOnePerson, orders.errors.PartsDisagree: services in parts that cannot be given so.
        orders.errors.CrewTimesDisagree: a crew that cannot come one after the other so.
        orders.errors.TooManyOpenOrders: the person has as many open orders as allowed.
    """
    draft = await drafted(session, region_id=region_id, ask=ask)
    await orders.require_mode(
        session,
        region_id=region_id,
        institution_id=ask.institution_id,
        kind=ask.kind,
        on=ask.window.service_on,
    )
    today = local_date(now)
    policy = await institutions.settings_on(session, region_id=region_id, institution_id=ask.institution_id, on=today)
    order_rules.refuse_window(ask.window, now=now, days_ahead=policy.of(settings.ORDERS_BOOKING_DAYS_AHEAD))
    window_rules.refuse_past(ask.also_wished, now=now)
    await _refuse_person(session, region_id, ask, now, require_key_group=policy.of(settings.ORDERS_REQUIRE_KEY_GROUP))
    if open_orders is not None:
        rules.refuse_one_too_many(open_orders, policy.of(settings.ORDERS_MAX_OPEN_PER_PERSON))
    await _refuse_place(session, region_id, ask, draft.home_id)
    items = await _items(session, region_id, ask)
    rules.refuse_items(items.values(), ask.kind)
    order_parts.refuse_parts(order_parts.parts_of(ask.items, items), draft.staff_count)
    order_crews.refuse_crew(draft.crew)
    minutes, spread = order_rules.minutes_of(ask.items, items), draft.crew.spread_minutes(draft.staff_count)
    window = order_rules.clip_window(ask.window, minutes=minutes, items=items.values(), spread_minutes=spread)
    return rules.Ready(
        ask=ask,
        home_id=draft.home_id,
        window=window,
        staff_count=draft.staff_count,
        crew=draft.crew,
        accepted_at_once=policy.of(settings.ORDERS_AUTO_ACCEPT),
        also_wished=window_rules.clip_alternatives(
            ask.also_wished, minutes=minutes, items=items.values(), spread_minutes=spread
        ),
    )


async def _items(session: AsyncSession, region_id: UUID, ask: rules.Ask) -> dict[str, ItemFacts]:
    codes = [code for code, _ in ask.items]
    await catalog.refuse_unlisted(session, region_id=region_id, codes=codes)
    return await catalog.items(session, region_id=region_id, codes=codes)


async def _refuse_person(
    session: AsyncSession, region_id: UUID, ask: rules.Ask, now: datetime, *, require_key_group: bool
) -> None:
    found = await patients.groups_of(session, region_id=region_id, person_ids=[ask.person_id], on=ask.window.service_on)
    groups = found.get(ask.person_id, frozenset())
    rules.refuse_ineligible(groups, require_key_group=require_key_group)
    carer = await patients.has_carer(session, region_id=region_id, person_id=ask.person_id, now=now)
    rules.refuse_without_carer(groups, has_carer=carer)


async def _refuse_place(session: AsyncSession, region_id: UUID, ask: rules.Ask, home_id: UUID) -> None:
    home = await patients.get_home(session, region_id=region_id, home_id=home_id)
    placing_rules.refuse_not_placed(home.placing)
    rules.refuse_home(ask.kind, home)
    if ask.kind is OrderKind.home_bed_round:
        bed = await beds.open_on(session, region_id=region_id, person_id=ask.person_id, on=ask.window.service_on)
        rules.refuse_bed(bed, institution_id=ask.institution_id, service_on=ask.window.service_on)
