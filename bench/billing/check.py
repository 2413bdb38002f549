"""What must be equal before settling is measured: the bodies, what each bill leaves in every table, and refusals."""

import json
import uuid
from typing import Any

import asyncpg

from bench.api import check, client
from bench.billing.town import Town, Waiting

_ROWS = {
    "settlements": "id = $1::uuid",
    "bill_lines": "settlement_id = $1::uuid",
    "bill_fundings": "settlement_id = $1::uuid",
    "visit_fees": "trip_id = (select trip_id from settlements where id = $1::uuid)",
    "journal_entries": "source_id = $1::uuid",
    "journal_lines": "entry_id in (select id from journal_entries where source_id = $1::uuid)",
    "invoices": "source_id = $1::uuid",
    "invoice_counters": "institution_id = (select institution_id from settlements where id = $1::uuid)",
    "orders": "id = (select order_id from visits where id = $2::uuid)",
    "order_moves": "order_id = (select order_id from visits where id = $2::uuid)",
    "entitlement_entries": "order_id = (select order_id from visits where id = $2::uuid)",
    "entitlements": "id in (select entitlement_id from entitlement_entries where settlement_id = $1::uuid)",
    "idempotent_answers": "key = $3",
    "audit_entries": "operation = 'settle_visit' and subject like '%' || $2 || '%' and changes <> '[]'",
    "pgqueuer": "convert_from(payload, 'UTF8') like '%' || $1 || '%'",
    "pgqueuer_log": "job_id in (select id from pgqueuer where convert_from(payload, 'UTF8') like '%' || $1 || '%')",
}
"""Table → the rows of one settlement ($1), of its visit ($2), of its key ($3)."""
_DIFFERS = {
    "seq",
    "lane",
    "hash",
    "prev_hash",
    "request_id",
    "body_sealed",
    "fingerprint",
    "number",
    "last_no",
    "job_id",
}
"""Columns that say which in turn a row is, or that no two requests share."""


async def compare(ports: dict[str, int], world: Town) -> None:
    """Compare the contenders with the first of them; each settles visits of people of its own, alike in everything.

    Raises:
        Different: a body, a status or a row is not the same.
    """
    till = world.tills[0]
    # a second visit of the same people finds a deductible begun, a limit known, a chain of entries
    people = len(till.elders)
    waiting = await world.pour_at(till, people + len(ports))
    for first in (0, people):
        each_of = dict(zip(ports, waiting[first:], strict=False))
        told, rows = {}, {}
        for name, one in each_of.items():
            told[name], rows[name] = await _settled(ports[name], one, world.owner)
        known = {str(till.id), str(world.region_id), str(till.account_id), str(till.nurse_id)}
        check.same("the bill", told, known)
        for table in _ROWS:
            check.same(f"the rows in {table}", {name: each[table] for name, each in rows.items()}, known)
    for what, request in {
        "a visit that is not there": client.post(_path(str(uuid.uuid4())), till.token, uuid.uuid4().hex, {}),
        "a token that says nothing": client.post(_path(waiting[-1].visit_id), "nonsense", uuid.uuid4().hex, {}),
    }.items():
        check.same(what, {name: await check.ask(port, request) for name, port in ports.items()}, set())


def request_of(one: Waiting) -> client.Request:
    """Return the request that settles a visit, with a key of its own."""
    return client.post(_path(one.visit_id), one.token, uuid.uuid4().hex, {})


def _path(visit_id: str) -> str:
    return f"/v1/visits/{visit_id}/settlement"


async def _settled(port: int, one: Waiting, owner: asyncpg.Connection) -> tuple[Any, dict[str, list[Any]]]:
    """Settle a visit, then ask again with the same key; return the answer and what it left."""
    request = client.post(_path(one.visit_id), one.token, key := uuid.uuid4().hex, {})
    told = await check.ask(port, request)
    if told[0] != 201:
        raise check.Different(f"{told}")
    if await check.ask(port, request) != told:
        raise check.Different(f"the same key again is not answered alike: {told}")
    return told, {table: await _left_in(owner, table, told[1]["id"], one.visit_id, key) for table in _ROWS}


async def _left_in(owner: asyncpg.Connection, table: str, bill_id: str, visit_id: str, key: str) -> list[Any]:
    where = _ROWS[table]
    given = [value for no, value in enumerate((bill_id, visit_id, key), start=1) if f"${no}" in where]
    for no, old in enumerate([no for no in (1, 2, 3) if f"${no}" in where], start=1):
        where = where.replace(f"${old}", f"${no}")
    found = await owner.fetch(f"select to_jsonb(t)::text as row from {table} t where {where}", *given)
    if not found:
        raise check.Different(f"no row in {table}")
    rows = [json.loads(each["row"]) for each in found]
    left = [{name: value for name, value in row.items() if name not in _left_out(table)} for row in rows]
    return sorted(left, key=lambda row: check.plain(row, set()))


def _left_out(table: str) -> set[str]:
    if table in {"pgqueuer", "pgqueuer_log"}:
        return _DIFFERS | {"id", "payload"}
    if table == "orders":
        return _DIFFERS | {"order_no"}
    return _DIFFERS - {"seq"} if table in {"settlements", "order_moves", "entitlement_entries"} else _DIFFERS
