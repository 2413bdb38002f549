"""Rotation of the field keys: every sealed value is opened and sealed again with the key in use, batch by batch.

It works as the schema's owner, beside running processes: a row is held while it is rewritten, so a change that comes in
between is neither lost nor undone; each batch is a short transaction, so a run that was stopped goes on where it was.
The index key does not rotate: recovery codes and fingerprints of requests are made with it, and cannot be made again.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.core.crypt import FieldCipher
from service.core.db.fences import APP_ROLE
from service.core.sealing import SealedColumn

BATCH: Final = 500
_LOOK_AGAIN_SECONDS: Final = 0.2
# an open transaction holds its virtual id; every role may see the locks, but not when another's transaction began
_OPEN: Final = text(
    "select l.virtualtransaction from pg_locks l join pg_stat_activity a on a.pid = l.pid"
    " where l.locktype = 'virtualxid' and l.granted and a.datname = current_database() and a.usename = :role"
)


async def reseal(
    engine: AsyncEngine,
    cipher: FieldCipher,
    columns: Iterable[SealedColumn],
    *,
    batch: int = BATCH,
    told: Callable[[str, int], None] = lambda name, done: None,
) -> dict[str, int]:
    """Seal what another key sealed again with the one in use; return how many values by `table.column`.

    `engine`: as the schema's owner; `told` hears after each batch how many values of a column are done. A process that
    has not yet learnt of the key in use may still seal with the one before, for `keyring.LOOK_EVERY_SECONDS`; `left`
    tells, and another run finds it.

    Raises:
        KeyError: a value was sealed with a key that is not in the keyring.
        cryptography.exceptions.InvalidTag: a value was changed outside of the application.
    """
    done: dict[str, int] = {}
    for column in columns:
        name = f"{column.table}.{column.column}"
        done[name] = 0
        last: Sequence[Any] = ()
        # by the table's key: what is done already is walked past once, not with every batch
        while rows := await _reseal_batch(engine, cipher, column, batch, after=last):
            *last, _ = rows[-1]
            done[name] += len(rows)
            told(name, done[name])
    return done


async def let_finish(engine: AsyncEngine, *, seconds: float) -> bool:
    """Wait until the application's transactions that are open now have ended; return whether they have, in time.

    What one of them has sealed before it learnt of a new key is in the database by then.
    """
    before = await _open(engine)
    for _ in range(int(seconds / _LOOK_AGAIN_SECONDS)):
        if not before:
            break
        await asyncio.sleep(_LOOK_AGAIN_SECONDS)
        before &= await _open(engine)
    return not before


async def _open(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set((await connection.execute(_OPEN, {"role": APP_ROLE})).scalars())


async def left(engine: AsyncEngine, columns: Iterable[SealedColumn]) -> dict[str, int]:
    """Return how many values each key has sealed, by its name: a key that has none may be retired."""
    counts: dict[str, int] = {}
    async with engine.connect() as connection:
        for column in columns:
            query = text(
                f"select split_part(encode(substring({column.column} for 40), 'escape'), ':', 1), count(*)"  # noqa: S608 - names of models
                f" from {column.table} where {column.column} is not null group by 1"
            )
            for kid, count in await connection.execute(query):
                counts[kid] = counts.get(kid, 0) + count
    return counts


def _select(column: SealedColumn, condition: str) -> Any:
    return text(f"select {', '.join(column.key)}, {column.column} from {column.table} {condition}")  # noqa: S608 - as above


async def _reseal_batch(
    engine: AsyncEngine, cipher: FieldCipher, column: SealedColumn, batch: int, *, after: Sequence[Any]
) -> Sequence[Any]:
    prefix = f"{cipher.current_kid}:".encode()
    last = {f"after_{name}": value for name, value in zip(column.key, after, strict=False)}
    keys = ", ".join(column.key)
    further = f" and ({keys}) > ({', '.join(f':{each}' for each in last)})" if last else ""
    # waits for whoever holds a row: skipping it would leave the row behind
    find = _select(
        column,
        f"where {column.column} is not null and substring({column.column} for :length) <> :prefix{further}"
        f" order by {keys} limit :batch for update",
    )
    async with engine.begin() as connection:
        found = await connection.execute(find, {"length": len(prefix), "prefix": prefix, "batch": batch, **last})
        rows = found.all()
        await _replace(connection, cipher, column, rows)
        return rows


async def _replace(connection: AsyncConnection, cipher: FieldCipher, column: SealedColumn, rows: Sequence[Any]) -> None:
    if not rows:
        return
    match = " and ".join(f"{name} = :key_{name}" for name in column.key)
    change = text(f"update {column.table} set {column.column} = :value where {match}")  # noqa: S608 - names of models
    changes = []
    for *key, sealed in rows:
        plain = cipher.open(bytes(sealed), context=column.context)
        named = {f"key_{name}": value for name, value in zip(column.key, key, strict=True)}
        changes.append({**named, "value": cipher.seal(plain, context=column.context)})
    await connection.execute(change, changes)
