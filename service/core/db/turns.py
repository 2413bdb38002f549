"""Turns: whoever adds a row to a crowded place waits for the one before, so that a constraint refuses and nobody hangs.

Two transactions that insert overlapping rows under an exclusion constraint at the same moment each find the other's
row unfinished and wait for it: a deadlock, which one of them pays with an error that names no constraint. With a
lock on the constraint's key, taken before the row is written, the second waits for the first, then meets its row.
"""

from sqlmodel import SQLModel

from service.core.db import fences


def take_turns(model: type[SQLModel], *columns: str) -> None:
    """Let rows with equal `columns` be inserted by one transaction at a time: the key of `rows.one_at_a_time`."""
    name = fences.table_of(model).name
    key = " || '/' || ".join(f"new.{column}" for column in columns)
    fences.statement(
        model,
        f"""
create function {name}_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('{name}/' || {key}, 0));
    return new;
end
$body$
""",
    )
    fences.statement(
        model,
        f"create trigger {name}_take_turns before insert on {name} for each row execute function {name}_take_turns()",
    )
