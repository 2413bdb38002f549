"""What a schema is made of, read from PostgreSQL's own catalogue: name of each part, how to make it, how to drop it."""

from dataclasses import dataclass
from typing import Final

import asyncpg

KINDS: Final = ("table", "column", "function", "constraint", "index", "trigger", "security", "policy", "grant")
"""In the order of making; dropping goes the other way round."""

_KEEP: Final = "n.nspname = 'public' and c.relname <> 'alembic_version' and c.relname not like 'pgqueuer%'"

QUERIES: Final = {
    "table": f"""
select c.relname, format('create table %I (%s)', c.relname, string_agg(format(E'\\n    %I %s%s%s', a.attname,
           format_type(a.atttypid, a.atttypmod), coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''),
           case when a.attnotnull then ' not null' else '' end), ',' order by a.attnum) || E'\\n'),
       format('drop table %I cascade', c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and {_KEEP} group by c.relname""",
    "column": f"""
select c.relname || '.' || a.attname, format('alter table %I add column %I %s%s%s', c.relname, a.attname,
           format_type(a.atttypid, a.atttypmod), coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''),
           case when a.attnotnull then ' not null' else '' end),
       format('alter table %I drop column %I', c.relname, a.attname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relkind = 'r' and a.attnum > 0 and not a.attisdropped and {_KEEP}""",
    "function": """
select p.oid::regprocedure::text, rtrim(pg_get_functiondef(p.oid), E'\\n') ,
       format('drop function %s cascade', p.oid::regprocedure)
from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'public' and p.proname not like '%pgqueuer%'
  and not exists (select from pg_depend e where e.objid = p.oid and e.deptype = 'e')""",
    "constraint": f"""
select c.relname || '.' || k.conname,
       format('alter table %I add constraint %I %s', c.relname, k.conname, pg_get_constraintdef(k.oid)),
       format('alter table %I drop constraint %I', c.relname, k.conname)
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
where k.contype in ('p', 'u', 'f', 'c', 'x') and {_KEEP}
order by array_position(array['p', 'u', 'x', 'c', 'f']::"char"[], k.contype), 1""",
    "index": f"""
select i.relname, pg_get_indexdef(i.oid), format('drop index %I', i.relname)
from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
join pg_namespace n on n.oid = c.relnamespace
where {_KEEP} and not exists (select from pg_constraint k where k.conindid = i.oid and k.contype in ('p', 'u', 'x'))""",
    "trigger": f"""
select c.relname || '.' || t.tgname, pg_get_triggerdef(t.oid), format('drop trigger %I on %I', t.tgname, c.relname)
from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
where not t.tgisinternal and {_KEEP}""",
    "security": f"""
select c.relname, format('alter table %I enable row level security', c.relname),
       format('alter table %I disable row level security', c.relname)
from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'r' and c.relrowsecurity and {_KEEP}""",
    "policy": f"""
select c.relname || '.' || p.polname, format('create policy %I on %I for %s%s%s', p.polname, c.relname,
           case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete'
                         else 'all' end,
           ' using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
           ' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'),
       format('drop policy %I on %I', p.polname, c.relname)
from pg_policy p join pg_class c on c.oid = p.polrelid join pg_namespace n on n.oid = c.relnamespace where {_KEEP}""",
    "grant": f"""
select what, 'grant ' || what, 'revoke ' || replace(what, ' to ', ' from ') from (
    select format('%s on %I to %I', lower(g.privilege_type), c.relname, g.grantee::regrole) as what
    from pg_class c join pg_namespace n on n.oid = c.relnamespace, aclexplode(c.relacl) g
    where c.relkind in ('r', 'S') and g.grantee <> c.relowner and g.grantee <> 0 and {_KEEP}
    union all
    select format('%s (%I) on %I to %I', lower(g.privilege_type), a.attname, c.relname, g.grantee::regrole)
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid,
         aclexplode(a.attacl) g
    where g.grantee <> 0 and {_KEEP}
    union all
    select format('execute on function %s to %s', p.oid::regprocedure,
                  case g.grantee when 0 then 'public' else quote_ident(g.grantee::regrole::text) end)
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace,
         aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g
    where n.nspname = 'public' and p.proname not like '%pgqueuer%' and g.grantee <> p.proowner
      and not exists (select from pg_depend e where e.objid = p.oid and e.deptype = 'e')) all_grants""",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a schema; `name` is unique within its kind."""

    kind: str
    name: str
    make: str
    drop: str


async def read(url: str) -> dict[tuple[str, str], Part]:
    """Return the parts of a database's schema, in the order of making."""
    connection = await asyncpg.connect(url)
    try:
        found: dict[tuple[str, str], Part] = {}
        for kind in KINDS:
            for name, make, drop in await connection.fetch(QUERIES[kind]):
                found[kind, name] = Part(kind, name, make, drop)
        return found
    finally:
        await connection.close()
