"""Placing an order in the common style: fetch each thing as it is needed, build objects, add them, flush, answer."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Header, Request, Response
from pgqueuer.queries import Queries
from sqlalchemy import func, or_, select, text
from sqlalchemy.exc import IntegrityError

from bench.api import decisions, paying
from bench.api.orm import Order, OrderItem, OrderMove, Session, Who, leave_row, require
from service.billing.models import Quote
from service.booking.schemas import BookingRead, OrderPlacement
from service.catalog.limit_models import PriceLimit
from service.catalog.ltci_models import LtciRuleRow
from service.catalog.models import InsuranceRule, PriceRow, Programme, ProgrammeItem, ServiceItem, VisitFeeTariff
from service.catalog.reduction_models import ReductionRule
from service.contracts.models import ProgrammeEnrolment
from service.core import access, problems
from service.core.clock import local_date
from service.core.dates import apart, moments
from service.core.db import refusals
from service.core.idempotency import BODY, REPLAY_HEADER, IdempotentAnswer
from service.core.ids import new_id
from service.core.jobs.driver import SessionDriver
from service.institutions.designation_models import InstitutionDesignation
from service.institutions.level_models import InstitutionLevelRow
from service.institutions.models import Institution, ServiceMode, SettingRow, Station
from service.orders import rules as orders
from service.orders.schemas import OrderRead
from service.patients.ltci_models import LtciAssessment
from service.patients.models import CareRelation, Coverage, Home, KeyGroupRow, Patient

_COVERS = text("select * from contracts_cover_at(:person, :on, :institution)")
_BALANCES = text("select * from entitlements_standing(:person) b order by b.entitlement_id")
_BED = text("select * from beds_stay_on(:person, :on)")
_RESERVE = text("select entitlement_post(:id, 'reserve', :units, :order, null, null, :on)")


async def place_order(
    body: OrderPlacement,
    request: Request,
    session: Session,
    who: Who,
    key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)] = None,
) -> Any:
    """Place an order; with a key once, whatever the number of requests."""
    require(who, "orders:place")
    if body.draft or body.quote_id:
        raise ValueError("drafts and bookings on a quote asked for before are not part of what is measured")
    if who.institution_ids:
        access.require_institution(who, body.institution_id)
    cipher = request.app.state.held.cipher
    fingerprint = decisions.fingerprint_of(cipher, body)
    route = "POST /v1/orders"
    if key:
        digest = hashlib.sha256(f"{who.account_id}\0{route}\0{key}".encode()).digest()
        number = int.from_bytes(digest[:8], "big", signed=True)
        if not await session.scalar(select(func.pg_try_advisory_xact_lock(number))):
            raise problems.KeyInFlight
        known = await session.get(IdempotentAnswer, (who.region_id, who.account_id, route, key))
        if known is not None:
            if known.fingerprint != fingerprint:
                raise problems.KeyReused
            told = cipher.open(known.body_sealed, context=BODY)
            return Response(told, known.status, {REPLAY_HEADER: "true"}, media_type="application/json")
    try:
        said, order_id, quote_id = await _place(body, session, who)
        if key:
            session.add(
                IdempotentAnswer(
                    region_id=who.region_id, account_id=who.account_id, route=route, key=key, fingerprint=fingerprint,
                    status=201, body_sealed=cipher.seal(said.model_dump_json(), context=BODY),
                    answered_at=datetime.now(UTC),
                )
            )  # fmt: skip
            await session.flush()
    except IntegrityError as error:
        kind = decisions.REFUSALS.get(refusals.constraint_of(error) or "")
        if kind is None:
            raise
        raise kind from error
    changes = [{"table": "orders", "verb": "insert", "ids": [str(order_id), str(quote_id)]}]
    await leave_row(request, session, who, reads=["orders", "patients"], persons=[body.person_id], changes=changes)
    return said


async def _rows(session: Any, model: Any, *where: Any, by: str = "id") -> list[Any]:
    return list((await session.execute(select(model).where(*where).order_by(getattr(model, by)))).scalars().all())


def _dated(model: Any, on: date) -> tuple[Any, Any]:
    return model.valid_from <= on, or_(model.valid_to.is_(None), model.valid_to >= on)


def _level(institution: UUID, on: date) -> Any:
    levels: Any = InstitutionLevelRow
    return select(levels.level).where(levels.institution_id == institution, *_dated(levels, on)).scalar_subquery()


async def _record(session: Any, who: Any, body: OrderPlacement, on: date, now: datetime) -> dict[str, Any]:
    """Fetch what a booking stands on, one thing after the other."""
    region, institution, person = who.region_id, body.institution_id, body.person_id
    codes = [item.code for item in body.items]
    at = await session.get(Institution, (region, institution))
    patient = await session.get(Patient, (region, person))
    programmes = await _rows(session, Programme, Programme.region_id == region, *_dated(Programme, on))
    relation: Any = CareRelation
    in_force = (relation.region_id == region, relation.person_id == person, relation.during.op("@>")(now))
    mine = or_(relation.account_id == who.account_id, relation.institution_id.in_(who.institution_ids))
    prices: Any = PriceRow
    tariffs: Any = VisitFeeTariff
    reductions: Any = ReductionRule
    own = (
        SettingRow.region_id == region,
        or_(SettingRow.institution_id.is_(None), SettingRow.institution_id == institution),
    )
    tariff = await _rows(session, tariffs, tariffs.institution_id == institution, *_dated(tariffs, on))
    return {
        "institution": at,
        "settings": await _rows(session, SettingRow, *own),
        "modes": await _rows(session, ServiceMode, ServiceMode.institution_id == institution),
        "stations": await _rows(session, Station, Station.institution_id == institution),
        "tariff": tariff[0] if tariff else None,
        "prices": await _rows(
            session, prices, or_(prices.institution_id == institution, prices.level == _level(institution, on)),
            prices.code.in_(codes), *_dated(prices, on),
        ),
        "designations": await _rows(
            session, InstitutionDesignation, InstitutionDesignation.institution_id == institution,
            *_dated(InstitutionDesignation, on),
        ),
        "limits": await _rows(session, PriceLimit, PriceLimit.region_id == region, *_dated(PriceLimit, on), by="code"),
        "reductions": await _rows(
            session, reductions, reductions.region_id == region, *_dated(reductions, on),
            or_(reductions.institution_id.is_(None), reductions.institution_id == institution),
        ),
        "ltci_rules": await _rows(session, LtciRuleRow, LtciRuleRow.region_id == region, *_dated(LtciRuleRow, on)),
        "assessments": await _rows(session, LtciAssessment, LtciAssessment.person_id == person, by="valid_from"),
        "items": await _rows(session, ServiceItem, ServiceItem.region_id == region, ServiceItem.code.in_(codes)),
        "person": patient,
        "home": await session.get(Home, (region, patient.home_id)) if patient and patient.home_id else None,
        "relations": await _rows(session, relation, *in_force, mine),
        "proxies": await _rows(session, relation, *in_force, relation.kind == "proxy"),
        "groups": await _rows(session, KeyGroupRow, KeyGroupRow.person_id == person),
        "coverages": await _rows(session, Coverage, Coverage.person_id == person, by="valid_from"),
        "insurances": await _rows(
            session, InsuranceRule, InsuranceRule.region_id == region, *_dated(InsuranceRule, on)
        ),
        "enrolments": await _rows(
            session, ProgrammeEnrolment, ProgrammeEnrolment.person_id == person, *_dated(ProgrammeEnrolment, on),
            by="valid_from",
        ),
        "programmes": programmes,
        "paid": await _rows(
            session, ProgrammeItem, ProgrammeItem.programme_id.in_([each.id for each in programmes]), by="code"
        ),
        "covers": (await session.execute(_COVERS, {"person": person, "on": on, "institution": institution})).all(),
        "balances": (await session.execute(_BALANCES, {"person": person})).all(),
        "bed": (await session.execute(_BED, {"person": person, "on": on})).one_or_none(),
        "wish_works": body.preferred_practitioner_id is None
        or await session.scalar(select(func.orders_works_at(body.preferred_practitioner_id, institution))),
    }  # fmt: skip


async def _place(body: OrderPlacement, session: Any, who: Any) -> tuple[BookingRead, UUID, UUID]:
    now = datetime.now(UTC)
    window = orders.Window(body.wished_start, body.wished_end)
    orders.refuse_window_outside_a_day(window)
    on = window.service_on
    open_orders = await session.scalar(select(func.orders_count_open(body.person_id, sorted(orders.OPEN))))
    record = await _record(session, who, body, on, now)
    known = decisions.known_of(record, on=on, now=now)
    payers = paying.payers_of(record, known.person, known.groups, on)
    ready = decisions.ready_of(body, window, known, payers, record, open_orders, now)
    if payers.due(body.person_id, on):
        raise ValueError("the measured town has granted what the year grants")
    quote_id, order_id = new_id(), new_id()
    facts, metres = decisions.facts_of(quote_id, body, ready, known, payers, record)
    made, lines, bill = decisions.bill_of(facts)
    asked = ready.order(orders.OrderState.submitted, metres)
    await _write_order(session, who, asked, order_id, now)
    session.add(
        Quote(
            region_id=who.region_id, id=quote_id, institution_id=body.institution_id, order_id=order_id,
            person_id=body.person_id, service_on=on, distance_metres=metres, gross_fen=made.bill.gross_fen,
            patient_fen=made.patient_fen, bill=bill, quoted_at=now, asked=decisions.asked_of(ready), accepted_at=now,
        )
    )  # fmt: skip
    await session.flush()
    ids = {each.key: each.entitlement_id for each in payers.balances}
    for claimed, units in decisions.claims_of(facts, made).items():
        await session.execute(_RESERVE, {"id": ids[claimed], "units": units, "order": order_id, "on": on})
    if ready.accepted_at_once:
        await _accept(session, who, asked, order_id, now)
    order = await session.get(Order, (who.region_id, order_id))
    await session.refresh(order, ["items", "moves"])
    quoted = decisions.quote_of(quote_id, order_id, body, on, metres, now, lines)
    said = BookingRead(order=OrderRead.model_validate(order, from_attributes=True), quote=quoted)
    return said, order_id, quote_id


async def _write_order(session: Any, who: Any, asked: orders.NewOrder, order_id: UUID, now: datetime) -> None:
    own = {"region_id": who.region_id, "institution_id": asked.institution_id}
    order: Any = Order()
    values = {
        **own, "id": order_id, "kind": asked.kind, "person_id": asked.person_id, "home_id": asked.home_id,
        "order_no": await session.scalar(select(func.orders_next_no(asked.institution_id, local_date(now)))),
        "state": asked.state, "service_on": asked.window.service_on,
        "wished": moments(asked.window.start.astimezone(UTC), asked.window.end.astimezone(UTC)),
        "staff_count": asked.staff_count, "mobility_reason": asked.mobility_reason,
        "preferred_practitioner_id": asked.preferred_practitioner_id, "staff_sex": asked.staff_sex,
        "preferred_only": asked.preferred_only, "same_staff": asked.same_staff,
        "also_wished": apart((each.start, each.end) for each in asked.also_wished),
        "staff_sex_required": asked.staff_sex_required,
        "excluded_practitioner_ids": list(asked.excluded_practitioner_ids),
        "distance_metres": asked.distance_metres, "placed_by_account_id": who.account_id, "placed_at": now,
    }  # fmt: skip
    _fill(order, values)
    session.add(order)
    await session.flush()
    for code, quantity in asked.items:
        session.add(_fill(OrderItem(), {**own, "order_id": order_id, "code": code, "quantity": quantity}))
    first = {
        **own, "order_id": order_id, "seq": 1, "from_state": None, "to_state": asked.state, "moved_at": now,
        "moved_by_account_id": who.account_id, "because": "提交预约",
    }  # fmt: skip
    session.add(_fill(OrderMove(), first))
    await session.flush()


async def _accept(session: Any, who: Any, asked: orders.NewOrder, order_id: UUID, now: datetime) -> None:
    order = await session.get(Order, (who.region_id, order_id), with_for_update=True)
    order.state = orders.OrderState.accepted
    move = {
        "region_id": who.region_id, "institution_id": asked.institution_id, "order_id": order_id, "seq": 2,
        "from_state": "submitted", "to_state": "accepted", "moved_at": now, "moved_by_account_id": None,
        "because": "自动接单",
    }  # fmt: skip
    session.add(_fill(OrderMove(), move))
    await session.flush()
    job = {
        "region_id": str(who.region_id), "institution_ids": [str(asked.institution_id)], "subject_id": str(order_id),
        "account_id": None,
    }  # fmt: skip
    await Queries(SessionDriver(session)).enqueue(["order.accepted"], [json.dumps(job).encode()], [0])


def _fill(row: Any, values: dict[str, Any]) -> Any:
    for name, value in values.items():
        setattr(row, name, value)
    return row
