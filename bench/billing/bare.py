"""Settling by hand: bare FastAPI and asyncpg, three statements between the fence and COMMIT, the same guarantees.

What a visit costs and who pays is computed by the project's pure rules, as ours does: the two differ in how a request
reaches the database and comes back. What is not measured (a bill that is parked, one above its quote, a month that the
ledger does not know yet, a home that nobody had measured) is refused loudly.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, FastAPI, Header, Response

from bench.api import bare, bare_booking, decisions, paying
from bench.api.bare import AUDIT, Asker, Asks
from bench.billing import asking, writing
from service.billing import ceiling, making, posting, presentation, rules, sentences, statement, translation
from service.billing import errors as billing_errors
from service.billing.facts import Facts, mode_of
from service.billing.models import Settlement, VisitFee
from service.billing.parking import rules as parking
from service.billing.repository import Last
from service.billing.words import Payer
from service.contracts import errors as contract_errors
from service.contracts import rules as contracts
from service.core import dates, problems
from service.core.clock import local_date
from service.core.idempotency import BODY, REPLAY_HEADER
from service.institutions import facts as institution_facts
from service.institutions import rules as institutions
from service.institutions.rules import settings
from service.orders import errors as order_errors
from service.patients import facts as patient_facts
from service.visits.rules import VisitProof, VisitState

REFUSALS: dict[str, type[problems.Refusal]] = {
    "settlements_one_live": billing_errors.SettledAlready,
    "settlements_follow_a_reversal": billing_errors.SettledAlready,
    "settlements_one_per_round": billing_errors.TripSettled,
    "settlements_join_round": billing_errors.TripSettled,
    "visit_fees_begin_round": billing_errors.TripSettled,
    "pk_visit_fees": billing_errors.TripFeeFixed,
    "bill_lines_share_one_fee": billing_errors.TripFeeFixed,
    "entitlement_entries_within_cap": contract_errors.EntitlementExhausted,
    "entitlement_entries_expired": contract_errors.EntitlementExpired,
    "entitlement_entries_settled_once": contract_errors.ConsumedAlready,
    "orders_state_moves": order_errors.IllegalMove,
    "pk_idempotent_answers": problems.KeyInFlight,
}
"""What the database's own refusals mean here."""

Settles = Annotated[Asker, Depends(Asks("bills:settle", touches=["visits"]), scope="function")]


async def settle_visit(
    asks: Settles,
    visit_id: UUID,
    key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)] = None,
) -> Response:
    """Settle a visit; with a key once, whatever the number of requests."""
    route = f"POST /v1/visits/{visit_id}/settlement"
    fingerprint = asks.held.cipher.blind("null", context="idempotent_answers.fingerprint").hex()
    claim = await _claim(asks, visit_id, route, key)
    if key and claim["known"] is not None:
        return _told_again(asks, claim["known"], fingerprint)
    trip = [_proof(each) for each in claim["trip"] or ()]
    proof = next((each for each in trip if each.visit_id == visit_id), None)
    if proof is None or proof.institution_id not in asks.principal.institution_ids:
        raise problems.NotFound(what="上门记录")
    try:
        said = await _settle(asks, proof, trip, writing.Kept(route, key, fingerprint))
    except asyncpg.IntegrityConstraintViolationError as error:
        if error.constraint_name not in REFUSALS:
            raise
        raise REFUSALS[error.constraint_name] from error
    except asyncpg.DeadlockDetectedError as error:
        raise problems.Collision from error
    return Response(said, status_code=201, media_type="application/json")


async def _claim(asks: Asker, visit_id: UUID, route: str, key: str | None) -> Any:
    who = asks.principal
    digest = hashlib.sha256(f"{who.account_id}\0{route}\0{key or visit_id}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    claim = await asks.connection.fetchrow(asking.CLAIM, who.region_id, visit_id, number, who.account_id, route, key)
    if not claim["claimed"]:
        raise problems.KeyInFlight
    return claim


def _told_again(asks: Asker, known: Any, fingerprint: str) -> Response:
    if known["fingerprint"] != fingerprint:
        raise problems.KeyReused
    said = asks.held.cipher.open(known["body_sealed"], context=BODY)
    return Response(said, known["status"], {REPLAY_HEADER: "true"}, media_type="application/json")


def _proof(row: Any) -> VisitProof:
    visit_id, order_id, institution_id, person_id, home_id, trip_id, mode, on, started_at, verified, state, *more = row
    begun, items = more
    return VisitProof(
        visit_id, order_id, institution_id, person_id, home_id, trip_id, mode, on, started_at, verified,
        VisitState(state), tuple(each[0] for each in begun or ()), tuple((each[0], each[1]) for each in items or ()),
    )  # fmt: skip


def _last(row: Any) -> Last | None:
    return None if row is None else Last(row[0], row[1], row[2], is_live=not row[3])


def _sharers(proof: VisitProof, trip: Iterable[VisitProof]) -> list[VisitProof]:
    return [
        each
        for each in trip
        if each.visit_id != proof.visit_id
        and each.verified
        and proof.trip_id is not None
        and (each.trip_id, each.home_id) == (proof.trip_id, proof.home_id)
    ]


@dataclass(frozen=True, slots=True)
class _Bill:
    """A bill as it is posted."""

    proof: VisitProof
    facts: Facts
    made: making.Made
    lines: tuple[statement.LineFacts, ...]
    row: Settlement
    begins: VisitFee | None


async def _settle(asks: Asker, before: VisitProof, was: list[VisitProof], kept: writing.Kept) -> str:
    who, visit_id = asks.principal, before.visit_id
    if before.started_at is None:
        raise billing_errors.VisitNotVerified
    on = local_date(before.started_at)
    counted = [before, *_sharers(before, was)]
    codes = {code for each in counted for code, _ in each.items}
    record = await asks.connection.fetchrow(
        asking.KNOWN, who.region_id, visit_id, before.institution_id, before.person_id, on, before.order_id,
        list(codes), [each.visit_id for each in counted], before.trip_id, before.home_id,
        [each.order_id for each in counted],
    )  # fmt: skip
    last = _last(record["last"])
    if (last is not None and last.is_live) or record["parked"] in {"open", "rejected"}:
        raise ValueError("a visit that has a bill, or whose bill is parked, is not part of what is measured")
    bill = _bill_of(record, visit_id, on=on, last=last, now=asks.now)
    said = _said(bill)
    person_id, posted = bill.proof.person_id, writing.Posted(bill.row, bill.lines, bill.begins)
    order = {each[0]: each for each in record["orders"] or ()}[bill.proof.order_id]
    use = _use(record, bill)
    changes = writing.changes_of(
        posted, order_id=bill.proof.order_id, account_id=who.account_id, move=order[3], granted=bool(use.grants)
    )
    audit = asks.audit("settle_visit", reads=writing.READS, changes=changes, persons=[person_id])
    sealed = asks.held.cipher.seal(said, context=BODY)
    await asks.connection.execute(
        writing.WRITE.replace("AUDIT", AUDIT),
        *audit,
        *writing.values_of(posted, use, order=order, kept=kept, sealed=sealed, account_id=who.account_id, now=asks.now),
    )
    return said


def _bill_of(record: Any, visit_id: UUID, *, on: date, last: Last | None, now: datetime) -> _Bill:
    """Make the bill, and refuse what ours would refuse or park."""
    trip = [_proof(each) for each in record["trip"]]
    proof = next(each for each in trip if each.visit_id == visit_id)
    if not proof.verified or proof.started_at is None:
        raise billing_errors.VisitNotVerified
    waiting = sum(not each.is_final for each in trip)
    if waiting:
        raise billing_errors.AwaitingTrip(open_visits=waiting)
    facts, in_force = _facts_of(record, proof, trip, on)
    try:
        made = facts.make()
    except rules.Refused as refused:
        raise statement.problem_of(refused.refusal) from refused
    _refuse_bounds(record, made, in_force)
    lines = sentences.say(
        statement.posted_lines(made, facts.labels, facts.incomes, facts.package_classes),
        sentences.grants_of(facts.patient, facts.terms.programmes),
    )
    region_id: UUID = record["region"]
    trip_round, begins = _round_of(record, proof, facts, made, last)
    row = posting.settlement_of(
        region_id=region_id, proof=proof, known=facts, made=made, lines=lines, last=last, trip_round=trip_round,
        service_on=on, now=now,
    )  # fmt: skip
    return _Bill(proof, facts, made, lines, row, begins)


def _facts_of(
    record: Any, proof: VisitProof, trip: list[VisitProof], on: date
) -> tuple[Facts, institutions.SettingsOn]:  # fmt: skip
    if record["institution"] is None or record["person"] is None:
        raise problems.NotFound(what="居民")
    institution = institution_facts.institution(paying.row(record["institution"]))
    person = patient_facts.person(paying.row(record["person"]))
    in_force = institutions.settings_on(
        [institution_facts.setting(decisions.decoded(row, "value")) for row in paying.rows(record, "settings")], on
    )
    modes = [institution_facts.mode(row) for row in paying.rows(record, "modes")]
    rows = dates.in_force([patient_facts.key_group(row) for row in paying.rows(record, "groups")], on)
    groups = frozenset(each.key_group for each in rows)
    payers = paying.payers_of(record, person, groups, on)
    if payers.due(person.id, on):
        raise ValueError("a year or a month that the ledger does not know yet is not part of what is measured")
    metres = {each[0]: each[2] for each in record["orders"] or ()}
    counted = [proof, *_sharers(proof, trip)]
    visit, *peers = [_visit(each, metres[each.order_id], on) for each in counted]
    tariff, prices, insured = paying.tariff_of(record), paying.prices_of(record), payers.insured
    programmes = translation.programmes(payers.programmes, payers.enrolments)
    licences: dict[str, list[rules.Period]] = {}
    for member, first, until in sorted(record["licences"] or (), key=lambda each: each[1]):
        licences.setdefault(str(member), []).append(rules.Period(first, until))
    facts = Facts(
        visit=visit,
        peers=tuple(peers),
        institution_code=institution.code,
        terms=rules.Terms(
            policy=translation.policy(in_force),
            service_modes=translation.service_modes(institution, modes),
            licences={member: tuple(each) for member, each in licences.items()},
            prices=translation.prices(prices, {code for each in counted for code, _ in each.items}),
            tariffs=translation.tariffs(tariff),
            ltci=insured.ltci,
            insurance=translation.insurance(insured.rule),
            programmes=programmes,
        ),
        patient=translation.patient(
            person.id, enrolments=payers.enrolments, known=programmes, ltci_grade=insured.ltci_grade,
            coverage=insured.coverage, contracts=payers.covers, bed=payers.bed,
        ),
        used=translation.used(
            payers.balances, person_id=person.id, plan_code=insured.plan_code,
            own={each[0]: each[1] for each in record["own"] or ()},
        ),
        person_id=person.id,
        plan_code=insured.plan_code,
        labels=payers.labels,
        incomes=translation.incomes(prices, tariff),
        package_classes={str(cover.contract_id): str(cover.income_class) for cover in payers.covers},
        limits=paying.limits_of(record, payers, {code for code, _ in proof.items}, on),
        offer=paying.offer_of(record, groups),
    )  # fmt: skip
    return facts.as_free_clinic(payers.free_clinics), in_force


def _visit(proof: VisitProof, metres: int | None, on: date) -> rules.Visit:
    if metres is None or proof.started_at is None:
        raise ValueError("a home that nobody had measured is not part of what is measured")
    return translation.visit(
        proof.visit_id, person_id=proof.person_id, mode=mode_of(proof.mode), service_on=on,
        started_at=proof.started_at, verified=proof.verified, staff=[str(each) for each in proof.staff_ids],
        distance_metres=metres, items=proof.items, home_id=proof.home_id, trip_id=proof.trip_id,
    )  # fmt: skip


def _refuse_bounds(record: Any, made: making.Made, in_force: institutions.SettingsOn) -> None:
    if record["quote"] is None:
        raise ValueError("an order without a quote is not part of what is measured")
    gross, lines = record["quote"]
    limit = ceiling.of_quote({"lines": paying.document(lines)}, None)
    if made.patient_fen > limit.agreed_fen or record["in_hospital"]:
        raise ValueError("a bill above its quote, or of somebody in hospital, is not part of what is measured")
    bounds = parking.Bounds(
        usual_multiple=in_force.of(settings.BILL_USUAL_MULTIPLE),
        usual_minimum=in_force.of(settings.BILL_USUAL_MINIMUM),
        daily_limit=in_force.of(settings.BILL_DAILY_LIMIT),
    )
    reasons = parking.reasons_of(
        gross_fen=made.bill.gross_fen,
        agreed_fen=limit.agreed_fen,
        rise=ceiling.Rise(0, 0),
        usual=parking.Usual(gross, is_quote=True) if bounds.usual_multiple else None,
        settled_that_day=record["settled_that_day"],
        hospital=None,
        bounds=bounds,
    )
    if reasons:
        raise ValueError("a bill that is parked is not part of what is measured")


def _round_of(
    record: Any, proof: VisitProof, facts: Facts, made: making.Made, last: Last | None
) -> tuple[int, VisitFee | None]:
    if proof.trip_id is None:
        return (last.seq + 1 if last else 1), None
    share, policy = made.share or facts.forgone, facts.terms.policy
    split = share is not None and policy.fee_sharing is not rules.FeeSharing.per_patient
    fee_fen, shares = (share.home_fen, dict(share.fees)) if share is not None and split else (None, {})
    number, current_fee, current_shares, is_live = record["round"] or (0, None, None, False)
    if is_live:
        if last is not None and last.trip_round == number:
            raise billing_errors.TripSettled
        if (current_fee, paying.document(current_shares)) != (fee_fen, shares):
            raise billing_errors.TripFeeFixed
        return number, None
    begins = VisitFee(
        region_id=record["region"], institution_id=proof.institution_id, trip_id=proof.trip_id, home_id=proof.home_id,
        round=number + 1, fee_fen=fee_fen, shares=shares,
    )  # fmt: skip
    return number + 1, begins


def _use(record: Any, bill: _Bill) -> writing.Use:
    """Return what is given back and used, one entitlement after the other, and what must be granted first."""
    balances = paying.balances_of(record["balances"])
    grants = contracts.missing_grants(statement.limit_grants(bill.made), balances)
    claims = statement.claims_of(bill.made, person_id=bill.proof.person_id, plan_code=bill.facts.plan_code)
    held = {each[0]: each[1] for each in record["own"] or ()}
    return writing.use_of(contracts.sum_claims(claims), balances, grants, held)


def _said(bill: _Bill) -> str:
    """Return the bill as JSON."""
    row, lines = bill.row, [decisions.line_of(line) for line in bill.lines]
    fee = sum(line["gross_fen"] for line in lines if line["code"] == rules.VISIT_FEE)
    paid: dict[Payer, int] = {}
    for line in lines:
        for part in line["fundings"]:
            paid[part["source"]] = paid.get(part["source"], 0) + part["amount_fen"]
    told = {
        "gross_fen": row.gross_fen,
        "reduction_fen": paid.get(Payer.reduction, 0),
        "patient_fen": row.patient_fen,
        "services_fen": row.gross_fen - fee,
        "visit_fee_fen": fee,
        "payers": [
            {"source": source, "label": presentation.LABELS[source], "amount_fen": paid[source]}
            for source in Payer
            if paid.get(source)
        ],
        "lines": lines,
        "id": str(row.id),
        "visit_id": str(row.visit_id),
        "institution_id": str(row.institution_id),
        "person_id": str(row.person_id),
        "service_on": row.service_on.isoformat(),
        "seq": row.seq,
        "settled_at": bare.moment(row.settled_at),
        "reversed": False,
        "reversal": None,
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def build() -> FastAPI:
    """Return the application."""
    app = bare.build(bare_booking.place_order)
    app.post("/v1/visits/{visit_id}/settlement", status_code=201)(settle_visit)
    return app
