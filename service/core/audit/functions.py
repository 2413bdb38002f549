"""The only way into the trail: the application's role may call these functions and write neither table."""

from typing import Final

from sqlmodel import SQLModel

from service.core.db import fences

LANES: Final = 16
"""Chains of a region: as many transactions of it commit side by side without waiting for one another."""

# Every field as `length:text`, null as `-`, so that no two entries read alike; `verify` spells it out a second time.
_HASH: Final = """
select sha256(convert_to(string_agg(coalesce(length(part) || ':' || part, '-'), '' order by no), 'UTF8'))
from unnest(array[
    'xunzhen.audit.1', encode(entry.prev_hash, 'hex'), entry.region_id::text, entry.lane::text,
    entry.seq::text, (extract(epoch from entry.at) * 1000000)::bigint::text,
    (extract(epoch from entry.world_at) * 1000000)::bigint::text,
    entry.account_id::text, entry.client_id::text, entry.session_id::text, entry.role,
    entry.institution_ids::text, entry.operation, entry.purpose, entry.subject, entry.person_ids::text,
    entry.reads::text, entry.changes::text, entry.refused, entry.address, entry.agent, entry.request_id
]) with ordinality as parts(part, no)
"""

# Called last before the commit, so a lane is held for the commit only. Each connection begins at a lane of its own;
# whoever finds all of them busy waits at that one. The lock is taken before the head is read: a statement of a
# volatile function sees what was committed before it began.
_APPEND: Final = """
declare
    entry audit_entries%rowtype;
    region uuid := coalesce(app_region(), '00000000-0000-0000-0000-000000000000');
    own int := pg_backend_pid() % LANES;
    locked boolean := false;
begin
    for step in 0..(LANES - 1) loop
        entry.lane := (own + step) % LANES;
        locked := pg_try_advisory_xact_lock(hashtextextended('audit/' || region || '/' || entry.lane, 0));
        exit when locked;
    end loop;
    if not locked then
        entry.lane := own;
        perform pg_advisory_xact_lock(hashtextextended('audit/' || region || '/' || own, 0));
    end if;
    select a.seq, a.hash into entry.seq, entry.prev_hash from audit_entries a
        where a.region_id = region and a.lane = entry.lane order by a.seq desc limit 1;
    entry.region_id := region;
    entry.seq := coalesce(entry.seq, 0) + 1;
    entry.prev_hash := coalesce(entry.prev_hash, decode(repeat('00', 32), 'hex'));
    entry.at := clock_timestamp();
    entry.world_at := app_now();
    entry.account_id := app_account();
    entry.client_id := asked_client;
    entry.session_id := asked_session;
    entry.role := asked_role;
    entry.institution_ids := app_institutions();
    entry.operation := asked_operation;
    entry.purpose := asked_purpose;
    entry.subject := asked_subject;
    entry.person_ids := asked_persons;
    entry.reads := asked_reads;
    entry.changes := asked_changes;
    entry.refused := asked_refused;
    entry.address := asked_address;
    entry.agent := asked_agent;
    entry.request_id := asked_request;
    entry.hash := audit_hash(entry);
    insert into audit_entries values (entry.*);
end
"""

# One step of the index per lane instead of a walk over all entries.
_HEADS: Final = """
with recursive lanes as (
    (select a.region_id, a.lane from audit_entries a order by a.region_id, a.lane limit 1)
    union all
    select further.region_id, further.lane from lanes l cross join lateral (
        select a.region_id, a.lane from audit_entries a
        where (a.region_id, a.lane) > (l.region_id, l.lane) order by a.region_id, a.lane limit 1) further
), heads as (
    select l.region_id, l.lane, head.seq, head.hash from lanes l cross join lateral (
        select a.seq, a.hash from audit_entries a where a.region_id = l.region_id and a.lane = l.lane
        order by a.seq desc limit 1) head
)
select h.region_id, h.lane, h.seq, h.hash from heads h
where not exists (select 1 from audit_seals s
                  where s.region_id = h.region_id and s.lane = h.lane and s.seq = h.seq)
"""

_KEEP_SEAL: Final = """
insert into audit_seals (region_id, lane, seq, hash, sealed_at, token)
values (asked_region, asked_lane, asked_seq, asked_hash, clock_timestamp(), asked_token)
on conflict do nothing
"""

# plpgsql, because the functions that know the care relations come on a higher floor
_ACCESSES: Final = """
begin
    if not app_sees_person(app_region(), asked_person) then
        return;
    end if;
    return query select a.at, a.lane, a.seq, a.account_id, a.role::text, a.institution_ids, a.operation::text,
        a.purpose::text, a.changes <> '[]'::jsonb, a.refused::text
    from audit_entries a
    where a.region_id = app_region() and a.person_ids @> array[asked_person] and a.at < asked_before
    order by a.at desc, a.lane, a.seq desc limit asked_most;
end
"""

# What a platform's administrator may know of every region: how its chains stand, nothing that is in them.
_CHECKS: Final = """
declare
    without uuid := '00000000-0000-0000-0000-000000000000';
begin
    if not exists (select 1 from accounts a where a.region_id = app_region() and a.id = app_account()
                   and a.role = 'platform_admin' and a.status = 'active') then
        raise exception 'not a platform administrator' using errcode = '42501';
    end if;
    return query
    select known.id, known.code::text, known.name::text,
        (select max(head.at) from generate_series(0, LANES - 1) as lane (no) cross join lateral (
            select s.sealed_at as at from audit_seals s
            where s.region_id = known.id and s.lane = lane.no order by s.seq desc limit 1) head),
        newest.checked_at, newest.since, newest.entries, newest.wrong, newest.sound
    from (select r.id, r.code, r.name from regions r union all select without, null, null) known
    left join lateral (select * from audit_checks c where c.region_id = known.id
                       order by c.checked_at desc limit 1) newest on true
    order by known.code nulls first;
end
"""


def create(entry: type[SQLModel], seal: type[SQLModel], check: type[SQLModel]) -> None:
    """Attach the functions to the tables of the trail."""
    fences.statement(
        entry,
        "create function audit_hash(entry audit_entries) returns bytea language sql stable"
        f" set search_path = public, pg_temp as $body$\n{_HASH.strip()}\n$body$",
    )
    fences.statement(entry, "revoke all on function audit_hash from public")
    fences.definer(
        entry,
        "audit_append(asked_role text, asked_client uuid, asked_session uuid, asked_operation text,"
        " asked_purpose text, asked_subject text, asked_persons uuid[], asked_reads text[], asked_changes jsonb,"
        " asked_refused text, asked_address text, asked_agent text, asked_request text)",
        "void",
        _APPEND.replace("LANES", str(LANES)),
        language="plpgsql",
        volatile=True,
    )
    fences.definer(
        entry,
        "audit_accesses(asked_person uuid, asked_before timestamptz, asked_most int)",
        "table (at timestamptz, lane smallint, seq bigint, account_id uuid, role text, institution_ids uuid[],"
        " operation text, purpose text, changed boolean, refused text)",
        _ACCESSES,
        language="plpgsql",
    )
    fences.definer(seal, "audit_heads()", "table (region_id uuid, lane smallint, seq bigint, hash bytea)", _HEADS)
    fences.definer(
        seal,
        "audit_keep_seal(asked_region uuid, asked_lane smallint, asked_seq bigint, asked_hash bytea, asked_token text)",
        "void",
        _KEEP_SEAL,
        volatile=True,
    )
    fences.definer(
        check,
        "audit_checks_told()",
        "table (region_id uuid, code text, name text, sealed_at timestamptz, checked_at timestamptz, since timestamptz,"
        " entries bigint, wrong bigint, sound boolean)",
        _CHECKS.replace("LANES", str(LANES)),
        language="plpgsql",
    )
