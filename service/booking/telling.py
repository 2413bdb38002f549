"""Jobs that tell the elder's side what became of an order: news of the rooms below become notices.

Each reads how things stand when it runs: what was overtaken meanwhile is not told.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import usecases as billing
from service.core.clock import LOCAL
from service.core.db.session import transaction
from service.core.http import House
from service.core.jobs.queue import Job
from service.core.money import format_yuan
from service.institutions import usecases as institutions
from service.notices import usecases as notices
from service.notices.rules import Draft, NoticeKind, names
from service.orders import usecases as orders
from service.orders.rules import OrderFacts, OrderState
from service.patients import usecases as patients
from service.routing import usecases as routing
from service.routing.states import CrewMember
from service.visits import usecases as visits

_KIND_OF_STATE = {
    OrderState.accepted: NoticeKind.order_accepted,
    OrderState.rejected: NoticeKind.order_rejected,
    OrderState.cancelled: NoticeKind.visit_cancelled,
}


async def tell_of_order(house: House, job: Job, *, state: OrderState) -> None:
    """Tell that an order was accepted, sent back or cancelled; nothing when it has moved on since."""
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        order = await orders.get_order(session, region_id=job.region_id, order_id=job.subject_id)
        if order.state is state:
            cause = f"order/{order.id}/{state}"
            draft = await _of_order(session, job.region_id, order, _KIND_OF_STATE[state], cause)
            await notices.notify(session, house=house, draft=draft, now=now)


async def tell_of_plan(house: House, job: Job) -> None:
    """Tell when who comes for each order of a published plan, and which promises were taken back (PLAN_ANNOUNCED)."""
    now, region_id = house.clock.now(), job.region_id
    async with transaction(house.sessions, job.fence, now) as session:
        booked = await routing.orders_of_plan(session, region_id=region_id, plan_id=job.subject_id)
        returned = await routing.returned_by_plan(
            session, region_id=region_id, plan_id=job.subject_id, institution_ids=job.institution_ids
        )
    for order_id in [*booked, *returned]:
        async with transaction(house.sessions, job.fence, now) as session:
            draft = await _promise(session, region_id, order_id, cause=f"plan/{job.subject_id}/{order_id}")
            if draft is not None:
                await notices.notify(session, house=house, draft=draft, now=now)


async def tell_of_departure(house: House, job: Job) -> None:
    """Tell that the crew has set out (VISIT_DEPARTED)."""
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        proof = await visits.proof(session, region_id=job.region_id, visit_id=job.subject_id)
        order = await orders.get_order(session, region_id=job.region_id, order_id=proof.order_id)
        crew = await routing.crew_of(session, region_id=job.region_id, order_id=order.id)
        if order.state is OrderState.in_progress and proof.started_at is None and crew:
            facts = {"staff": _staff(crew), "from": _clock(crew[0].start)}
            cause = f"visit/{proof.visit_id}/departed"
            draft = await _of_order(session, job.region_id, order, NoticeKind.on_the_way, cause, **facts)
            await notices.notify(session, house=house, draft=draft, now=now)


async def tell_of_bill(house: House, job: Job) -> None:
    """Tell what a visit costs its patient (BILL_READY); nothing when the bill was taken back since."""
    now = house.clock.now()
    async with transaction(house.sessions, job.fence, now) as session:
        bill = await billing.live_bill(session, region_id=job.region_id, settlement_id=job.subject_id)
        if bill is not None:
            proof = await visits.proof(session, region_id=job.region_id, visit_id=bill.visit_id)
            order = await orders.get_order(session, region_id=job.region_id, order_id=proof.order_id)
            facts = {"amount": format_yuan(bill.patient_fen), "day": _day(bill.service_on)}
            cause = f"bill/{job.subject_id}"
            draft = await _of_order(session, job.region_id, order, NoticeKind.bill_ready, cause, **facts)
            await notices.notify(session, house=house, draft=draft, now=now)


async def _promise(session: AsyncSession, region_id: UUID, order_id: UUID, *, cause: str) -> Draft | None:
    """Return what is to be told of an order's appointment: when who comes, or that it was taken back."""
    order = await orders.get_order(session, region_id=region_id, order_id=order_id)
    crew = await routing.crew_of(session, region_id=region_id, order_id=order_id)
    if crew and order.state is OrderState.scheduled:
        facts = {"from": _clock(min(each.start for each in crew)), "to": _until(crew), "staff": _staff(crew)}
        return await _of_order(session, region_id, order, NoticeKind.plan_published, cause, **facts)
    if not crew and order.state is OrderState.accepted:
        return await _of_order(session, region_id, order, NoticeKind.appointment_withdrawn, cause)
    return None


async def _of_order(
    session: AsyncSession, region_id: UUID, order: OrderFacts, kind: NoticeKind, cause: str, **facts: str
) -> Draft:
    person = await patients.get_person(session, region_id=region_id, person_id=order.person_id)
    at = await institutions.get_institution(session, region_id=region_id, institution_id=order.institution_id)
    known = {
        "name": person.name, "institution": at.name, "order_no": order.order_no, "day": _day(order.service_on),
        "phone": at.published_phone or "", **facts,
    }  # fmt: skip
    return Draft(region_id, order.institution_id, person.id, kind, cause, order.id, known)


def _until(crew: list[CrewMember]) -> str:
    """Return until when the crew is there; of an order in parts until when each time, and when the next one begins; of
    a crew whose members come apart who comes when.
    """
    comings = sorted({each.start for each in crew if each.part == 1})
    if len(comings) > 1:
        coming = (_coming([each for each in crew if each.start == start], start) for start in comings)
        # the message says from when the first is there before it says this
        return "、".join(coming).removeprefix(f"{_clock(comings[0])}至")
    spans = {
        part: (min(each.start for each in own), max(each.end for each in own))
        for part in sorted({each.part for each in crew})
        if (own := [each for each in crew if each.part == part])
    }
    (first, (_, end)), *later = spans.items()
    if not later:
        return _clock(end)
    told = "".join(f"、{_clock(start)}至{_clock(end)}（第{part}次）" for part, (start, end) in later)
    return f"{_clock(end)}（第{first}次）{told}"


def _coming(crew: list[CrewMember], start: datetime) -> str:
    """Return from when until when some of a crew are there who come together, and who."""
    return f"{_clock(start)}至{_clock(max(each.end for each in crew))}（{_staff(crew)}）"


def _staff(crew: list[CrewMember]) -> str:
    return names(list(dict.fromkeys(each.name for each in crew)))


def _day(on: date) -> str:
    return f"{on.month}月{on.day}日"


def _clock(at: datetime) -> str:
    return f"{at.astimezone(LOCAL):%H:%M}"
