"""What the database itself holds of the ledger: entries balance, bills are journaled, numbers have no gap."""

from sqlmodel import SQLModel

from service.core.db import fences

_BALANCES = """
create function journal_entries_balance() returns trigger language plpgsql as $body$
declare
    entry uuid := to_jsonb(new) ->> case tg_table_name when 'journal_entries' then 'id' else 'entry_id' end;
begin
    if not exists (
        select 1 from journal_entries e
        cross join lateral (
            select sum(l.debit_fen) as debits, sum(l.credit_fen) as credits,
                   min(l.line_no) as first_no,
                   bool_and(l.institution_id = e.institution_id and l.book = e.book and l.booked_on = e.booked_on
                            and sign(l.debit_fen + l.credit_fen) = sign(e.gross_fen)) as belongs
            from journal_lines l where l.region_id = e.region_id and l.entry_id = e.id
        ) of_lines
        where e.region_id = new.region_id and e.id = entry
          and of_lines.first_no = 1 and of_lines.belongs
          and of_lines.debits = e.gross_fen and of_lines.credits = e.gross_fen
    ) then
        raise exception 'the entry does not balance' using errcode = '23514', constraint = 'journal_entries_balance';
    end if;
    return null;
end
$body$
"""

_JOURNALED = """
create function settlements_journaled() returns trigger language plpgsql as $body$
declare
    word text := case tg_table_name when 'settlements' then 'settlement' else 'reversal' end;
    due bigint := case tg_table_name when 'settlements' then new.gross_fen else -new.gross_fen end;
begin
    if due <> (select coalesce(sum(e.gross_fen), 0) from journal_entries e
               where e.region_id = new.region_id and e.source = word and e.source_id = new.id) then
        raise exception 'not in the journal' using errcode = '23514', constraint = 'settlements_journaled';
    end if;
    return null;
end
$body$
"""

_NEXT = """
create function invoices_follow() returns trigger language plpgsql as $body$
begin
    if new.number <> 1 + (select coalesce(max(i.number), 0) from invoices i
                          where i.region_id = new.region_id and i.institution_id = new.institution_id
                            and i.year = new.year) then
        raise exception 'a gap in the numbers' using errcode = '23514', constraint = 'invoices_follow';
    end if;
    if new.reverses_id is not null then
        -- two that take back parts of one invoice in two years hold different counters: here they wait for each other
        perform pg_advisory_xact_lock(hashtextextended('invoices.red/' || new.region_id || new.reverses_id, 0));
        if not exists (
            select 1 from invoices i
            where i.region_id = new.region_id and i.id = new.reverses_id and i.institution_id = new.institution_id
              and i.gross_fen > 0
              and i.gross_fen + new.gross_fen + (
                  select coalesce(sum(r.gross_fen), 0) from invoices r
                  where r.region_id = i.region_id and r.reverses_id = i.id) >= 0
        ) then
            raise exception 'more than the invoice' using errcode = '23514', constraint = 'invoices_red_within';
        end if;
    end if;
    return new;
end
$body$
"""

_USED = """
create function invoice_counters_used() returns trigger language plpgsql as $body$
begin
    if not exists (select 1 from invoices i
                   where i.region_id = new.region_id and i.institution_id = new.institution_id
                     and i.year = new.year and i.number = new.last_no) then
        raise exception 'a number without an invoice' using errcode = '23514', constraint = 'invoice_counters_used';
    end if;
    return null;
end
$body$
"""


def _at_the_commit(name: str, on: str, function: str, *, when: str = "", verbs: str = "insert") -> str:
    return (
        f"create constraint trigger {name} after {verbs} on {on} deferrable initially deferred"
        f" for each row {when} execute function {function}()"
    )


def create_balance(entry: type[SQLModel], line: type[SQLModel]) -> None:
    """Let no entry pass the commit whose debits are not its credits, or that has no lines, whichever row comes in."""
    fences.statement(entry, _BALANCES)
    for model in (entry, line):
        name = str(fences.table_of(model).name)
        fences.statement(model, _at_the_commit(f"{name}_balance", name, "journal_entries_balance"))


def create_journaled(entry: type[SQLModel]) -> None:
    """Let no bill and no reversal pass the commit without its entries, to the fen.

    Only rows that say so are checked: the application of the version before, which may still be running beside this
    one, knows no journal.
    """
    fences.statement(entry, _JOURNALED)
    for name in ("settlements", "reversals"):
        sql = _at_the_commit(f"{name}_journaled", name, "settlements_journaled", when="when (new.journaled)")
        fences.statement(entry, sql)


def create_gapless(counter: type[SQLModel], invoice: type[SQLModel]) -> None:
    """Let each invoice have the number after the last one, and let no number be taken without an invoice."""
    fences.statement(invoice, _NEXT)
    fences.statement(
        invoice,
        "create trigger invoices_follow before insert on invoices for each row execute function invoices_follow()",
    )
    fences.statement(invoice, _USED)
    fences.statement(
        invoice,
        _at_the_commit("invoice_counters_used", "invoice_counters", "invoice_counters_used", verbs="insert or update"),
    )
