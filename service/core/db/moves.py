"""Moves between states, held by the database: no row moves but as its room's rules say, whoever writes.

What is written in the transaction of a move stays only where the move is legal. The trigger sees the row as it was
last committed, for an update waits for whoever holds it.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

from sqlmodel import SQLModel

from service.core.db import fences

State = TypeVar("State", bound=StrEnum)


def hold_to(model: type[SQLModel], moves: Mapping[State, Collection[State]]) -> None:
    """Refuse every change of a table's `state` but from a state to one of those that `moves` names for it.

    The refusal's constraint is `{table}_state_moves`, to be named by the room's repository.
    """
    table = fences.table_of(model).name
    legal = " or ".join(
        f"(old.state = '{before}' and new.state in ({', '.join(repr(str(after)) for after in sorted(afters))}))"
        for before, afters in moves.items()
        if afters
    )
    fences.statement(
        model,
        f"""
create function {table}_refuse_illegal_move() returns trigger language plpgsql as $body$
begin
    if old.state <> new.state and not ({legal}) then
        raise exception 'illegal move % -> %', old.state, new.state
            using errcode = '23514', constraint = '{table}_state_moves';
    end if;
    return new;
end
$body$
""",
    )
    fences.statement(
        model,
        f"create trigger {table}_refuse_illegal_move before update of state on {table}"
        f" for each row execute function {table}_refuse_illegal_move()",
    )
