"""What must be equal before anything is measured: the bodies of reads, and what a booking leaves behind."""

import json
import re
import uuid
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bench.api import client, town

_ROWS = {
    "orders": "id = :order",
    "order_items": "order_id = :order",
    "order_moves": "order_id = :order",
    "quotes": "order_id = :order",
    "entitlement_entries": "order_id = :order",
    "idempotent_answers": "key = :key",
    "audit_entries": "operation = 'place_order' and changes::text like '%' || cast(:order as text) || '%'",
    "pgqueuer": "convert_from(payload, 'UTF8') like '%' || cast(:order as text) || '%'",
}
"""Table → the rows that belong to one booking."""
_OWN_WAY = {"seq", "lane", "hash", "prev_hash", "fingerprint", "body_sealed", "changes", "reads", "used_after"}
_OWN_WAY_TOO = {"reserved_after", "request_id", "payload"}
"""Columns that differ from booking to booking, or say how a contender did it."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}")
_AT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d(?::\d\d)?)")
_NO = re.compile(r"\d{8}-\d{4,}")
_LEFT = re.compile(r"余\d+(?:\.\d+)?")


class Different(Exception):
    """Two contenders do not do the same: their speeds say nothing about each other."""


def plain(told: Any, known: set[str]) -> str:
    """Return something told with what is new in every booking taken out: fresh ids, moments, numbers, what is left."""
    shown = json.dumps(told, ensure_ascii=False, sort_keys=True, default=str)
    for pattern, word in ((_AT, "<at>"), (_NO, "<no>"), (_LEFT, "<left>")):
        shown = pattern.sub(word, shown)
    return _ID.sub(lambda found: found[0] if found[0] in known else "<id>", shown)


async def compare(ports: dict[str, int], desks: list[town.Desk], owner_url: str, asked: Any) -> None:
    """Compare the contenders with the first of them.

    Raises:
        Different: a body, a status or a row is not the same.
    """
    desk = desks[0]
    for path in (f"/v1/orders/{desk.orders[0]}", "/v1/orders?limit=20", f"/v1/orders/{uuid.uuid4()}"):
        request = client.get(path, desk.token)
        same(path, {name: await ask(port, request) for name, port in ports.items()}, set(), only_code=path.count("4"))
    for token in ("nonsense", desk.token[:-6] + "AAAAAA"):
        request = client.get(f"/v1/orders/{desk.orders[0]}", token)
        same("without a token that holds", {name: await ask(port, request) for name, port in ports.items()}, set())
    await _compare_bookings(ports, desk, owner_url, asked)


async def ask(port: int, request: client.Request) -> Any:
    """Return the status and the body of an answer."""
    async with client.Client(port) as one:
        answer = await one.send(request)
        return [answer.status, answer.json()]


def same(what: str, told: dict[str, Any], known: set[str], **_: Any) -> None:
    """Compare what the contenders have told or left; ids not `known` may differ.

    Raises:
        Different: one is not as the first.
    """
    shown = {name: plain(each, known) for name, each in told.items()}
    first, *others = shown
    for name in others:
        if shown[name] != shown[first]:
            raise Different(f"{what}:\n{first}: {shown[first]}\n{name}: {shown[name]}")


async def _compare_bookings(ports: dict[str, int], desk: town.Desk, owner_url: str, asked: Any) -> None:
    engine = create_async_engine(owner_url)
    told, rows, again = {}, {}, {}
    known: set[str] = {desk.id}
    # a person each, so that the ledger of all of them stands where it stood
    async with engine.connect() as connection:
        for (name, port), elder in zip(ports.items(), desk.elders, strict=False):
            request = client.post("/v1/orders", desk.token, key := uuid.uuid4().hex, asked(desk, elder))
            told[name] = await ask(port, request)
            if told[name][0] != 201:
                raise Different(f"{name}: {told[name]}")
            rows[name] = await _left_by(connection, told[name][1]["order"]["id"], key)
            again[name] = await ask(port, request) == told[name]
            other = client.post("/v1/orders", desk.token, key, asked(desk, elder) | {"mobility_reason": "另一个原因"})
            again[f"{name} otherwise"] = (await ask(port, other))[0] == 422
    await engine.dispose()
    same("the answer to a booking", told, known)
    same("the rows of a booking", rows, known)
    if not all(again.values()):
        raise Different(f"the same key again: {again}")


async def _left_by(connection: AsyncConnection, order_id: str, key: str) -> dict[str, list[dict[str, Any]]]:
    found = {}
    for table, where in _ROWS.items():
        rows = await connection.execute(
            text(f"select to_jsonb(t) as row from {table} t where {where}"), {"order": order_id, "key": key}
        )
        found[table] = sorted(
            (
                {
                    name: value
                    for name, value in row.row.items()
                    if name not in _OWN_WAY | _OWN_WAY_TOO and (name != "id" or isinstance(value, str))
                }
                for row in rows
            ),
            key=lambda row: plain(row, set()),
        )
        if not found[table]:
            raise Different(f"no row in {table}")
    await connection.rollback()
    return found
