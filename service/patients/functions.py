"""The narrow functions through which care relations are asked and made; nothing else writes that table.

They run as the schema's owner, so policies that name them cannot recurse. Each checks region and caller itself, answers
one question or makes one relation, and shows no record.
"""

from sqlmodel import SQLModel

from service.core.db import fences

_ACTS_FOR = """
select asked_region = app_region() and exists (
    select 1 from care_relations r where r.region_id = asked_region and r.person_id = asked_person
    and r.account_id = app_account() and r.during @> app_now())
"""

_SEES_PERSON = """
select asked_region = app_region() and exists (
    select 1 from care_relations r where r.region_id = asked_region and r.person_id = asked_person
    and (r.account_id = app_account() or r.institution_id = any(app_institutions())) and r.during @> app_now())
"""

_SEES_HOME = """
select exists (select 1 from patients p where p.region_id = asked_region and p.home_id = asked_home
               and app_sees_person(p.region_id, p.id))
"""

# Who may see a person reads the names of those who act for him, whose accounts he does not see.
_PROXY_NAMES = """
select r.account_id, a.display_name from care_relations r
join accounts a on a.region_id = r.region_id and a.id = r.account_id
where r.region_id = app_region() and r.person_id = asked_person and r.kind = 'proxy'
  and app_sees_person(r.region_id, r.person_id)
"""

# Whoever registered a person may care for him; whoever acts for a person chooses who else does (by ordering there).
_RELATE = """
insert into care_relations
    (region_id, id, person_id, kind, institution_id, rights, during, because, granted_by_account_id)
select p.region_id, asked_id, p.id, 'institution', asked_institution, '{}', tstzrange(app_now(), null), asked_because,
       app_account()
from patients p
where p.region_id = app_region() and p.id = asked_person
  and ((p.registered_by_institution_id = asked_institution and asked_institution = any(app_institutions()))
       or app_acts_for(p.region_id, p.id))
  and not exists (select 1 from care_relations r where r.region_id = p.region_id and r.person_id = p.id
                  and r.institution_id = asked_institution and r.during @> app_now())
"""

_ADMIT = """
with person as (
    select p.region_id, p.id from patients p
    where p.region_id = app_region() and p.id_number_index = asked_index and p.name = asked_name
      and asked_institution = any(app_institutions())
), related as (
    insert into care_relations
        (region_id, id, person_id, kind, institution_id, rights, during, because, granted_by_account_id)
    select p.region_id, asked_id, p.id, 'institution', asked_institution, '{}', tstzrange(app_now(), null),
           asked_because, app_account()
    from person p where not exists (
        select 1 from care_relations r where r.region_id = p.region_id and r.person_id = p.id
        and r.institution_id = asked_institution and r.during @> app_now())
)
select id from person
"""

# Only an elder's own, active account can be bound; one person one account is the table's own constraint.
_BIND = """
with person as (
    select p.region_id, p.id from patients p
    join accounts a on a.region_id = p.region_id and a.id = asked_account and a.role = 'elder' and a.status = 'active'
    where p.region_id = app_region() and p.id_number_index = asked_index and p.name = asked_name
), related as (
    insert into care_relations
        (region_id, id, person_id, kind, account_id, rights, during, because, granted_by_account_id)
    select p.region_id, asked_id, p.id, 'self', asked_account, '{view,book,pay,grant}', tstzrange(app_now(), null),
           asked_because, app_account()
    from person p
)
select id from person
"""

_GRANT_PROXY = """
declare
    region uuid := app_region();
begin
    -- both locks, always in this order: grants for one elder, or to one account, count one after the other
    perform 1 from patients p where p.region_id = region and p.id = asked_person
        and app_sees_person(p.region_id, p.id) for update;
    if not found then
        return false;
    end if;
    perform 1 from accounts a where a.region_id = region and a.id = asked_account
        and a.role in ('elder', 'family_proxy') and a.status = 'active' for update;
    if not found then
        return false;
    end if;
    if (select count(*) from care_relations r where r.region_id = region and r.person_id = asked_person
        and r.kind = 'proxy' and r.account_id <> asked_account and r.during @> app_now()) >= asked_max_proxies then
        raise exception 'too many proxies' using errcode = '23514', constraint = 'care_relations_max_proxies';
    end if;
    if (select count(*) from care_relations r where r.region_id = region and r.account_id = asked_account
        and r.kind = 'proxy' and r.person_id <> asked_person and r.during @> app_now()) >= asked_max_elders then
        raise exception 'too many elders' using errcode = '23514', constraint = 'care_relations_max_elders';
    end if;
    insert into care_relations
        (region_id, id, person_id, kind, account_id, relation, rights, during, because, granted_by_account_id)
    values (region, asked_id, asked_person, 'proxy', asked_account, asked_relation, asked_rights,
            tstzrange(app_now(), asked_to), asked_because, app_account());
    return true;
end
"""


def create(relation: type[SQLModel]) -> None:
    """Attach the functions to the table of care relations, those that policies name first."""
    person = "(asked_region uuid, asked_person uuid)"
    fences.definer(relation, f"app_acts_for{person}", "boolean", _ACTS_FOR)
    fences.definer(relation, f"app_sees_person{person}", "boolean", _SEES_PERSON)
    fences.definer(relation, "app_sees_home(asked_region uuid, asked_home uuid)", "boolean", _SEES_HOME)
    fences.definer(
        relation, "patients_proxy_names(asked_person uuid)", "table (account_id uuid, name text)", _PROXY_NAMES
    )
    fences.definer(
        relation,
        "patients_relate_institution(asked_id uuid, asked_person uuid, asked_institution uuid, asked_because text)",
        "void",
        _RELATE,
        volatile=True,
    )
    fences.definer(
        relation,
        "patients_admit(asked_id uuid, asked_index bytea, asked_name text, asked_institution uuid, asked_because text)",
        "uuid",
        _ADMIT,
        volatile=True,
    )
    fences.definer(
        relation,
        "patients_bind_account(asked_id uuid, asked_index bytea, asked_name text, asked_account uuid,"
        " asked_because text)",
        "uuid",
        _BIND,
        volatile=True,
    )
    fences.definer(
        relation,
        "patients_grant_proxy(asked_id uuid, asked_person uuid, asked_account uuid, asked_relation text,"
        " asked_rights text[], asked_to timestamptz, asked_because text, asked_max_proxies int, asked_max_elders int)",
        "boolean",
        _GRANT_PROXY,
        language="plpgsql",
        volatile=True,
    )
