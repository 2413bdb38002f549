"""The table of levels (等级): which of the region's price books holds at an institution, from when until when."""

from datetime import date

from sqlalchemy import CheckConstraint

from service.core.clock import LOCAL
from service.core.db import fences, rows, turns
from service.institutions.models import Institution
from service.institutions.rules import FROM_THE_BEGINNING, InstitutionLevel

_LEVELS = ", ".join(repr(str(each)) for each in InstitutionLevel)


class InstitutionLevelRow(rows.InstitutionRow, table=True):
    """An institution's level, dated, both days included; `level` None = it has none then, `valid_to` None = open."""

    __tablename__ = "institution_levels"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        CheckConstraint(f"level in ({_LEVELS})", name="level"),
        # also finds the level of a day
        rows.one_at_a_time("institution_levels_one", "region_id", "institution_id", period=rows.DATED),
    )

    level: str | None = None
    valid_from: date
    valid_to: date | None = None


# Whoever says a level without a day says it from today on; what held before stays. The first level of all is known
# for no day in particular: it holds from the beginning. `institutions.level` is what was said last in this way, and
# what the version before this one reads and writes.
_SAID = """
create function institutions_level_dated() returns trigger language plpgsql as $body$
declare
    today date := (app_now() at time zone 'local')::date;
    running institution_levels;
begin
    if not exists (select from institution_levels l where l.region_id = new.region_id and l.institution_id = new.id)
    then
        if new.level is not null then
            insert into institution_levels (region_id, institution_id, id, level, valid_from)
            values (new.region_id, new.id, gen_random_uuid(), new.level, 'beginning');
        end if;
        return null;
    end if;
    select * into running from institution_levels l
    where l.region_id = new.region_id and l.institution_id = new.id
      and daterange(l.valid_from, l.valid_to, '[]') @> today;
    if running.level is not distinct from new.level then
        return null;
    end if;
    if running.valid_from = today then
        update institution_levels l set level = new.level where l.region_id = new.region_id and l.id = running.id;
        return null;
    end if;
    update institution_levels l set valid_to = today - 1 where l.region_id = new.region_id and l.id = running.id;
    insert into institution_levels (region_id, institution_id, id, level, valid_from, valid_to)
    select new.region_id, new.id, gen_random_uuid(), new.level, today, min(l.valid_from) - 1
    from institution_levels l
    where l.region_id = new.region_id and l.institution_id = new.id and l.valid_from > today;
    return null;
end
$body$
"""

# which prices hold is published; only the region's administration says so
fences.fence(
    InstitutionLevelRow, fences.Fence.region, adds=fences.Fence.region_owned, changes=fences.Fence.region_owned
)
fences.statement(InstitutionLevelRow, f"revoke update on institution_levels from {fences.APP_ROLE}")
fences.statement(InstitutionLevelRow, f"grant update (level, valid_to) on institution_levels to {fences.APP_ROLE}")
turns.take_turns(InstitutionLevelRow, "region_id", "institution_id")
fences.statement(
    InstitutionLevelRow, _SAID.replace("'local'", f"'{LOCAL.key}'").replace("'beginning'", f"'{FROM_THE_BEGINNING}'")
)
_TABLE = fences.table_of(Institution).name
fences.statement(
    InstitutionLevelRow,
    f"create trigger institutions_level_added after insert on {_TABLE}"
    " for each row when (new.level is not null) execute function institutions_level_dated()",
)
fences.statement(
    InstitutionLevelRow,
    f"create trigger institutions_level_said after update of level on {_TABLE}"
    " for each row execute function institutions_level_dated()",
)
