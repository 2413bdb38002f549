"""What the hand-written contender writes of a bill: everything in one statement, the audit row with it."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from service.billing.ledger import repository as ledger
from service.billing.ledger import rules as ledger_rules
from service.billing.models import Settlement, VisitFee
from service.billing.settling import BILL_READY
from service.billing.statement import LineFacts, charges_of
from service.contracts import errors as contract_errors
from service.contracts import rules as contracts
from service.core.clock import local_date
from service.core.ids import new_id

_WRITE = """
with fee as (
    insert into visit_fees (region_id, institution_id, trip_id, home_id, round, fee_fen, shares)
    select :region, :institution, :trip, :home, :round, :fee_fen, :shares::jsonb where :begins returning 1
), bill as (
    insert into settlements (region_id, id, institution_id, visit_id, person_id, kind, trip_id, home_id, trip_round,
                             seq, follows_seq, service_on, gross_fen, patient_fen, plan_code, facts, journaled,
                             settled_at)
    select :region, :bill, :institution, :visit, :person, 'visit', :trip, :home, :round, :seq, :follows, :on, :gross,
           :patient, :plan, :facts::jsonb, true, :now
    from (select count(*) from fee) waited returning 1 as one
), lines as (
    insert into bill_lines (region_id, institution_id, settlement_id, line_no, code, name, quantity, charged_quantity,
                            status, gross_fen, patient_fen, price_from, reason, national_code, unit, income_class,
                            sentence, insurance_class, insured_fen, eligible_fen, deductible_fen)
    select :region, :institution, :bill, l.* from bill, unnest(
        :line_nos::int[], :codes::text[], :names::text[], :quantities::int[], :charged::int[], :states::text[],
        :grosses::bigint[], :patients::bigint[], :froms::date[], :reasons::text[], :nationals::text[], :units::text[],
        :classes::text[], :sentences::text[], :insurance_classes::text[], :insured::bigint[], :eligible::bigint[],
        :deductible::bigint[]) as l
    returning 1
), fundings as (
    insert into bill_fundings (region_id, institution_id, settlement_id, line_no, funding_no, source, ref_id, units,
                               amount_fen, reason, income_class, remaining)
    select :region, :institution, :bill, f.* from bill, unnest(
        :part_lines::int[], :part_nos::int[], :part_sources::text[], :part_refs::uuid[], :part_units::bigint[],
        :part_fens::bigint[], :part_reasons::text[], :part_classes::text[], :part_lefts::bigint[]) as f
), granted as materialized (
    select g.id as meant, entitlement_granted(g.id, :person, g.source, g.ref_id, g.code, g.period, g.cap, 'quantity')
        as id
    from (select count(*) from lines) waited, unnest(
        :grant_ids::uuid[], :grant_sources::text[], :grant_refs::uuid[], :grant_codes::text[], :grant_periods::text[],
        :grant_caps::bigint[]) as g (id, source, ref_id, code, period, cap)
), used as materialized (
    select entitlement_post(coalesce((select g.id from granted g where g.meant = p.id), p.id), p.kind, p.units, :order,
        case p.kind when 'consume' then :visit::uuid end, case p.kind when 'consume' then :bill::uuid end, :on)
    from (select count(*) from granted) waited,
         unnest(:post_ids::uuid[], :post_kinds::text[], :post_units::bigint[]) as p (id, kind, units)
), moved as (
    update orders set state = 'closed' where region_id = :region and id = :order
), told as (
    insert into order_moves (region_id, institution_id, order_id, seq, from_state, to_state, moved_at,
                             moved_by_account_id, because)
    values (:region, :institution, :order, :move, :before, 'closed', :now, :account, '已结算')
), news as (
    insert into pgqueuer (priority, entrypoint, payload, execute_after, status)
    values (0, :news, :payload, now(), 'queued') returning id
), logged as (
    insert into pgqueuer_log (job_id, status, entrypoint, priority) select id, 'queued', :news, 0 from news
), entries as (
    insert into journal_entries (region_id, id, institution_id, book, source, source_id, booked_on, gross_fen,
                                 posted_at)
    select :region, e.id, :institution, e.book, 'settlement', :bill, :booked, e.gross_fen, :now
    from unnest(:entry_ids::uuid[], :entry_books::text[], :entry_sums::bigint[]) as e (id, book, gross_fen)
), jlines as (
    insert into journal_lines (region_id, institution_id, entry_id, line_no, book, booked_on, account, debit_fen,
                               credit_fen)
    select :region, :institution, l.entry_id, l.line_no, l.book, :booked, l.account, l.debit_fen, l.credit_fen
    from unnest(:line_entries::uuid[], :line_numbers::int[], :line_books::text[], :line_accounts::text[],
                :line_debits::bigint[], :line_credits::bigint[])
        as l (entry_id, line_no, book, account, debit_fen, credit_fen)
), kept as (
    insert into idempotent_answers (region_id, account_id, route, key, fingerprint, status, body_sealed, answered_at)
    select :region, :account, :route, :key, :fingerprint, 201, :sealed, :now where :key::varchar is not null
), counter as (
    insert into invoice_counters as c (region_id, institution_id, year, last_no)
    select :region, :institution, :year, 1 from (select count(*) from used) waited
    on conflict (region_id, institution_id, year) do update set last_no = c.last_no + 1 returning c.last_no
), invoice as (
    insert into invoices (region_id, id, institution_id, year, number, source, source_id, gross_fen, patient_fen,
                          issued_on, issued_at)
    select :region, :invoice, :institution, :year, counter.last_no, 'settlement', :bill, :gross, :invoiced, :booked,
           :now
    from counter returning 1
)
select AUDIT from (select count(*) from invoice) waited
"""
_NAMED = re.compile(r"(?<![:\w]):(\w+)")
_NAMES = list(dict.fromkeys(_NAMED.findall(_WRITE)))
# the first eleven are the audit row's
WRITE = _NAMED.sub(lambda found: f"${12 + _NAMES.index(found[1])}", _WRITE)
READS = [
    "bill_fundings", "bill_lines", "coverages", "entitlement_entries", "entitlements", "idempotent_answers",
    "key_group_rows", "ltci_assessments", "order_moves", "orders", "patients", "programme_enrolments", "quotes",
    "settlements", "visit_events", "visit_fees", "visit_items", "visits",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """Under what the answer is kept."""

    route: str
    key: str | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Posted:
    """A bill's rows."""

    row: Settlement
    lines: tuple[LineFacts, ...]
    begins: VisitFee | None


@dataclass(frozen=True, slots=True)
class Use:
    """What is granted first (id → grant), then given back and used: (entitlement, kind, units)."""

    grants: Mapping[UUID, contracts.Grant]
    posts: list[tuple[UUID, str, int]]


def use_of(
    wanted: Mapping[contracts.Key, int],
    balances: Iterable[contracts.Balance],
    grants: Iterable[contracts.Grant],
    held: Mapping[UUID, int],
) -> Use:
    """Return what is used, after what the order still holds is given back, entitlement by entitlement.

    Raises:
        EntitlementUnknown: the person does not have what is to be used.
    """
    granted = {new_id(): each for each in grants}
    ids = {each.key: each.entitlement_id for each in balances} | {each.key: new for new, each in granted.items()}
    for source, _, code, period in wanted.keys() - ids.keys():
        raise contract_errors.EntitlementUnknown(source=str(source), item=code, period=period)
    units = {ids[key]: amount for key, amount in wanted.items()}
    posts = []
    for entitlement_id in sorted(units.keys() | held.keys()):
        if entitlement_id in held:
            posts.append((entitlement_id, "release", held[entitlement_id]))
        if entitlement_id in units:
            posts.append((entitlement_id, "consume", units[entitlement_id]))
    return Use(granted, posts)


def values_of(
    posted: Posted, use: Use, *, order: Any, kept: Kept, sealed: bytes, account_id: UUID, now: datetime
) -> list[Any]:
    """Return the values of `WRITE` after the audit row's; `order` is (id, state, metres, next move)."""
    row = posted.row
    job = {
        "region_id": str(row.region_id), "institution_ids": [str(row.institution_id)], "subject_id": str(row.id),
        "account_id": None,
    }  # fmt: skip
    named = {
        "region": row.region_id, "institution": row.institution_id, "trip": row.trip_id, "home": row.home_id,
        "round": row.trip_round, "fee_fen": posted.begins.fee_fen if posted.begins else None,
        "shares": _json(posted.begins.shares if posted.begins else {}), "begins": posted.begins is not None,
        "bill": row.id, "visit": row.visit_id, "person": row.person_id, "seq": row.seq, "follows": row.follows_seq,
        "on": row.service_on, "gross": row.gross_fen, "patient": row.patient_fen, "plan": row.plan_code,
        "facts": _json(row.facts), "now": now, "order": order[0], "before": order[1], "move": order[3],
        "account": account_id, "news": BILL_READY, "payload": json.dumps(job, separators=(",", ":")).encode(),
        "route": kept.route, "key": kept.key, "fingerprint": kept.fingerprint, "sealed": sealed,
    }  # fmt: skip
    named |= _lines(posted.lines) | _uses(use) | _journal(posted, now)
    return [named[name] for name in _NAMES]


def _json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False)


def _lines(lines: tuple[LineFacts, ...]) -> dict[str, Any]:
    claims = [asdict(line.claim) if line.claim else {} for line in lines]
    parts = [
        (no, part_no, part)
        for no, line in enumerate(lines, start=1)
        for part_no, part in enumerate(line.fundings, start=1)
    ]
    return {
        "line_nos": list(range(1, len(lines) + 1)), "codes": [line.code for line in lines],
        "names": [line.name for line in lines], "quantities": [line.quantity for line in lines],
        "charged": [line.charged_quantity for line in lines], "states": [line.status for line in lines],
        "grosses": [line.gross_fen for line in lines], "patients": [line.patient_fen for line in lines],
        "froms": [line.price_from for line in lines], "reasons": [line.reason for line in lines],
        "nationals": [line.national_code for line in lines], "units": [line.unit for line in lines],
        "classes": [line.income.income_class for line in lines], "sentences": [line.sentence for line in lines],
        "insurance_classes": [each.get("insurance_class") for each in claims],
        "insured": [each.get("insured_fen", 0) for each in claims],
        "eligible": [each.get("eligible_fen", 0) for each in claims],
        "deductible": [each.get("deductible_fen", 0) for each in claims],
        "part_lines": [no for no, _, _ in parts], "part_nos": [no for _, no, _ in parts],
        "part_sources": [part.source for _, _, part in parts], "part_refs": [part.ref_id for _, _, part in parts],
        "part_units": [part.units for _, _, part in parts], "part_fens": [part.amount_fen for _, _, part in parts],
        "part_reasons": [part.reason for _, _, part in parts],
        "part_classes": [part.income_class for _, _, part in parts],
        "part_lefts": [part.remaining for _, _, part in parts],
    }  # fmt: skip


def _uses(use: Use) -> dict[str, Any]:
    grants = use.grants.values()
    return {
        "grant_ids": list(use.grants), "grant_sources": [each.source for each in grants],
        "grant_refs": [each.ref_id for each in grants], "grant_codes": [each.code for each in grants],
        "grant_periods": [each.period for each in grants], "grant_caps": [each.cap for each in grants],
        "post_ids": [each[0] for each in use.posts], "post_kinds": [each[1] for each in use.posts],
        "post_units": [each[2] for each in use.posts],
    }  # fmt: skip


def _journal(posted: Posted, now: datetime) -> dict[str, Any]:
    postings = ledger_rules.postings_of(charges_of(posted.lines))
    if not postings:
        raise ValueError("a bill of nothing is not part of what is measured")
    row = posted.row
    known = ledger.values_of(
        region_id=row.region_id, institution_id=row.institution_id, source=ledger_rules.LedgerSource.settlement,
        source_id=row.id, reversed_source=None, reversed_id=None, on=local_date(now), now=now, postings=postings,
        gross_fen=ledger_rules.gross_fen(postings), patient_fen=ledger_rules.patient_fen(postings),
    )  # fmt: skip
    same = (
        "year", "entry_ids", "entry_books", "entry_sums", "line_entries", "line_books", "line_accounts", "line_debits",
        "line_credits",
    )  # fmt: skip
    renamed = {"line_numbers": "line_nos", "booked": "booked_on", "invoice": "invoice_id", "invoiced": "patient_fen"}
    return {name: known[name] for name in same} | {name: known[their] for name, their in renamed.items()}


def changes_of(posted: Posted, *, order_id: UUID, account_id: UUID, move: int, granted: bool) -> str:
    """Return what the audit row says was changed."""
    row, begins = posted.row, posted.begins
    lines = [f"{row.id}/{no}" for no in range(1, len(posted.lines) + 1)]
    parts = [
        f"{row.id}/{no}/{part_no}"
        for no, line in enumerate(posted.lines, start=1)
        for part_no, _ in enumerate(line.fundings, start=1)
    ]
    changed: list[tuple[str, str, list[str], list[str]]] = [
        ("bill_fundings", "insert", [], parts),
        ("bill_lines", "insert", [], lines),
        *([("entitlement_granted", "call", list[str](), list[str]())] if granted else []),
        ("entitlement_post", "call", [], []),
        ("idempotent_answers", "insert", [], [str(account_id)]),
        ("invoice_counters", "insert", [], []),
        ("invoices", "insert", [], []),
        ("journal_entries", "insert", [], []),
        ("journal_lines", "insert", [], []),
        ("order_moves", "insert", [], [f"{order_id}/{move}"]),
        ("orders", "update", ["state"], [str(order_id)]),
        ("pgqueuer", "insert", [], []),
        ("pgqueuer_log", "insert", [], []),
        ("settlements", "insert", [], [str(row.id)]),
        *([("visit_fees", "insert", [], [f"{begins.trip_id}/{begins.home_id}/{begins.round}"])] if begins else []),
    ]  # fmt: skip
    return json.dumps(
        [
            {"table": table, "verb": verb} | ({"columns": columns} if columns else {}) | ({"ids": ids} if ids else {})
            for table, verb, columns, ids in changed
        ]
    )
