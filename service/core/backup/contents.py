"""What a database holds, table by table, as numbers that are equal exactly when the contents are (in any order)."""

from dataclasses import asdict, dataclass
from typing import Any, Final

import asyncpg

# row::text must read the same on every server
_ONE_WAY_TO_WRITE: Final = (
    "set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'; set local intervalstyle = 'postgres';"
    " set local extra_float_digits = 3; set local bytea_output = 'hex'"
)
_TABLES: Final = """
select c.relname, array_agg(quote_ident(a.attname) order by a.attname) from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by 1 order by 1
"""
# both halves of each row's MD5, summed: no order, no memory that grows with the table
_CONTENTS: Final = """
select count(*) as rows, coalesce(sum(('x' || left(h, 16))::bit(64)::bigint::numeric), 0)::text || '/' ||
       coalesce(sum(('x' || right(h, 16))::bit(64)::bigint::numeric), 0)::text as checksum
from (select md5(row({columns})::text) as h from {table}) hashed
"""


@dataclass(frozen=True, slots=True)
class TableContents:
    """How many rows a table has, and the sum of their hashes."""

    rows: int
    checksum: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


async def read_contents(connection: "asyncpg.Connection[Any]") -> dict[str, TableContents]:
    """Return what each table holds, inside the connection's transaction (repeatable read, or the tables may differ)."""
    await connection.execute(_ONE_WAY_TO_WRITE)
    found = {}
    for table, columns in await connection.fetch(_TABLES):
        query = _CONTENTS.format(columns=", ".join(columns), table=table)  # names of the catalogue, quoted by it
        row = await connection.fetchrow(query)
        found[table] = TableContents(row["rows"], row["checksum"])
    return found


def differing(said: dict[str, TableContents], found: dict[str, TableContents]) -> list[str]:
    """Return the tables that are not the same on both sides."""
    return sorted(name for name in {*said, *found} if said.get(name) != found.get(name))
