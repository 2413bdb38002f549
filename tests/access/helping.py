"""A neighbour's nurse in the seeded region: by agreement she is at one door of the institution's, and at no other."""

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from service.accounts.rules import Role
from service.core.dates import moments
from service.core.ids import new_id
from service.core.principal import Principal
from service.orders.models import OrderMove
from service.routing.models import Appointment
from service.routing.overflow_models import OverflowAgreement
from service.visits.models import Trip, Visit, VisitEvent, VisitItem, VisitPart, VisitStaff
from tests.world import NOW

if TYPE_CHECKING:
    from tests.access.scene import Scene


async def help_out(scene: "Scene") -> Principal:
    """Let the other institution help out, and its nurse be in the middle of one visit; return her."""
    near, elsewhere = scene.near, scene.callers.elsewhere_id
    agreement = OverflowAgreement(
        **scene.region, giving_institution_id=near.institution_id, helping_institution_id=elsewhere,
        valid_from=date(2026, 1, 1), recorded_by_account_id=new_id(), recorded_at=NOW,
    )  # fmt: skip
    await near.add(agreement)
    scene.keep("overflow_agreement", agreement.id)
    account = await near.add_account(Role.nurse, elsewhere)
    nurse = await near.add_practitioner(account_id=account, institution_id=elsewhere)
    person, home, start = scene.id("person"), scene.id("home"), NOW + timedelta(hours=3)
    order = scene.keep(
        "helped_order",
        await near.add_order(
            person, home, start=start, end=start + timedelta(hours=1), items={"BP": 1}, state="in_progress"
        ),
    )
    trip = Trip(**scene.own, home_id=home, crew_key=str(nurse), arrived_at=NOW)
    visit = Visit(
        **scene.own, order_id=order, person_id=person, home_id=home, mode="home_visit", service_on=NOW.date(),
        planned_start_at=start, planned_end_at=start + timedelta(minutes=30), trip_key=new_id(), trip_id=trip.id,
        state="in_service", started_at=NOW,
    )  # fmt: skip
    scene.keep("helped_visit", visit.id), scene.keep("helped_trip", trip.id)
    part: dict[str, Any] = {**scene.own, "visit_id": visit.id}
    await near.add(
        Appointment(
            **scene.own, plan_id=scene.id("plan"), order_id=order, person_id=person, practitioner_id=nurse,
            practitioner_name="邻院护士", service_on=NOW.date(), during=moments(start, start + timedelta(minutes=30)),
            trip_key=visit.trip_key, overflow_agreement_id=agreement.id,
        ),
        trip,
        visit,
        VisitStaff(**part, practitioner_id=nurse, practitioner_name="邻院护士"),
        VisitEvent(**part, kind="start", practitioner_id=nurse, happened_at=NOW, received_at=NOW),
        VisitPart(**part, number=2, planned_start_at=NOW, planned_end_at=NOW),
        VisitItem(**part, code="BP", quantity=1, performed_by_id=nurse, performed_at=NOW),
        OrderMove(**scene.own, order_id=order, seq=2, from_state="accepted", to_state="in_progress", moved_at=NOW,
                  because="departed"),
    )  # fmt: skip
    return replace(near.principal(Role.nurse, account, (elsewhere,)), session_id=new_id())
