"""What the database itself holds of a plan's states: no plan moves but as `states.MOVES` says, whoever writes.

So nothing is stored of a plan that has been cancelled, though its answer should arrive at that very moment: routes and
stops are written in the transaction that moves the plan to `solved`, and where that move is refused none of it stays.
The trigger sees the row as it was last committed, for an update waits for whoever holds it.
"""

from sqlmodel import SQLModel

from service.core.db import fences
from service.routing import states

_LEGAL = " or ".join(
    f"(old.state = '{before}' and new.state in ({', '.join(repr(str(after)) for after in sorted(afters))}))"
    for before, afters in states.MOVES.items()
    if afters
)


def create(plan: type[SQLModel]) -> None:
    """Attach the trigger to the table of plans."""
    fences.statement(
        plan,
        f"""
create function plans_refuse_illegal_move() returns trigger language plpgsql as $body$
begin
    if old.state <> new.state and not ({_LEGAL}) then
        raise exception 'illegal move % -> %', old.state, new.state
            using errcode = '23514', constraint = 'plans_state_moves';
    end if;
    return new;
end
$body$
""",
    )
    fences.statement(
        plan,
        "create trigger plans_refuse_illegal_move before update of state on plans"
        " for each row execute function plans_refuse_illegal_move()",
    )
