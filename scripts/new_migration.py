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
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import catalogue
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from service.cli.migrate import MIGRATIONS, configure, upgrade
from service.core import embedded
from service.schema import create_all

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
    remade = [old[key] for key in changed if key[0] != "function"]
    out = ["set local check_function_bodies = off"]
    order = {kind: place for place, kind in enumerate(catalogue.KINDS)}
    out += [each.drop for each in sorted([*dropped, *remade], key=lambda part: -order[part.kind])]
    for key, part in new.items():
        fresh_column = part.kind == "column" and part.name.split(".")[0] in fresh_tables
        if (key not in old or key in changed) and not fresh_column:
            if part.kind == "function" and key not in old:
                out += [part.make, f"revoke all on function {part.name} from public"]
            else:
                out.append(part.make)
    return out


async def _from_models(url: str) -> None:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(create_all)
    await engine.dispose()


def write(name: str) -> Path | None:
    """Write the migration; return its path, or None when the models have not changed."""
    with tempfile.TemporaryDirectory() as scratch, embedded.running(Path(scratch), fast=True) as server:
        urls = {}
        for each in ("migrated", "modelled"):
            embedded.create_database(server, each)
            urls[each] = server.url(embedded.OWNER_ROLE, each)
        upgrade(urls["migrated"])
        asyncio.run(_from_models(urls["modelled"]))
        plain = {each: url.replace("+asyncpg", "") for each, url in urls.items()}
        old, new = (asyncio.run(catalogue.read(plain[each])) for each in ("migrated", "modelled"))
        after = ScriptDirectory.from_config(configure(urls["migrated"])).get_current_head()
    up, down = steps(old, new), steps(new, old)
    if len(up) == 1 and len(down) == 1:
        return None
    revision = datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y%m%d%H%M")
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
