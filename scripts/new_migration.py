"""Write the migration that leads from the migrations' schema to the models': `make migration NAME=what_changes`.

Two empty databases on the embedded server, one migrated, one made from the models, are compared part by part in
PostgreSQL's own catalogue. Read what comes out: a new column that must hold something wants a default or a step that
fills it, and what is dropped is gone.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import catalogue
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import AddConstraint, CreateIndex, ExecutableDDLElement

from service.cli.migrate import MIGRATIONS, configure, upgrade
from service.core import embedded
from service.schema import METADATA, create_all, statements

PAGE = '''"""{title}.

Revision: {revision}, after {after}
"""

from migrations import sql

revision = "{revision}"
down_revision = "{after}"
branch_labels = None
depends_on = None

UP = r"""
{up}
"""

DOWN = r"""
{down}
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
'''
_POLICY = r"create policy (\w+) on (\w+) "
_TRIGGER = r"(?s)create (?:constraint )?trigger (\w+) .*? on (\w+)\s"
_COLUMN = re.compile(r"alter table (\S+) add column (\S+) (.+?)(?: default (.+?))?( not null)?$", re.DOTALL)
Schema = Mapping[tuple[str, str], catalogue.Part]


def steps(old: Schema, new: Schema) -> list[str]:
    """Return the statements that make `new` of `old`: first what goes, the last made first; then what comes."""
    gone = [part for key, part in old.items() if key not in new]
    changed = [key for key in new if key in old and new[key].make != old[key].make and key[0] != "table"]
    lost_tables = {part.name for part in gone if part.kind == "table"}
    fresh_tables = {name for kind, name in new if kind == "table" and (kind, name) not in old}

    def of(names: set[str], part: catalogue.Part) -> bool:
        words = set(re.findall(r"\w+", part.drop if part.kind in {"index", "column"} else part.name))
        tables = words | set(re.findall(r" on (?:public\.)?(\w+)", part.make))
        return part.kind not in {"table", "function"} and bool(names & tables)

    dropped = [each for each in gone if not of(lost_tables, each)]
    remade = [old[key] for key in changed if key[0] not in {"function", "column"}]
    # what a function returns cannot be replaced: such a one is dropped first, and loses its grants
    afresh = [old[key] for key in changed if key[0] == "function" and _returns(old[key]) != _returns(new[key])]
    out = ["set local check_function_bodies = off"]
    order = {kind: place for place, kind in enumerate(catalogue.KINDS)}
    out += [each.drop for each in sorted([*dropped, *remade, *afresh], key=lambda part: -order[part.kind])]
    for key, part in new.items():
        fresh_column = part.kind == "column" and part.name.split(".")[0] in fresh_tables
        if (key not in old or key in changed) and not fresh_column:
            if part.kind == "function" and (key not in old or old[key] in afresh):
                out += [part.make, f"revoke all on function {part.name} from public"]
            elif part.kind == "column" and key in old:
                out += _altered(old[key], part)
            else:
                out.append(part.make)
        elif part.kind == "grant" and any(f" {each.name} " in f"{part.name} " for each in afresh):
            out.append(part.make)
    return out


def _altered(old: catalogue.Part, new: catalogue.Part) -> list[str]:
    """Return what makes one column of another: it is never dropped, its contents are somebody's."""
    was, now = _COLUMN.match(old.make), _COLUMN.match(new.make)
    if was is None or now is None:
        raise ValueError(new.make)
    head = f"alter table {now[1]} alter column {now[2]}"
    out = [f"{head} type {now[3]}"] if was[3] != now[3] else []
    if was[4] != now[4]:
        out.append(f"{head} set default {now[4]}" if now[4] else f"{head} drop default")
    if was[5] != now[5]:
        out.append(f"{head} set not null" if now[5] else f"{head} drop not null")
    return out


def _returns(function: catalogue.Part) -> str:
    """Return a function's head up to its language: its name, arguments and what it returns."""
    return function.make.split(" LANGUAGE ")[0]


def _as_written(new: Schema) -> dict[tuple[str, str], catalogue.Part]:
    """Return the models' schema with conditions in the models' own words: PostgreSQL's reading of them reads anew."""
    words = {("policy", f"{m[2]}.{m[1]}"): sql for sql in statements() if (m := re.match(_POLICY, sql))}
    words |= {("trigger", f"{m[2]}.{m[1]}"): sql for sql in statements() if (m := re.match(_TRIGGER, sql))}
    for table in METADATA.tables.values():
        for each in table.constraints:
            if isinstance(each, CheckConstraint):
                words["constraint", f"{table.name}.{each.name}"] = _compiled(AddConstraint(each))
        for index in table.indexes:
            words["index", str(index.name)] = _compiled(CreateIndex(index))
    return {key: replace(part, make=words.get(key, part.make)) for key, part in new.items()}


def _compiled(element: ExecutableDDLElement) -> str:
    return re.sub(r"\s*\n\s*", " ", str(element.compile(dialect=postgresql.dialect())).strip())


async def _from_models(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(create_all)
    await engine.dispose()


def _compare(directory: Path) -> tuple[Schema, Schema, str | None]:
    """Return the schema of the migrations, that of the models, and the newest migration."""
    with embedded.running(directory, fast=True) as server:
        urls = {}
        for each in ("migrated", "modelled"):
            embedded.create_database(server, each)
            urls[each] = server.url(embedded.OWNER_ROLE, each)
        upgrade(urls["migrated"])
        asyncio.run(_from_models(urls["modelled"]))
        plain = {each: url.replace("+asyncpg", "") for each, url in urls.items()}
        old, new = (asyncio.run(catalogue.read(plain[each])) for each in ("migrated", "modelled"))
        return old, new, ScriptDirectory.from_config(configure(urls["migrated"])).get_current_head()


def write(name: str) -> Path | None:
    """Write the migration; return its path, or None when the models have not changed."""
    with tempfile.TemporaryDirectory() as scratch:
        old, new, after = _compare(Path(scratch))
        embedded.wait_until_stopped(Path(scratch))
    # compared in PostgreSQL's words, written in the models'
    same = {key for key in new if key in old and new[key].make == old[key].make}
    written = {key: new[key] if key in same else part for key, part in _as_written(new).items()}
    up, down = steps(old, written), steps(new, old)
    if len(up) == 1 and len(down) == 1:
        return None
    now = datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y%m%d%H%M")
    revision = max(now, str(int(after or 0) + 1))  # the folder reads as a diary, whatever the clock says
    path = MIGRATIONS / "versions" / f"{revision}_{name}.py"
    text = PAGE.format(
        title=name.replace("_", " ").capitalize(),
        revision=revision,
        after=after,
        up=";\n\n".join(up) + ";",
        down=";\n\n".join(down) + ";",
    )
    path.write_text(text)
    return path


def main() -> int:
    """Write the migration named on the command line."""
    if len(sys.argv) != 2 or not re.fullmatch(r"[a-z][a-z0-9_]{2,60}", sys.argv[1]):
        print("用法：make migration NAME=what_changes（小写字母、数字与下划线）。", file=sys.stderr)
        return 2
    path = write(sys.argv[1])
    print(f"已写出 {path.relative_to(MIGRATIONS.parent)}，请读一遍再提交。" if path else "模型与迁移一致，没有要写的。")
    return 0


if __name__ == "__main__":
    sys.exit(main())
