"""The narrow functions of accounts: what is asked before anybody is logged in, whether a session lives, the throttle.

They run as the schema's owner. Each answers one question, about one account, token or session, and shows no record.
"""

from sqlmodel import SQLModel

from service.core.db import fences

_WORKS_FOR = """
select coalesce(array_agg(l.institution_id order by l.institution_id), '{}') from account_institutions l
where l.region_id = asked_region and l.account_id = asked_account
"""

_FOR_LOGIN = """
select a.id, a.role, a.password_hash, accounts_works_for(a.region_id, a.id)
from accounts a
where a.region_id = asked_region and a.username = asked_username and a.status = 'active'
"""

_STANDING = """
select a.id, a.role, a.status, a.sessions_from, accounts_works_for(a.region_id, a.id), a.must_change_password,
    exists (select 1 from second_factors f
            where f.region_id = a.region_id and f.account_id = a.id and f.confirmed_at is not null)
from accounts a
where a.region_id = asked_region and a.id = asked_account
"""

_HOLDER = """
select t.account_id, t.secret_hash from refresh_tokens t where t.region_id = asked_region and t.id = asked_token
"""

# plpgsql, because it keeps its plan: every request asks this, in the statement that raises its fence. Real time: the
# demo's clock has no say in it. A session opened by a client for an elder ends with the client's own account as well.
_LIVES = """
begin
    return exists (
        select 1 from sessions s
        join accounts a on a.region_id = s.region_id and a.id = s.account_id
        left join accounts c on c.region_id = s.region_id and c.id = s.client_id
        where s.region_id = asked_region and s.id = asked_session and s.account_id = asked_account
          and s.revoked_at is null and s.expires_at > clock_timestamp()
          and a.status = 'active' and s.created_at >= coalesce(a.sessions_from, '-infinity')
          and coalesce(c.status, 'active') = 'active'
          and s.created_at >= coalesce(c.sessions_from, '-infinity'));
end
"""

# Whoever would try takes his attempt first; of many at once each waits for the row, so none gets past the limit.
# Keys are locked in their order, so two never wait for each other. The throttle runs on real time.
_TAKE_ATTEMPT = """
declare
    at timestamptz := clock_timestamp();
    held log_in_attempts;
    place int;
begin
    delete from log_in_attempts where key in
        (select l.key from log_in_attempts l where l.ends_at < at limit 10 for update skip locked);
    for place in select i from generate_subscripts(asked_keys, 1) i order by asked_keys[i] loop
        insert into log_in_attempts (key, failures, ends_at)
            values (asked_keys[place], 0, at + make_interval(secs => asked_seconds)) on conflict do nothing;
        select * into held from log_in_attempts l where l.key = asked_keys[place] for update;
        if held.ends_at > at and held.failures >= asked_limits[place] then
            return greatest(1, ceil(extract(epoch from held.ends_at - at))::int);
        end if;
    end loop;
    for place in 1 .. cardinality(asked_keys) loop
        -- from the last attempt that is allowed, the whole time is waited
        update log_in_attempts l set
            failures = case when l.ends_at <= at then 1 else l.failures + 1 end,
            ends_at = case when l.ends_at <= at or l.failures + 1 >= asked_limits[place]
                           then at + make_interval(secs => asked_seconds) else l.ends_at end
        where l.key = asked_keys[place];
    end loop;
    return 0;
end
"""

_GIVE_BACK = """
with locked as (
    select l.key from log_in_attempts l where l.key = any(asked_keys || asked_forgotten) order by l.key for update
), forgotten as (
    delete from log_in_attempts l using locked k where l.key = k.key and l.key = any(asked_forgotten)
)
update log_in_attempts l set failures = greatest(0, l.failures - 1)
from locked k where l.key = k.key and l.key = any(asked_keys)
"""

_REGION_FOUND = """
declare
    caller accounts;
begin
    select * into caller from accounts a where a.region_id = app_region() and a.id = app_account();
    if caller.role is distinct from 'platform_admin' or caller.status <> 'active' then
        raise exception 'not a platform administrator' using errcode = '42501';
    end if;
    insert into regions (id, code, name) values (asked_id, asked_code, asked_name);
    insert into accounts (region_id, id, username, role, display_name, password_hash, status, created_at,
                          must_change_password)
    values (asked_id, asked_admin, asked_username, 'region_admin', asked_display_name, asked_hash, 'active', app_now(),
            true);
end
"""

_BOUND_AT_OPENING = """
create function accounts_bound_at_opening() returns trigger language plpgsql as $body$
begin
    if new.role in ('elder', 'family_proxy') and new.bound_client_id is null then
        select a.id into new.bound_client_id from accounts a
        where a.region_id = app_region() and a.id = app_account() and a.role = 'service_client';
    end if;
    return new;
end
$body$
"""


def create(account: type[SQLModel]) -> None:
    """Attach the functions to the tables of accounts, those that others name first."""
    # The version before this one names no client when it opens a resident's account: it is the one that asks.
    fences.statement(account, _BOUND_AT_OPENING)
    fences.statement(
        account,
        "create trigger accounts_bound_at_opening before insert on accounts"
        " for each row execute function accounts_bound_at_opening()",
    )
    fences.definer(account, "accounts_works_for(asked_region uuid, asked_account uuid)", "uuid[]", _WORKS_FOR)
    fences.definer(
        account,
        "accounts_for_login(asked_region uuid, asked_username text)",
        "table (id uuid, role text, password_hash text, institution_ids uuid[])",
        _FOR_LOGIN,
    )
    fences.definer(
        account,
        "accounts_standing(asked_region uuid, asked_account uuid)",
        "table (id uuid, role text, status text, sessions_from timestamptz, institution_ids uuid[],"
        " must_change_password boolean, second_factor boolean)",
        _STANDING,
    )
    fences.definer(
        account,
        "accounts_token_holder(asked_region uuid, asked_token uuid)",
        "table (account_id uuid, secret_hash bytea)",
        _HOLDER,
    )
    fences.definer(
        account,
        "app_session_lives(asked_region uuid, asked_account uuid, asked_session uuid)",
        "boolean",
        _LIVES,
        language="plpgsql",
    )
    fences.definer(
        account,
        "accounts_take_attempt(asked_keys bytea[], asked_limits int[], asked_seconds int)",
        "int",
        _TAKE_ATTEMPT,
        language="plpgsql",
        volatile=True,
    )
    fences.definer(
        account,
        "accounts_give_back_attempt(asked_keys bytea[], asked_forgotten bytea[])",
        "void",
        _GIVE_BACK,
        volatile=True,
    )
    fences.definer(
        account,
        "accounts_found_region(asked_id uuid, asked_code text, asked_name text, asked_admin uuid, asked_username text,"
        " asked_display_name text, asked_hash text)",
        "void",
        _REGION_FOUND,
        language="plpgsql",
        volatile=True,
    )
