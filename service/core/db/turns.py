"""Turns: whoever adds a row to a crowded place waits for the one before, so that a constraint refuses and nobody hangs.

Two transactions that insert overlapping rows under an exclusion constraint at the same moment each find the other's
row unfinished and wait for it: a deadlock, which one of them pays with an error that names no constraint. With a
lock on the constraint's key, taken before the row is written, the second waits for the first, then meets its row.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from service.core.db import fences

_WAIT: Final = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
_PASS_OVER: Final = text("select set_config('app.turns', 'off', true)")


def take_turns(model: type[SQLModel], *columns: str, of: str | None = None) -> None:
    """Let rows with equal `columns` be inserted by one transaction at a time: the key of an exclusion constraint.

    A table with several such constraints names the further turns: `of` is what the rows compete for.
    """
    table = fences.table_of(model).name
    name = f"{table}_{of}" if of else table
    fences.statement(
        model,
        f"""
create function {name}_take_turns() returns trigger language plpgsql as $body$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        {in_trigger(name, *columns)}
    end if;
    return new;
end
$body$
""",
    )
    fences.statement(
        model,
        f"create trigger {name}_take_turns before insert on {table} for each row execute function {name}_take_turns()",
    )


def in_trigger(name: str, *columns: str) -> str:
    """Return the line of a trigger that takes the turn of the new row's `columns` until the commit.

    For triggers of other tables whose rows must come before or after: `name` is that of the table that takes turns.
    """
    key = " || '/' || ".join(f"new.{column}" for column in columns)
    return f"perform pg_advisory_xact_lock(hashtextextended('{name}/' || {key}, 0));"


async def wait_for(session: AsyncSession, model: type[SQLModel], *key: object) -> None:
    """Take the turn of a key until the commit, as whoever inserts such a row does; `key` as the columns are named."""
    name = "/".join((fences.table_of(model).name, *map(str, key)))
    await session.execute(_WAIT, {"name": name})


async def pass_over(session: AsyncSession) -> None:
    """Let the rest of the transaction add rows without taking turns: a lock for each of a hundred thousand is too many.

    Nothing wrong can come in, the constraint has the last word; but whoever adds an overlapping row at that very
    moment may meet it as a deadlock, which is a refusal (`problems.Collision`) for one of the two.
    """
    await session.execute(_PASS_OVER)
