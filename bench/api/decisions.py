"""What both hand-made contenders decide about a booking, from rows that each has fetched in its own way.

What is computed (eligibility, windows, the bill) comes from the project's pure rules: contenders differ in how a
request reaches the database and comes back, not in what a visit costs.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from service.billing import presentation, rules, statement, translation
from service.billing.facts import Facts, mode_of
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


def _rows(record: Any, name: str) -> list[SimpleNamespace]:
    return [_row(each) for each in record[name] or ()]


def _row(row: Any) -> Any:
    # a mapped row has attributes already
    return SimpleNamespace(**row) if isinstance(row, Mapping) or hasattr(row, "keys") else row


def known_of(record: Any, *, on: date, now: datetime) -> Known:
    """Return what is known, as facts."""
    if record["institution"] is None:
        raise problems.NotFound(what="机构")
    if record["person"] is None:
        raise problems.NotFound(what="居民")
    relations = [patient_facts.relation(row) for row in _rows(record, "relations")]
    values = [institution_facts.setting(_decoded(row, "value")) for row in _rows(record, "settings")]
    groups = dates.in_force([patient_facts.key_group(row) for row in _rows(record, "groups")], on)
    proxies = [patient_facts.relation(row) for row in _rows(record, "proxies")]
    return Known(
        institution=institution_facts.institution(_row(record["institution"])),
        modes=[institution_facts.mode(row) for row in _rows(record, "modes")],
        on_the_day=institutions.settings_on(dates.in_force(values, on), on),
        today=institutions.settings_on(dates.in_force(values, local_date(now)), local_date(now)),
        items={row.code: _item(row) for row in _rows(record, "items")},
        person=patient_facts.person(_row(record["person"])),
        home=patient_facts.home(_row(record["home"])) if record["home"] else None,
        rights=patients.rights_of(relations),
        groups=frozenset(each.key_group for each in groups),
        has_carer=any(each.kinship in patients.CARERS for each in proxies),
    )


def _decoded(row: SimpleNamespace, name: str) -> Any:
    return (
        SimpleNamespace(**(vars(row) | {name: _document(getattr(row, name))}))
        if isinstance(row, SimpleNamespace)
        else row
    )


def _document(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _item(row: SimpleNamespace) -> catalog.ItemFacts:
    return catalog.ItemFacts(
        code=row.code, name=row.name, duration_minutes=row.duration_minutes, staff_count=row.staff_count,
        skills=frozenset(row.skills), order_kinds=frozenset(row.order_kinds), latest_start=row.latest_start,
        home_allowed=row.home_allowed, refusal_note=row.refusal_note,
    )  # fmt: skip


def _tariff(record: Any) -> catalog.TariffFacts | None:
    if record["tariff"] is None:
        return None
    row = _row(record["tariff"])
    if row.night:
        raise ValueError("the measured town has no night tariffs")
    return catalog.TariffFacts(
        id=row.id,
        unit=catalog.FeeUnit(row.unit),
        tiers=tuple(
            catalog.TierFacts(
                Decimal(each["up_to_km"]) if each["up_to_km"] is not None else None, Decimal(each["price"])
            )
            for each in _document(row.tiers)
        ),
        night=None,
        insurance_class=catalog.InsuranceClass(row.insurance_class),
        self_ratio=row.self_ratio,
        distance_base=catalog.DistanceBase(row.distance_base),
        distance_method=catalog.DistanceMethod(row.distance_method),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def ready_of(
    body: OrderPlacement, window: orders.Window, known: Known, record: Any, open_orders: int, now: datetime
) -> booking.Ready:
    """Return a booking that may be made."""
    if not known.rights:
        raise problems.NotFound(what="居民")
    if patients.Right.book not in known.rights:
        raise patient_errors.RightMissing(right=str(patients.Right.book))
    patients.refuse_deceased(known.person)
    on = window.service_on
    unknown = sorted({item.code for item in body.items} - known.items.keys())
    if unknown:
        raise catalog_errors.ItemUnknown(codes="、".join(unknown))
    if not record["wish_works"]:
        raise problems.NotFound(what="该机构的这位医护人员")
    mode = orders.MODE_NEEDED[body.kind]
    orders.refuse_unregistered(body.kind, institutions.may_serve(known.institution, known.modes, mode, on), on)
    orders.refuse_window(window, now=now, days_ahead=known.today.of(settings.ORDERS_BOOKING_DAYS_AHEAD))
    booking.refuse_ineligible(known.groups, require_key_group=known.today.of(settings.ORDERS_REQUIRE_KEY_GROUP))
    booking.refuse_without_carer(known.groups, has_carer=known.has_carer)
    booking.refuse_one_too_many(open_orders, known.today.of(settings.ORDERS_MAX_OPEN_PER_PERSON))
    if known.home is None:
        booking.require_home(known.person.home_id)
        raise problems.NotFound(what="住址")
    placing_rules.refuse_not_placed(known.home.placing)
    booking.refuse_home(body.kind, known.home)
    booking.refuse_items(known.items.values(), body.kind)
    asked = tuple(sorted((item.code, item.quantity) for item in body.items))
    minutes = orders.minutes_of(asked, known.items)
    ask = booking.Ask(
        body.institution_id, body.kind, body.person_id, window, asked, body.mobility_reason,
        body.preferred_practitioner_id, body.staff_sex,
    )  # fmt: skip
    return booking.Ready(
        ask,
        known.home.id,
        orders.clip_window(window, minutes=minutes, items=known.items.values()),
        orders.staff_needed(known.items.values(), known.on_the_day.of(settings.STAFF_MINIMUM)),
    )


def payers_of(record: Any) -> tuple[list[contracts.ContractCover], Any, list[contracts.Balance]]:
    """Return the contracts, the home bed and the balances that may pay."""
    covers = [
        contracts.ContractCover(
            *each[:7],
            frozenset(each[7]),
            tuple((i["code"], i["quantity"], contracts.Counting(i["counting"])) for i in _document(each[8])),
        )
        for each in record["covers"] or ()
    ]
    balances = [
        contracts.Balance(each[0], contracts.Source(each[1]), *each[2:6], contracts.Counting(each[6]), each[7], each[8])
        for each in record["balances"] or ()
    ]
    if record["bed"] is not None:
        raise ValueError("nobody in the measured town has a home bed")
    return covers, None, balances


def enrolments_of(record: Any) -> list[contracts.EnrolmentFacts]:
    """Return the elder's enrolments in force."""
    return [
        contracts.EnrolmentFacts(row.programme_id, row.valid_from, row.valid_to) for row in _rows(record, "enrolments")
    ]


def programmes_of(record: Any) -> list[catalog.ProgrammeFacts]:
    """Return the region's programmes in force, with what they pay."""
    paid: dict[UUID, dict[str, int]] = {}
    for row in _rows(record, "paid"):
        paid.setdefault(row.programme_id, {})[row.code] = row.per_year
    return [
        catalog.ProgrammeFacts(
            row.id, row.code, row.name, row.payer, row.valid_from, row.valid_to, paid.get(row.id, {})
        )
        for row in _rows(record, "programmes")
    ]


def insurance_of(record: Any, on: date) -> tuple[patients.CoverageFacts | None, catalog.InsuranceFacts | None]:
    """Return the elder's insurance and what it pays on a day."""
    held = [patient_facts.coverage(row) for row in _rows(record, "coverages")]
    coverage = next(iter(dates.in_force(held, on)), None)
    if coverage is None:
        return None, None
    known = [
        catalog.InsuranceFacts(
            row.plan_code, row.name, row.deductible_fen, row.pay_ratio, row.yearly_cap_fen, row.valid_from, row.valid_to
        )
        for row in _rows(record, "insurances")
        if row.plan_code == coverage.plan_code
    ]
    return coverage, known[0] if known else None


def facts_of(
    quote_id: UUID, body: OrderPlacement, ready: booking.Ready, known: Known, record: Any, covers: Any, bed: Any,
    balances: Any,
) -> tuple[Facts, int]:  # fmt: skip
    """Return what the kernel needs to know, and the distance in metres."""
    on, tariff = ready.window.service_on, _tariff(record)
    coverage, insurance = insurance_of(record, on)
    in_force, enrolments = programmes_of(record), enrolments_of(record)
    programmes = translation.programmes(in_force, enrolments)
    metres = _metres(known, record, tariff)
    crew = tuple(str(member) for member in range(1, ready.staff_count + 1))
    prices = [
        catalog.PriceFacts(
            row.code, row.name, row.unit_price, row.valid_from, row.valid_to, row.per_visit_max,
            frozenset(row.includes), frozenset(row.excludes), catalog.InsuranceClass(row.insurance_class),
            row.self_ratio,
        )
        for row in _rows(record, "prices")
    ]  # fmt: skip
    plan_code = coverage.plan_code if coverage else None
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
            prices=translation.prices(prices, [code for code, _ in ready.ask.items]),
            tariffs=translation.tariffs(tariff),
            insurance=translation.insurance(insurance),
            programmes=programmes,
        ),
        patient=translation.patient(
            body.person_id, enrolments=enrolments, known=programmes, coverage=coverage, contracts=covers, bed=bed
        ),
        used=translation.used(balances, person_id=body.person_id, plan_code=plan_code, own={}),
        person_id=body.person_id,
        plan_code=plan_code,
        labels={str(row.id): f"“{row.name}”" for row in in_force}
        | {str(cover.contract_id): f"（{cover.signed_on}签）" for cover in covers},
    )  # fmt: skip
    return facts, metres


def _metres(known: Known, record: Any, tariff: catalog.TariffFacts | None) -> int:
    if known.home is None:
        raise problems.NotFound(what="住址")
    door = geo.Point(known.institution.lon, known.institution.lat)
    place = geo.Point(known.home.lon, known.home.lat)
    if tariff is None:
        return geo.geodesic_metres(door, place)
    stations = [geo.Point(row.lon, row.lat) for row in _rows(record, "stations")]
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
        "fundings": [
            {
                "source": part.source,
                "amount_fen": part.amount_fen,
                "units": part.units,
                "ref_id": str(part.ref_id) if part.ref_id else None,
                "reason": part.reason,
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
    paid: dict[rules.Source, int] = {}
    for line in lines:
        for part in line["fundings"]:
            paid[part["source"]] = paid.get(part["source"], 0) + part["amount_fen"]
    return {
        "gross_fen": gross,
        "patient_fen": sum(line["patient_fen"] for line in lines),
        "services_fen": gross - fee,
        "visit_fee_fen": fee,
        "payers": [
            {"source": source, "label": presentation.LABELS[source], "amount_fen": paid[source]}
            for source in rules.Source
            if source in paid
        ],
        "lines": lines,
        "id": str(quote_id),
        "institution_id": str(body.institution_id),
        "person_id": str(body.person_id),
        "order_id": str(order_id),
        "service_on": on.isoformat(),
        "distance_metres": metres,
        "quoted_at": now.isoformat().replace("+00:00", "Z"),
    }


def fingerprint_of(cipher: FieldCipher, body: OrderPlacement) -> str:
    """Return the keyed digest of a booking as it was understood."""
    canonical = json.dumps(body.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return cipher.blind(canonical, context="idempotent_answers.fingerprint").hex()
