"""What the database itself holds about homes: a position is placed in turn, and a person's pin stays."""

from typing import Final

from sqlmodel import SQLModel

from service.core.db import fences

# whoever counts on has looked at the position before: two who looked at the same one cannot both place the home
_IN_TURN: Final = """
create function homes_placed_in_turn() returns trigger language plpgsql as $body$
begin
    if new.placing_revision <> old.placing_revision + 1 then
        raise exception 'placed meanwhile' using errcode = '23514', constraint = 'homes_placed_in_turn';
    end if;
    return new;
end
$body$
"""
# a machine never takes a person's pin away, and a home that orders lead to does not vanish from the map
_STAYS: Final = """
create function homes_pin_stays() returns trigger language plpgsql as $body$
begin
    if (old.placed = 'pinned' and new.placed <> 'pinned') or (old.lon is not null and new.lon is null) then
        raise exception 'a pin stays' using errcode = '23514', constraint = 'homes_pin_stays';
    end if;
    return new;
end
$body$
"""


def create(home: type[SQLModel]) -> None:
    """Attach the guards to the table of homes."""
    fences.statement(home, _IN_TURN)
    fences.statement(
        home,
        "create trigger homes_placed_in_turn before update of placing_revision on homes"
        " for each row execute function homes_placed_in_turn()",
    )
    fences.statement(home, _STAYS)
    fences.statement(
        home, "create trigger homes_pin_stays before update on homes for each row execute function homes_pin_stays()"
    )
