"""Row-level security, beneath the application's own checks: which rows a transaction's fence lets through.

`fence(table, …)` attaches policies and grants to a table; `statement(table, sql)` attaches anything else that SQLModel
cannot say (triggers, functions). Both run once all tables are created, in the order in which rooms are imported.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, cast

from sqlalchemy import Table
from sqlmodel import SQLModel

APP_ROLE: Final = "xunzhen_app"

_REGION: Final = "region_id = (select app_region())"
_INSTITUTION: Final = f"{_REGION} and institution_id = any((select app_institutions())::uuid[])"


class Fence(StrEnum):
    """Who sees a row, as a condition on it."""

    region = _REGION
    """Everyone of the region."""
    region_owned = f"{_REGION} and (select app_region_wide())"
    """Only the region's own administration."""
    institution = _INSTITUTION
    """The institution whose row it is."""
    institution_or_person = f"({_INSTITUTION}) or ({_REGION} and app_acts_for(region_id, person_id))"
    """The institution, and the elder it is about or a proxy."""
    person = f"{_REGION} and app_sees_person(region_id, person_id)"
    """Whoever has a care relation to the person: institution, elder, proxy."""
    account = f"{_REGION} and (account_id = (select app_account()) or (select app_region_wide()))"
    """The account itself, and the region's administration."""


FOUNDATIONS: Final = (
    """
create function app_region() returns uuid language sql stable parallel safe as
$$ select nullif(current_setting('app.region_id', true), '')::uuid $$
""",
    """
create function app_institutions() returns uuid[] language sql stable parallel safe as
$$ select coalesce(nullif(current_setting('app.institution_ids', true), ''), '{}')::uuid[] $$
""",
    """
create function app_account() returns uuid language sql stable parallel safe as
$$ select nullif(current_setting('app.account_id', true), '')::uuid $$
""",
    """
create function app_region_wide() returns boolean language sql stable parallel safe as
$$ select coalesce(current_setting('app.region_wide', true), 'off') = 'on' $$
""",
    """
create function app_now() returns timestamptz language sql stable parallel safe as
$$ select coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now()) $$
""",
)
"""What every policy asks; created before the first table. `app.now` is the time of the world served.

They are safe for parallel workers: otherwise no sum over many fenced rows could be shared among processors.
"""


def table_of(model: type[SQLModel]) -> Table:
    """Return a model's table."""
    return cast("Table", cast("Any", model).__table__)


STATEMENTS: list[tuple[str, str]] = []
"""(module of the model it belongs to, SQL); `service.schema` runs them floor by floor once all tables are there."""


def statement(model: type[SQLModel], sql: str) -> None:
    """Run `sql` once all tables are there; it belongs to the model's room, whose migration carries it."""
    STATEMENTS.append((model.__module__, sql.strip()))


def fence(
    model: type[SQLModel],
    sees: Fence | str,
    *,
    adds: Fence | str | None = None,
    changes: Fence | str | None = None,
    verbs: str = "select, insert, update",
) -> None:
    """Fence a table: rows the condition `sees` lets through may be read; `adds` and `changes` default to it.

    `verbs` is what the application's role is granted at all: append-only tables get `select, insert`.
    """
    name = table_of(model).name
    sql = [f"alter table {name} enable row level security", f"grant {verbs} on {name} to {APP_ROLE}"]
    sql.append(f"create policy {name}_sees on {name} for select using ({sees})")
    if "insert" in verbs:
        sql.append(f"create policy {name}_adds on {name} for insert with check ({adds or sees})")
    if "update" in verbs:
        may = changes or sees
        sql.append(f"create policy {name}_changes on {name} for update using ({may}) with check ({may})")
    if "delete" in verbs:
        sql.append(f"create policy {name}_removes on {name} for delete using ({changes or sees})")
    for each in sql:
        statement(model, each)


@dataclass(frozen=True, slots=True)
class Definer:
    """A security-definer function: the table it answers from, and whether it may write."""

    name: str
    table: str
    volatile: bool


DEFINERS: dict[str, Definer] = {}
"""Name → function; the audit trail knows by it what a call of one touches."""


def definer(
    model: type[SQLModel], signature: str, returns: str, body: str, *, language: str = "sql", volatile: bool = False
) -> None:
    """Create a narrow security-definer function: it answers one question across the fence and shows no record.

    Only the application's role may call it; its search path is fixed, so nobody can slip a table of his own in.
    """
    kind = "volatile" if volatile else "stable"
    name = signature.split("(", 1)[0]
    DEFINERS[name] = Definer(name, table_of(model).name, volatile)
    statement(
        model,
        f"create function {signature} returns {returns} language {language} {kind} security definer"
        f" set search_path = public, pg_temp as $body$\n{body.strip()}\n$body$",
    )
    statement(model, f"revoke all on function {signature} from public")
    statement(model, f"grant execute on function {signature} to {APP_ROLE}")
