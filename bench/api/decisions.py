"""What both hand-made contenders decide about a booking, from rows that each has fetched in its own way.

What is computed (eligibility, windows, the bill) comes from the project's pure rules: contenders differ in how a
request reaches the database and comes back, not in what a visit costs.
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from bench.api import paying
from service.billing import making, presentation, rules, sentences, statement, translation
from service.billing.facts import Facts, mode_of
from service.billing.words import Payer
from service.booking import rules as booking
from service.booking.schemas import OrderPlacement
from service.catalog import errors as catalog_errors
from service.catalog import rules as catalog
from service.contracts import errors as contract_errors
from service.contracts import rules as contracts
from service.core import dates, geo, problems
from service.core.clock import local_date
from service.core.crypt import FieldCipher
from service.institutions import facts as institution_facts
from service.institutions import rules as institutions
from service.institutions.rules import settings
from service.orders import errors as order_errors
from service.orders import rules as orders
from service.orders import window_rules
from service.patients import errors as patient_errors
from service.patients import facts as patient_facts
from service.patients import placing_rules
from service.patients import rules as patients

REFUSALS: dict[str, type[problems.Refusal]] = {
    "orders_no_once": order_errors.OrderNumberTaken,
    "orders_max_open_per_person": order_errors.TooManyOpenOrders,
    "entitlement_entries_within_cap": contract_errors.EntitlementExhausted,
    # somebody else's answer came in between the look for it and this one
    "pk_idempotent_answers": problems.KeyInFlight,
}
"""What the database's own refusals mean here."""


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that a booking stands on, as facts."""

    institution: institutions.InstitutionFacts
    modes: list[institutions.ModeFacts]
    on_the_day: institutions.SettingsOn
    today: institutions.SettingsOn
    items: dict[str, catalog.ItemFacts]
    person: patients.PersonFacts
    home: patients.HomeFacts | None
    rights: frozenset[patients.Right]
    groups: frozenset[patients.KeyGroup]
    has_carer: bool


def known_of(record: Any, *, on: date, now: datetime) -> Known:
    """Return what is known, as facts."""
    if record["institution"] is None:
        raise problems.NotFound(what="机构")
    if record["person"] is None:
        raise problems.NotFound(what="居民")
    relations = [patient_facts.relation(row) for row in paying.rows(record, "relations")]
    values = [institution_facts.setting(decoded(row, "value")) for row in paying.rows(record, "settings")]
    groups = dates.in_force([patient_facts.key_group(row) for row in paying.rows(record, "groups")], on)
    proxies = [patient_facts.relation(row) for row in paying.rows(record, "proxies")]
    return Known(
        institution=institution_facts.institution(paying.row(record["institution"])),
        modes=[institution_facts.mode(row) for row in paying.rows(record, "modes")],
        on_the_day=institutions.settings_on(dates.in_force(values, on), on),
        today=institutions.settings_on(dates.in_force(values, local_date(now)), local_date(now)),
        items={row.code: _item(row) for row in paying.rows(record, "items")},
        person=patient_facts.person(paying.row(record["person"])),
        home=patient_facts.home(paying.row(record["home"])) if record["home"] else None,
        rights=patients.rights_of(relations),
        groups=frozenset(each.key_group for each in groups),
        has_carer=any(each.kinship in patients.CARERS for each in proxies),
    )


def decoded(row: SimpleNamespace, name: str) -> Any:
    """Return a row with one column as a JSON document; a mapped row has it so already."""
    return (
        SimpleNamespace(**(vars(row) | {name: paying.document(getattr(row, name))}))
        if isinstance(row, SimpleNamespace)
        else row
    )


def _item(row: SimpleNamespace) -> catalog.ItemFacts:
    return catalog.ItemFacts(
        code=row.code, name=row.name, duration_minutes=row.duration_minutes, staff_count=row.staff_count,
        skills=frozenset(row.skills), order_kinds=frozenset(row.order_kinds), latest_start=row.latest_start,
        home_allowed=row.home_allowed, refusal_note=row.refusal_note,
    )  # fmt: skip


def ready_of(
    body: OrderPlacement, window: orders.Window, known: Known, payers: paying.Payers, record: Any, open_orders: int,
    now: datetime,
) -> booking.Ready:  # fmt: skip
    """Return a booking that may be made."""
    if not known.rights:
        raise problems.NotFound(what="居民")
    if patients.Right.book not in known.rights:
        raise patient_errors.RightMissing(right=str(patients.Right.book))
    patients.refuse_deceased(known.person)
    on = window.service_on
    also = tuple(orders.Window(each.start, each.end) for each in body.also_wished)
    window_rules.refuse_alternatives(window, also)
    unknown = sorted({item.code for item in body.items} - known.items.keys())
    if unknown:
        raise catalog_errors.ItemUnknown(codes="、".join(unknown))
    if not record["wish_works"]:
        raise problems.NotFound(what="该机构的这位医护人员")
    mode = orders.MODE_NEEDED[body.kind]
    orders.refuse_unregistered(body.kind, institutions.may_serve(known.institution, known.modes, mode, on), on)
    orders.refuse_window(window, now=now, days_ahead=known.today.of(settings.ORDERS_BOOKING_DAYS_AHEAD))
    window_rules.refuse_past(also, now=now)
    booking.refuse_ineligible(known.groups, require_key_group=known.today.of(settings.ORDERS_REQUIRE_KEY_GROUP))
    booking.refuse_without_carer(known.groups, has_carer=known.has_carer)
    booking.refuse_one_too_many(open_orders, known.today.of(settings.ORDERS_MAX_OPEN_PER_PERSON))
    if known.home is None:
        booking.require_home(known.person.home_id)
        raise problems.NotFound(what="住址")
    placing_rules.refuse_not_placed(known.home.placing)
    booking.refuse_home(body.kind, known.home)
    if body.kind is orders.OrderKind.home_bed_round:
        booking.refuse_bed(payers.bed, institution_id=body.institution_id, service_on=on)
    booking.refuse_items(known.items.values(), body.kind)
    asked = tuple(sorted((item.code, item.quantity) for item in body.items))
    minutes = orders.minutes_of(asked, known.items)
    ask = booking.Ask(
        body.institution_id, body.kind, body.person_id, window, asked, body.mobility_reason,
        body.preferred_practitioner_id, body.staff_sex, body.preferred_only, tuple(body.excluded_practitioner_ids),
        body.same_staff, also, body.staff_sex_required,
    )  # fmt: skip
    return booking.Ready(
        ask,
        known.home.id,
        orders.clip_window(window, minutes=minutes, items=known.items.values()),
        orders.staff_needed(known.items.values(), known.on_the_day.of(settings.STAFF_MINIMUM)),
        known.today.of(settings.ORDERS_AUTO_ACCEPT),
        window_rules.clip_alternatives(also, minutes=minutes, items=known.items.values()),
    )


def facts_of(
    quote_id: UUID, body: OrderPlacement, ready: booking.Ready, known: Known, payers: paying.Payers, record: Any
) -> tuple[Facts, int]:
    """Return what the bill stands on, and the distance in metres."""
    on, tariff = ready.window.service_on, paying.tariff_of(record)
    programmes = translation.programmes(payers.programmes, payers.enrolments)
    metres = _metres(known, record, tariff)
    crew = tuple(str(member) for member in range(1, ready.staff_count + 1))
    prices, insured = paying.prices_of(record), payers.insured
    codes = {code for code, _ in ready.ask.items}
    facts = Facts(
        visit=translation.visit(
            quote_id, person_id=body.person_id, mode=mode_of(body.kind), service_on=on, started_at=ready.window.start,
            verified=True, staff=crew, distance_metres=metres, items=ready.ask.items,
        ),
        peers=(),
        institution_code=known.institution.code,
        terms=rules.Terms(
            policy=translation.policy(known.on_the_day),
            service_modes=translation.service_modes(known.institution, known.modes),
            licences={member: (rules.Period(on),) for member in crew},
            prices=translation.prices(prices, codes),
            tariffs=translation.tariffs(tariff),
            ltci=insured.ltci,
            insurance=translation.insurance(insured.rule),
            programmes=programmes,
        ),
        patient=translation.patient(
            body.person_id, enrolments=payers.enrolments, known=programmes, ltci_grade=insured.ltci_grade,
            coverage=insured.coverage, contracts=payers.covers, bed=payers.bed,
        ),
        used=translation.used(payers.balances, person_id=body.person_id, plan_code=insured.plan_code, own={}),
        person_id=body.person_id,
        plan_code=insured.plan_code,
        labels=payers.labels,
        incomes=translation.incomes(prices, tariff),
        package_classes={str(cover.contract_id): str(cover.income_class) for cover in payers.covers},
        limits=paying.limits_of(record, payers, codes, on),
        offer=paying.offer_of(record, known.groups),
    )  # fmt: skip
    return facts.as_free_clinic(payers.free_clinics), metres


def bill_of(facts: Facts) -> tuple[making.Made, list[dict[str, Any]], dict[str, Any]]:
    """Return a bill, its lines as JSON, and the document that the quote keeps of it.

    Raises:
        problems.Refusal: the gate's reason.
    """
    try:
        made = facts.make()
    except rules.Refused as refused:
        raise statement.problem_of(refused.refusal) from refused
    grants = sentences.grants_of(facts.patient, facts.terms.programmes)
    lines = [line_of(line) for line in sentences.say(statement.lines_of(made, facts.labels), grants)]
    return made, lines, {"proof": facts.proof(made), "lines": lines}


def claims_of(facts: Facts, made: making.Made) -> dict[contracts.Key, int]:
    """Return the units that a booking reserves."""
    claims = statement.claims_of(made, person_id=facts.person_id, plan_code=facts.plan_code)
    return contracts.sum_claims(statement.reserved_of(claims))


def asked_of(ready: booking.Ready) -> dict[str, Any]:
    """Return what a quote keeps of what it was asked for."""
    return {
        "kind": str(ready.ask.kind),
        "start_at": ready.window.start.astimezone(UTC).isoformat(),
        "items": sorted([code, quantity] for code, quantity in ready.ask.items),
    }


def _metres(known: Known, record: Any, tariff: catalog.TariffFacts | None) -> int:
    if known.home is None:
        raise problems.NotFound(what="住址")
    door = geo.Point(known.institution.lon, known.institution.lat)
    place = geo.Point(known.home.lon, known.home.lat)
    if tariff is None:
        return geo.geodesic_metres(door, place)
    stations = [geo.Point(row.lon, row.lat) for row in paying.rows(record, "stations")]
    road = catalog.detour_road(known.on_the_day.of(settings.TRAVEL_DETOUR_FACTOR))
    return catalog.distance_metres(tariff, place, door, stations, road)


def line_of(line: statement.LineFacts) -> dict[str, Any]:
    """Return a line of the bill as JSON."""
    return {
        "code": line.code,
        "name": line.name,
        "quantity": line.quantity,
        "charged_quantity": line.charged_quantity,
        "status": line.status,
        "gross_fen": line.gross_fen,
        "patient_fen": line.patient_fen,
        "price_from": line.price_from.isoformat() if line.price_from else None,
        "reason": line.reason,
        "sentence": line.sentence,
        "national_code": line.national_code,
        "unit": line.unit,
        "fundings": [
            {
                "source": part.source,
                "amount_fen": part.amount_fen,
                "units": part.units,
                "ref_id": str(part.ref_id) if part.ref_id else None,
                "reason": part.reason,
                "remaining": part.remaining,
            }
            for part in line.fundings
        ],
    }


def quote_of(
    quote_id: UUID, order_id: UUID, body: OrderPlacement, on: date, metres: int, now: datetime, lines: list[Any]
) -> dict[str, Any]:
    """Return a quote as JSON."""
    gross = sum(line["gross_fen"] for line in lines)
    fee = sum(line["gross_fen"] for line in lines if line["code"] == rules.VISIT_FEE)
    paid: dict[Payer, int] = {}
    for line in lines:
        for part in line["fundings"]:
            paid[part["source"]] = paid.get(part["source"], 0) + part["amount_fen"]
    return {
        "gross_fen": gross,
        "reduction_fen": paid.get(Payer.reduction, 0),
        "patient_fen": sum(line["patient_fen"] for line in lines),
        "services_fen": gross - fee,
        "visit_fee_fen": fee,
        "payers": [
            {"source": source, "label": presentation.LABELS[source], "amount_fen": paid[source]}
            for source in Payer
            if paid.get(source)
        ],
        "lines": lines,
        "id": str(quote_id),
        "institution_id": str(body.institution_id),
        "person_id": str(body.person_id),
        "order_id": str(order_id),
        "service_on": on.isoformat(),
        "distance_metres": metres,
        "quoted_at": now.isoformat().replace("+00:00", "Z"),
        "valid_until": None,
        "token": None,
        "accepted_at": now.isoformat().replace("+00:00", "Z"),
    }


def fingerprint_of(cipher: FieldCipher, body: OrderPlacement) -> str:
    """Return the keyed digest of a booking as it was understood."""
    canonical = json.dumps(body.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return cipher.blind(canonical, context="idempotent_answers.fingerprint").hex()
