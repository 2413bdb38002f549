"""The setting in force as the database itself reads it, for the limits that its own triggers keep.

Whoever asks reads under his own rights: a caller behind the fence finds his region's rows, the schema's owner any row.
"""

import json
from typing import Any

from sqlmodel import SQLModel

from service.core.clock import LOCAL
from service.core.db import fences
from service.institutions.rules.setting_kinds import Setting

_SETTING = """
create function institutions_setting(asked_region uuid, asked_institution uuid, asked_key text, asked_default jsonb)
returns jsonb language sql stable as $body$
select coalesce(
    (select s.value from setting_rows s
     where s.region_id = asked_region and s.key = asked_key
       and (s.institution_id is null or s.institution_id = asked_institution)
       and daterange(s.valid_from, s.valid_to, '[]') @> (app_now() at time zone 'local')::date
     order by s.institution_id is null limit 1),
    asked_default)
$body$
"""


_PAST = """
create function setting_rows_past_stays() returns trigger language plpgsql as $body$
begin
    if old.valid_from < (app_now() at time zone 'local')::date
       and (old.value, old.valid_from, old.key, old.institution_id)
           is distinct from (new.value, new.valid_from, new.key, new.institution_id) then
        raise exception 'a value that has held stays as it was'
            using errcode = 'check_violation', constraint = 'setting_rows_past_stays';
    end if;
    return new;
end
$body$
"""
_PAST_TRIGGER = (
    "create trigger setting_rows_past_stays before update on setting_rows"
    " for each row execute function setting_rows_past_stays()"
)


def create(setting_row: type[SQLModel]) -> None:
    """Attach to the table of settings: what holds on a day, and that what has held is not rewritten."""
    for sql in (_SETTING, _PAST, _PAST_TRIGGER):
        fences.statement(setting_row, sql.replace("'local'", f"'{LOCAL.key}'"))


def today(setting: Setting[Any], *, region: str, institution: str = "null") -> str:
    """Return the SQL for a setting's value today (jsonb): the institution's, else the region's, else the default.

    `region`, `institution`: SQL expressions of their ids.
    """
    default = json.dumps(setting.write(setting.default))
    return f"institutions_setting({region}, {institution}, '{setting.key}', '{default}')"
