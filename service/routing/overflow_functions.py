"""That nobody is promised at another institution's door without an agreement, and what whoever helps out is told."""

from sqlmodel import SQLModel

from service.core.db import fences

# The agreement is held until the commit: who ends it waits for the publication, or the publication meets its end.
_BY_AGREEMENT = """
declare
    employer uuid;
begin
    select p.institution_id into employer from practitioners p
    where p.region_id = new.region_id and p.id = new.practitioner_id;
    if new.overflow_agreement_id is null and employer = new.institution_id then
        return new;
    end if;
    perform 1 from overflow_agreements g
    join orders o on o.region_id = new.region_id and o.id = new.order_id
    where g.region_id = new.region_id and g.id = new.overflow_agreement_id
      and g.giving_institution_id = new.institution_id and g.helping_institution_id = employer
      and daterange(g.valid_from, g.valid_to, '[]') @> new.service_on
      and (g.order_kinds = '{}' or o.kind = any(g.order_kinds))
    for share of g;
    if not found then
        raise exception 'no agreement' using errcode = '23514', constraint = 'appointments_by_agreement';
    end if;
    return new;
end
"""

# Whom does one visit there? The name and nothing else of the person is told, to those who are promised at the door.
_NAMES = """
select o.id, t.name from practitioners p
join appointments a on a.region_id = p.region_id and a.practitioner_id = p.id and a.state = 'booked'
    and a.overflow_agreement_id is not null and a.order_id = any(asked_orders)
join orders o on o.region_id = a.region_id and o.id = a.order_id
join patients t on t.region_id = o.region_id and t.id = o.person_id
where p.region_id = app_region() and p.account_id = app_account() and p.institution_id = any(app_institutions())
"""

# Which visits at another institution's doors does an absence of one's own staff hit? When, by which plan, and the
# number by which to speak of it with that institution; whom, where and what for stays with it.
_GIVEN_AWAY = """
select o.id, o.order_no, o.state, o.institution_id, a.overflow_agreement_id, a.plan_id, lower(a.during), upper(a.during)
from appointments a join orders o on o.region_id = a.region_id and o.id = a.order_id
where a.region_id = app_region() and a.practitioner_id = asked_practitioner and a.state = 'booked'
  and a.overflow_agreement_id is not null and a.during && tstzrange(asked_from, asked_to)
  and exists (select 1 from practitioners p where p.region_id = a.region_id and p.id = a.practitioner_id
              and p.institution_id = any(app_institutions()))
order by lower(a.during), o.id
"""


def create(appointment: type[SQLModel]) -> None:
    """Attach the functions to the table of appointments."""
    fences.definer(
        appointment, "appointments_by_agreement()", "trigger", _BY_AGREEMENT, language="plpgsql", volatile=True
    )
    # it fires without anybody's leave; nobody else hangs it on a table of his own
    fences.statement(appointment, f"revoke execute on function appointments_by_agreement from {fences.APP_ROLE}")
    fences.statement(
        appointment,
        "create trigger appointments_by_agreement before insert or update of practitioner_id, institution_id, order_id,"
        " service_on, overflow_agreement_id on appointments"
        " for each row execute function appointments_by_agreement()",
    )
    fences.definer(appointment, "overflow_names(asked_orders uuid[])", "table (order_id uuid, name text)", _NAMES)
    fences.definer(
        appointment,
        "appointments_given_away(asked_practitioner uuid, asked_from timestamptz, asked_to timestamptz)",
        "table (order_id uuid, order_no text, order_state text, institution_id uuid, overflow_agreement_id uuid,"
        " plan_id uuid, start_at timestamptz, end_at timestamptz)",
        _GIVEN_AWAY,
    )
