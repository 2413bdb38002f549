"""Placing an order by hand: five statements between BEGIN and COMMIT, and the kernel that both share.

What is computed (eligibility, windows, the bill) comes from the project's pure rules: the two differ in how a request
reaches the database and comes back, not in what a visit costs.
"""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Annotated, Any
from uuid import UUID

import asyncpg
from fastapi import Depends, Header, Response

from bench.api import decisions, paying
from bench.api.bare import AUDIT, Asker, Asks, order_of
from service.accounts.rules import Role
from service.booking.schemas import OrderPlacement
from service.contracts import errors as contract_errors
from service.core import access, problems
from service.core.clock import local_date
from service.core.idempotency import BODY, REPLAY_HEADER
from service.core.ids import new_id
from service.orders import rules as orders

_ROUTE = "POST /v1/orders"
_CLAIM = """
select pg_try_advisory_xact_lock($1) as claimed, orders_count_open($2, $3) as open_orders,
       (select a from idempotent_answers a
        where a.region_id = $4 and a.account_id = $5 and a.route = $6 and a.key = $7) as known
"""
# whole rows: their types are known to the driver, so that nothing travels as JSON
_KNOWN = """
select
    (select i from institutions i where i.region_id = $1 and i.id = $2) as institution,
    (select array_agg(s) from setting_rows s where s.region_id = $1 and s.valid_from <= $5
     and (s.institution_id is null or s.institution_id = $2)) as settings,
    (select array_agg(m order by m.id) from service_modes m where m.region_id = $1 and m.institution_id = $2) as modes,
    (select array_agg(s order by s.id) from stations s where s.region_id = $1 and s.institution_id = $2) as stations,
    (select t from visit_fee_tariffs t where t.region_id = $1 and t.institution_id = $2 and t.valid_from <= $5
     and (t.valid_to is null or t.valid_to >= $5)) as tariff,
    (select array_agg(d) from institution_designations d where d.region_id = $1 and d.institution_id = $2
     and d.valid_from <= $5 and (d.valid_to is null or d.valid_to >= $5)) as designations,
    (select array_agg(p order by p.id) from price_rows p where p.region_id = $1 and (p.institution_id = $2
     or p.level = (select l.level from institution_levels l where l.region_id = $1 and l.institution_id = $2
         and l.valid_from <= $5 and (l.valid_to is null or l.valid_to >= $5)))
     and p.code = any($4) and p.valid_from <= $5 and (p.valid_to is null or p.valid_to >= $5)) as prices,
    (select array_agg(l order by l.code) from price_limits l where l.region_id = $1 and l.valid_from <= $5
     and (l.valid_to is null or l.valid_to >= $5)) as limits,
    (select array_agg(r order by r.id) from reduction_rules r where r.region_id = $1 and r.valid_from <= $5
     and (r.valid_to is null or r.valid_to >= $5)
     and (r.institution_id is null or r.institution_id = $2)) as reductions,
    (select array_agg(r) from ltci_rules r where r.region_id = $1 and r.valid_from <= $5
     and (r.valid_to is null or r.valid_to >= $5)) as ltci_rules,
    (select array_agg(a order by a.valid_from) from ltci_assessments a where a.region_id = $1
     and a.person_id = $3) as assessments,
    (select array_agg(i order by i.code) from service_items i where i.region_id = $1 and i.code = any($4)) as items,
    p.person, h.home,
    (select array_agg(r) from care_relations r where r.region_id = $1 and r.person_id = $3
     and r.during @> $6::timestamptz and (r.account_id = $7 or r.institution_id = any($8::uuid[]))) as relations,
    (select array_agg(r) from care_relations r where r.region_id = $1 and r.person_id = $3
     and r.during @> $6::timestamptz and r.kind = 'proxy') as proxies,
    (select array_agg(g) from key_group_rows g where g.region_id = $1 and g.person_id = $3) as groups,
    (select array_agg(c order by c.valid_from) from coverages c
     where c.region_id = $1 and c.person_id = $3) as coverages,
    (select array_agg(r) from insurance_rules r where r.region_id = $1 and r.valid_from <= $5
     and (r.valid_to is null or r.valid_to >= $5)) as insurances,
    (select array_agg(e order by e.valid_from, e.id) from programme_enrolments e where e.region_id = $1
     and e.person_id = $3 and e.valid_from <= $5 and (e.valid_to is null or e.valid_to >= $5)) as enrolments,
    (select array_agg(p order by p.id) from programmes p where p.region_id = $1 and p.valid_from <= $5
     and (p.valid_to is null or p.valid_to >= $5)) as programmes,
    (select array_agg(i order by i.code) from programme_items i join programmes p
     on p.region_id = i.region_id and p.id = i.programme_id where p.region_id = $1 and p.valid_from <= $5
     and (p.valid_to is null or p.valid_to >= $5)) as paid,
    (select array_agg(row(c.contract_id, c.institution_id, c.signed_on, c.valid_from, c.valid_to, c.terminated_on,
                          c.covers_visit_fee, c.capitated_codes, c.items, c.income_class))
     from contracts_cover_at($3, $5, $2) c) as covers,
    (select array_agg(row(b.entitlement_id, b.source, b.ref_id, b.code, b.period, b.cap, b.counting, b.used,
                          b.reserved, b.closed_on) order by b.entitlement_id)
     from entitlements_standing($3) b) as balances,
    (select row(b.bed_id, b.institution_id, b.opened_on, b.closed_on, b.payment, b.excluded_codes, b.kind, b.pauses,
                b.daily_rate, b.pay_ratio, b.year_cap_fen, b.institution_share) from beds_stay_on($3, $5) b) as bed,
    ($9::uuid is null or orders_works_at($9, $2)) as wish_works
from (select (select p from patients p where p.region_id = $1 and p.id = $3) as person) p,
lateral (select (select h from homes h where h.region_id = $1 and h.id = (p.person).home_id) as home) h
"""
_STANDING = """
select array_agg(row(b.entitlement_id, b.source, b.ref_id, b.code, b.period, b.cap, b.counting, b.used, b.reserved,
                     b.closed_on) order by b.entitlement_id) from entitlements_standing($1) b
"""
_GRANT = "select entitlement_grant($1, $2, $3, $4, $5, $6, $7, $8)"
_ORDER = """
insert into orders (region_id, institution_id, id, order_no, kind, person_id, home_id, state, service_on, wished,
    staff_count, mobility_reason, preferred_practitioner_id, staff_sex, distance_metres, placed_by_account_id,
    placed_at, preferred_only, excluded_practitioner_ids, same_staff, also_wished, staff_sex_required)
select $1, $2, $3, orders_next_no($2, $4), $5, $6, $7, 'submitted', $8, $9, $10, $11, $12, $13, $14, $15, $16,
    $17, $18, $19, $20, $21
returning order_no
"""
# an order begins as submitted: that it was accepted at once is a second move of the same transaction
_REST = f"""
with items as (
    insert into order_items (region_id, institution_id, order_id, code, quantity)
    select $12, $13, $14, code, quantity from unnest($15::text[], $16::int[]) as asked (code, quantity)
), first as (
    insert into order_moves (region_id, institution_id, order_id, seq, from_state, to_state, moved_at,
                             moved_by_account_id, because)
    select $12, $13, $14, * from unnest($17::int[], $18::text[], $19::text[], array_fill($20::timestamptz,
        array[cardinality($17::int[])]), $21::uuid[], $22::text[])
), accepted as (
    update orders set state = 'accepted' where region_id = $12 and id = $14 and $23
), quoted as (
    insert into quotes (region_id, institution_id, id, order_id, person_id, service_on, distance_metres, gross_fen,
                        patient_fen, bill, quoted_at, asked, accepted_at)
    values ($12, $13, $24, $14, $25, $26, $27, $28, $29, $30::jsonb, $20, $39::jsonb, $20)
), reserved as (
    select entitlement_post(id, 'reserve', units, $14, null, null, $26)
    from unnest($31::uuid[], $32::bigint[]) as claimed (id, units)
), news as (
    insert into pgqueuer (priority, entrypoint, payload, execute_after, status)
    select 0, 'order.accepted', $33::bytea, now(), 'queued' where $23 returning id
), logged as (
    insert into pgqueuer_log (job_id, status, entrypoint, priority) select id, 'queued', 'order.accepted', 0 from news
), kept as (
    insert into idempotent_answers (region_id, account_id, route, key, fingerprint, status, body_sealed, answered_at)
    select $12, $34, $35, $36, $37, 201, $38, $20 where $36::varchar is not null
)
select {AUDIT}, (select count(*) from reserved)
"""
_RELATE = "select patients_relate_institution($1, $2, $3, $4)"
_READS = sorted(
    [
        "beds",
        "care_relations",
        "contracts",
        "coverages",
        "entitlements",
        "homes",
        "idempotent_answers",
        "key_group_rows",
        "ltci_assessments",
        "order_items",
        "order_moves",
        "orders",
        "patients",
        "programme_enrolments",
        "quotes",
    ]
)


Places = Annotated[Asker, Depends(Asks("orders:place", touches=["care_relations"]), scope="function")]


async def place_order(
    asks: Places,
    body: OrderPlacement,
    key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)] = None,
) -> Response:
    """Place an order; with a key once, whatever the number of requests."""
    if body.draft or body.quote_id:
        raise ValueError("drafts and bookings on a quote asked for before are not part of what is measured")
    if asks.principal.institution_ids:
        access.require_institution(asks.principal, body.institution_id)
    fingerprint = decisions.fingerprint_of(asks.held.cipher, body) if key else None
    claim = await _claim(asks, body, key)
    if key and (told := _told_again(asks, claim, fingerprint)):
        return told
    try:
        said = await _place(asks, body, key, fingerprint, claim["open_orders"])
    except asyncpg.IntegrityConstraintViolationError as error:
        if error.constraint_name not in decisions.REFUSALS:
            raise
        raise decisions.REFUSALS[error.constraint_name] from error
    except asyncpg.DeadlockDetectedError as error:
        raise problems.Collision from error
    return Response(said, status_code=201, media_type="application/json")


async def _claim(asks: Asker, body: OrderPlacement, key: str | None) -> Any:
    who = asks.principal
    digest = hashlib.sha256(f"{who.account_id}\0{_ROUTE}\0{key or new_id()}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    return await asks.connection.fetchrow(
        _CLAIM, number, body.person_id, sorted(orders.OPEN), who.region_id, who.account_id, _ROUTE, key
    )


def _told_again(asks: Asker, claim: Any, fingerprint: str | None) -> Response | None:
    if not claim["claimed"]:
        raise problems.KeyInFlight
    known = claim["known"]
    if known is None:
        return None
    if known["fingerprint"] != fingerprint:
        raise problems.KeyReused
    said = asks.held.cipher.open(known["body_sealed"], context=BODY)
    return Response(said, known["status"], {REPLAY_HEADER: "true"}, media_type="application/json")


async def _place(asks: Asker, body: OrderPlacement, key: str | None, fingerprint: str | None, open_orders: int) -> str:
    who, now, connection = asks.principal, asks.now, asks.connection
    window = orders.Window(body.wished_start, body.wished_end)
    orders.refuse_window_outside_a_day(window)
    on = window.service_on
    codes = [item.code for item in body.items]
    record = await connection.fetchrow(
        _KNOWN, who.region_id, body.institution_id, body.person_id, codes, on, now, who.account_id,
        list(who.institution_ids), body.preferred_practitioner_id,
    )  # fmt: skip
    known = decisions.known_of(record, on=on, now=now)
    payers = paying.payers_of(record, known.person, known.groups, on)
    ready = decisions.ready_of(body, window, known, payers, record, open_orders, now)
    payers = await _grant_year(asks, body, on, payers)
    quote_id, order_id = new_id(), new_id()
    facts, metres = decisions.facts_of(quote_id, body, ready, known, payers, record)
    made, said_lines, bill = decisions.bill_of(facts)
    order = ready.order(orders.OrderState.submitted, metres)
    order_no = await connection.fetchval(
        _ORDER, who.region_id, body.institution_id, order_id, local_date(now), order.kind, body.person_id,
        order.home_id, on, asyncpg.Range(order.window.start, order.window.end), order.staff_count,
        order.mobility_reason, order.preferred_practitioner_id, order.staff_sex, metres, who.account_id, now,
        order.preferred_only, list(order.excluded_practitioner_ids), order.same_staff,
        [asyncpg.Range(each.start, each.end) for each in sorted(order.also_wished)], order.staff_sex_required,
    )  # fmt: skip
    if who.role in {Role.elder, Role.family_proxy}:
        await connection.execute(_RELATE, new_id(), body.person_id, body.institution_id, f"预约 {order_no}")
    auto = ready.accepted_at_once
    moves = [(1, None, "submitted", who.account_id, "提交预约")]
    if auto:
        moves.append((2, "submitted", "accepted", None, "自动接单"))
    quoted = decisions.quote_of(quote_id, order_id, body, on, metres, now, said_lines)
    said = json.dumps(
        {"order": _order(asks, order, order_id, order_no, moves), "quote": quoted},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    units = decisions.claims_of(facts, made)
    ids = {each.key: each.entitlement_id for each in payers.balances}
    for source, _, code, period in units.keys() - ids.keys():
        raise contract_errors.EntitlementUnknown(source=str(source), item=code, period=period)
    held = sorted((ids[each], amount) for each, amount in units.items())
    job = {
        "region_id": str(who.region_id), "institution_ids": [str(body.institution_id)], "subject_id": str(order_id),
        "account_id": None,
    }  # fmt: skip
    await connection.execute(
        _REST,
        *asks.audit("place_order", reads=_READS, changes=_changes(order_id, quote_id), persons=[body.person_id]),
        who.region_id, body.institution_id, order_id, [code for code, _ in order.items],
        [quantity for _, quantity in order.items], [each[0] for each in moves], [each[1] for each in moves],
        [each[2] for each in moves], now, [each[3] for each in moves], [each[4] for each in moves], auto, quote_id,
        body.person_id, on, metres, made.bill.gross_fen, made.patient_fen,
        json.dumps(bill, ensure_ascii=False), [each[0] for each in held], [each[1] for each in held],
        json.dumps(job).encode(), who.account_id, _ROUTE, key, fingerprint,
        asks.held.cipher.seal(said, context=BODY), json.dumps(decisions.asked_of(ready)),
    )  # fmt: skip
    return said


async def _grant_year(asks: Asker, body: OrderPlacement, on: date, payers: paying.Payers) -> paying.Payers:
    grants = payers.due(body.person_id, on)
    for each in grants:
        await asks.connection.execute(
            _GRANT, new_id(), body.person_id, each.source, each.ref_id, each.code, each.period, each.cap, each.counting
        )
    if not grants:
        return payers
    standing = await asks.connection.fetchval(_STANDING, body.person_id)
    return replace(payers, balances=paying.balances_of(standing))


def _order(asks: Asker, order: orders.NewOrder, order_id: UUID, order_no: str, moves: list[Any]) -> dict[str, Any]:
    shown = {
        "id": order_id,
        "order_no": order_no,
        "institution_id": order.institution_id,
        "kind": order.kind,
        "person_id": order.person_id,
        "home_id": order.home_id,
        "state": moves[-1][2],
        "service_on": order.window.service_on,
        "wished": SimpleNamespace(lower=utc(order.window.start), upper=utc(order.window.end)),
        "staff_count": order.staff_count,
        "preferred_practitioner_id": order.preferred_practitioner_id,
        "also_wished": [
            SimpleNamespace(lower=utc(each.start), upper=utc(each.end)) for each in sorted(order.also_wished)
        ],
        "staff_sex": order.staff_sex,
        "staff_sex_required": order.staff_sex_required,
        "preferred_only": order.preferred_only,
        "excluded_practitioner_ids": order.excluded_practitioner_ids,
        "same_staff": order.same_staff,
        "items": sorted(order.items),
        "mobility_reason": order.mobility_reason,
        "distance_metres": order.distance_metres,
        "placed_by_account_id": asks.principal.account_id,
        "placed_at": asks.now,
        "moves": [(seq, before, after, asks.now, by, because) for seq, before, after, by, because in moves],
    }
    return order_of(shown)


def utc(at: datetime) -> datetime:
    """Return a moment in UTC."""
    return at.astimezone(UTC)


def _changes(order_id: UUID, quote_id: UUID) -> str:
    changed = [
        ("entitlement_post", "call", []),
        ("idempotent_answers", "insert", []),
        ("order_items", "insert", [str(order_id)]),
        ("order_moves", "insert", [str(order_id)]),
        ("orders", "insert", [str(order_id)]),
        ("orders", "update", [str(order_id)]),
        ("orders_count_open", "call", []),
        ("orders_next_no", "call", []),
        ("pgqueuer", "insert", []),
        ("quotes", "insert", [str(quote_id)]),
    ]
    return json.dumps([{"table": t, "verb": v} | ({"ids": ids} if ids else {}) for t, v, ids in changed])
