"""The statements that are sums of journal lines: each one aggregate over the index of a period."""

from collections.abc import Mapping
from string import Template
from typing import Any, Final

from sqlalchemy import Date, DateTime, TextClause, Uuid, bindparam, text
from sqlalchemy.types import TypeEngine

from service.billing.ledger import rules

_KINDS: Final[Mapping[str, TypeEngine[Any]]] = {
    "region": Uuid(),
    "institution": Uuid(),
    "first": Date(),
    "last": Date(),
    "new_year": Date(),
    "begin": DateTime(timezone=True),
    "until": DateTime(timezone=True),
}
_OF_PERIOD: Final = "region_id = :region and institution_id = :institution and booked_on between :first and :last"


def _asked(sql: str, **fragments: str) -> TextClause:
    whole = Template(sql).substitute(of_period=_OF_PERIOD, **fragments)
    return text(whole).bindparams(
        *(bindparam(name, type_=kind) for name, kind in _KINDS.items() if f":{name}" in whole)
    )


TRIAL_BALANCE: Final = _asked(
    """
select book, account,
       coalesce(sum(debit_fen) filter (where booked_on >= :first), 0)::bigint as debit_fen,
       coalesce(sum(credit_fen) filter (where booked_on >= :first), 0)::bigint as credit_fen,
       coalesce(sum(debit_fen) filter (where booked_on >= :new_year), 0)::bigint as year_debit_fen,
       coalesce(sum(credit_fen) filter (where booked_on >= :new_year), 0)::bigint as year_credit_fen
from journal_lines
where region_id = :region and institution_id = :institution
  and booked_on between least(cast(:first as date), cast(:new_year as date)) and :last
group by book, account
order by book desc, account
""",
)
"""Turnovers of the period, and of the calendar year of its last day; medical before elder care."""


def _turnover(bucket: str) -> TextClause:
    payers = "".join(
        f", coalesce(sum(debit_fen) filter (where account = '{account}'), 0)::bigint as {source}_fen"
        for source, account in rules.DEBITED.items()
    )
    # by account first: what is pivoted is then a few rows a day, not every line
    return _asked(
        """
with turnover as (
    select booked_on, book, account, sum(debit_fen) as debit_fen, sum(credit_fen) as credit_fen,
           count(*) filter (where line_no = 1) as entries,
           count(*) filter (where line_no = 1 and debit_fen + credit_fen < 0) as red
    from journal_lines where $of_period group by booked_on, book, account
)
select $bucket as period, book, sum(entries - red)::bigint as bills, sum(red)::bigint as reversals,
       sum(credit_fen)::bigint as gross_fen$payers
from turnover group by 1, 2 order by period, book desc
""",
        bucket=bucket,
        payers=payers,
    )


DAILY: Final = _turnover("booked_on")
MONTHLY: Final = _turnover("to_char(booked_on, 'YYYY-MM')")

INCOME_CLASSES: Final = _asked(
    """
select book, account, sum(credit_fen)::bigint as amount_fen
from journal_lines where $of_period and account in ($income)
group by book, account order by book desc, account
""",
    income=", ".join(f"'{each}'" for each in sorted(rules.INCOME)),
)

# From the bills themselves, not from the journal: what the report is held against. A part's class is that of the
# package that pays it, else of its line. Local midnights come from outside.
BILLS: Final = _asked(
    """
with posted as (
    select s.id, 1 as sign from settlements s
    where s.region_id = :region and s.institution_id = :institution and s.settled_at >= :begin and s.settled_at < :until
    union all
    select r.settlement_id, -1 from reversals r
    where r.region_id = :region and r.institution_id = :institution
      and r.reversed_at >= :begin and r.reversed_at < :until
)
select income_class, sum(amount_fen)::bigint as amount_fen from (
    select coalesce(f.income_class, l.income_class) as income_class, p.sign * f.amount_fen as amount_fen
    from posted p
    join bill_lines l on l.region_id = :region and l.settlement_id = p.id
    join bill_fundings f on f.region_id = :region and f.settlement_id = p.id and f.line_no = l.line_no
    union all
    select b.income_class, b.gross_fen from bed_settlements b
    where b.region_id = :region and b.institution_id = :institution and b.settled_at >= :begin and b.settled_at < :until
    union all
    select b.income_class, -r.gross_fen from bed_reversals r
    join bed_settlements b on b.region_id = r.region_id and b.id = r.settlement_id
    where r.region_id = :region and r.institution_id = :institution
      and r.reversed_at >= :begin and r.reversed_at < :until
) as parts
group by income_class
"""
)
