"""What the database itself holds between promises and absences: nobody is promised into an absence that is entered.

An exclusion constraint cannot say it: the two are rows of two tables, and the one may come over the other but not the
other over the one. Whoever falls ill enters an absence over what is promised, and is told which visits it hits; but a
promise written after that absence is refused, whoever writes it.

Why this holds under READ COMMITTED: both sides, the trigger of absences (`practitioners.absence_models`) and the one
here, first take the lock on the person's calendar and keep it to their commit, so of an absence and a promise of one
person one is committed, or undone, before the other goes on. If the absence was first, the look below is a statement
of its own after the lock, with a snapshot of its own, and sees it. If the promise was first, the absence sees what it
hits.
An older isolated snapshot would not, so there is no promising in another isolation level. The lock is an advisory one
by the person's key, not his row's: changing his name or his shifts need not wait for a publication, and a publication
takes them all in one order beforehand (`absence_repository.hold_absences`), so that two never wait for each other.
"""

from sqlmodel import SQLModel

from service.core.db import fences, turns

_NOT_WHILE_ABSENT = """
begin
    -- what stands already stands, though an absence came over it: nothing more is promised by this
    if tg_op = 'UPDATE' and old.state = 'booked' and (old.region_id, old.practitioner_id, old.during)
            = (new.region_id, new.practitioner_id, new.during) then
        return new;
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'absences are looked at in read committed only' using errcode = '55000';
    end if;
    HOLD_CALENDAR
    if exists (select 1 from absences b where b.region_id = new.region_id
               and b.practitioner_id = new.practitioner_id and b.during && new.during) then
        raise exception 'promised while absent' using errcode = '23514', constraint = 'appointments_not_while_absent';
    end if;
    return new;
end
"""


def create(appointment: type[SQLModel]) -> None:
    """Attach the trigger to the table of appointments."""
    # as its owner: an absence that the fence hides from whoever promises keeps him from promising all the same
    fences.definer(
        appointment,
        "appointments_not_while_absent()",
        "trigger",
        _NOT_WHILE_ABSENT.replace("HOLD_CALENDAR", turns.in_trigger("absences", "region_id", "practitioner_id")),
        language="plpgsql",
        volatile=True,
    )
    # it fires without anybody's leave; nobody else hangs it on a table of his own
    fences.statement(appointment, f"revoke execute on function appointments_not_while_absent from {fences.APP_ROLE}")
    fences.statement(
        appointment,
        "create trigger appointments_not_while_absent before insert or update on appointments"
        " for each row when (new.state = 'booked') execute function appointments_not_while_absent()",
    )
