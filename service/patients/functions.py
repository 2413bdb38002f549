"""The narrow functions through which care relations are asked and made; nothing else writes that table.

They run as the schema's owner, so policies that name them cannot recurse. Each checks region and caller itself, answers
one question or makes one relation, and shows no record.
"""

from sqlmodel import SQLModel

from service.core.db import fences
from service.institutions import functions as institutions
from service.institutions.rules import settings

# A care home's staff stand for those who live there, while they live there: no relation is written that could outlive a
# move. plpgsql, because it keeps its plan: it is asked of every row that no relation opens.
_LIVES_WITH_US = """
begin
    if asked_region is distinct from app_region() or cardinality(app_institutions()) = 0 or not exists (
            select 1 from accounts a
            where a.region_id = asked_region and a.id = app_account() and a.role = 'care_home_staff') then
        return false;
    end if;
    return exists (
        select 1 from patients p join homes h on h.region_id = p.region_id and h.id = p.home_id
        where p.region_id = asked_region and p.id = asked_person and p.deceased_on is null
          and h.care_institution_id = any(app_institutions()));
end
"""

_ACTS_FOR = """
select asked_region = app_region() and (exists (
    select 1 from care_relations r where r.region_id = asked_region and r.person_id = asked_person
    and r.account_id = app_account() and r.during @> app_now()) or app_lives_with_us(asked_region, asked_person))
"""

_SEES_PERSON = """
select asked_region = app_region() and (exists (
    select 1 from care_relations r where r.region_id = asked_region and r.person_id = asked_person
    and (r.account_id = app_account() or r.institution_id = any(app_institutions())) and r.during @> app_now())
    or app_lives_with_us(asked_region, asked_person))
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

# The same for a whole list of people whom the asker's institutions have just registered, each by its own: nobody has
# a relation to them yet, and to look for one in a table that fills up meanwhile would take as long as the list squared.
_RELATE_REGISTERED = """
insert into care_relations
    (region_id, id, person_id, kind, institution_id, rights, during, because, granted_by_account_id)
select p.region_id, asked.id, p.id, 'institution', p.registered_by_institution_id, '{}', tstzrange(app_now(), null),
       asked_because, app_account()
from unnest(asked_ids, asked_persons) as asked (id, person)
join patients p on p.region_id = app_region() and p.id = asked.person
where p.registered_by_institution_id = any((select app_institutions())::uuid[])
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
        and coalesce(a.bound_client_id, app_account()) = app_account()  -- never another client's user
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
    -- held until the commit: neither the person nor the account is another by then
    perform 1 from patients p where p.region_id = region and p.id = asked_person
        and app_sees_person(p.region_id, p.id) for share;
    if not found then
        return false;
    end if;
    perform 1 from accounts a where a.region_id = region and a.id = asked_account
        and a.role in ('elder', 'family_proxy') and a.status = 'active' for share;
    if not found then
        return false;
    end if;
    insert into care_relations
        (region_id, id, person_id, kind, account_id, relation, rights, during, because, granted_by_account_id)
    values (region, asked_id, asked_person, 'proxy', asked_account, asked_relation, asked_rights,
            tstzrange(app_now(), asked_to), asked_because, app_account());
    return true;
end
"""


# The most proxies in force at one moment of the new row's, besides itself: LIKE is the column that the limit is for,
# OTHER the one by which two of its proxies differ. There are never more than at the start of one of them, or of the
# new one; `&>`: starts no earlier.
_MOST_AT_ONCE = """(
        select max((select count(*) from care_relations r where THEIRS
                    and r.during && part.during and part.during &> r.during))
        from (select new.during union all
              select r.during * new.during from care_relations r where THEIRS and r.during && new.during
             ) as part (during))""".replace(
    "THEIRS", "r.region_id = new.region_id and r.LIKE = new.LIKE and r.kind = 'proxy' and r.OTHER <> new.OTHER"
)

_WITHIN_LIMITS = f"""
begin
    -- what only ends sooner is not one more
    if tg_op = 'UPDATE' and new.during <@ old.during and (old.region_id, old.kind, old.person_id, old.account_id)
            = (new.region_id, new.kind, new.person_id, new.account_id) then
        return new;
    end if;
    -- an older snapshot would not show what was committed while this waited for its turn
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'proxies are counted in read committed only' using errcode = '55000';
    end if;
    -- both locks, always in this order: proxies of one elder, or of one account, are counted one after the other
    perform pg_advisory_xact_lock(hashtextextended('proxies.person/' || new.region_id || new.person_id, 0));
    perform pg_advisory_xact_lock(hashtextextended('proxies.account/' || new.region_id || new.account_id, 0));
    if {_MOST_AT_ONCE.replace("LIKE", "person_id").replace("OTHER", "account_id")}
            >= ({institutions.today(settings.PROXY_MAX_PER_ELDER, region="new.region_id")})::int then
        raise exception 'too many proxies' using errcode = '23514', constraint = 'care_relations_max_proxies';
    end if;
    if {_MOST_AT_ONCE.replace("LIKE", "account_id").replace("OTHER", "person_id")}
            >= ({institutions.today(settings.PROXY_MAX_ELDERS, region="new.region_id")})::int then
        raise exception 'too many elders' using errcode = '23514', constraint = 'care_relations_max_elders';
    end if;
    return new;
end
"""


def create(relation: type[SQLModel]) -> None:
    """Attach the functions to the table of care relations, those that policies name first."""
    person = "(asked_region uuid, asked_person uuid)"
    fences.definer(relation, f"app_lives_with_us{person}", "boolean", _LIVES_WITH_US, language="plpgsql")
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
        "patients_relate_registered(asked_ids uuid[], asked_persons uuid[], asked_because text)",
        "void",
        _RELATE_REGISTERED,
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
        " asked_rights text[], asked_to timestamptz, asked_because text)",
        "boolean",
        _GRANT_PROXY,
        language="plpgsql",
        volatile=True,
    )
    # As the version before this one calls it: the limits it names are the table's own business now.
    fences.definer(
        relation,
        "patients_grant_proxy(asked_id uuid, asked_person uuid, asked_account uuid, asked_relation text,"
        " asked_rights text[], asked_to timestamptz, asked_because text, asked_max_proxies int, asked_max_elders int)",
        "boolean",
        "select patients_grant_proxy(asked_id, asked_person, asked_account, asked_relation, asked_rights, asked_to,"
        " asked_because)",
        volatile=True,
    )
    # No more proxies of an elder, and no more elders of an account, than the settings allow at any moment.
    fences.definer(
        relation, "care_relations_within_limits()", "trigger", _WITHIN_LIMITS, language="plpgsql", volatile=True
    )
    # it fires without anybody's leave; nobody else hangs it on a table of his own
    fences.statement(relation, f"revoke execute on function care_relations_within_limits from {fences.APP_ROLE}")
    fences.statement(
        relation,
        "create trigger care_relations_within_limits before insert or update on care_relations"
        " for each row when (new.kind = 'proxy') execute function care_relations_within_limits()",
    )
