"""Accounts and refresh tokens.

Revision: 202611220400, after 202611220300
"""

from migrations import sql

revision = "202611220400"
down_revision = "202611220300"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE accounts (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    username VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    display_name VARCHAR NOT NULL,
    password_hash VARCHAR,
    status VARCHAR NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sessions_from TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_accounts PRIMARY KEY (region_id, id),
    CONSTRAINT accounts_username_once UNIQUE (region_id, username),
    CONSTRAINT ck_accounts_role CHECK (role in ('elder', 'family_proxy', 'doctor', 'nurse', 'therapist', 'dispatcher', 'finance', 'institution_admin', 'region_admin', 'service_client')),
    CONSTRAINT ck_accounts_status CHECK (status in ('active', 'disabled'))
);

CREATE TABLE refresh_tokens (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    account_id UUID NOT NULL,
    family_id UUID NOT NULL,
    secret_hash BYTEA NOT NULL,
    issued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_refresh_tokens PRIMARY KEY (region_id, id),
    CONSTRAINT fk_refresh_tokens_region_id_account_id FOREIGN KEY(region_id, account_id) REFERENCES accounts (region_id, id),
    CONSTRAINT refresh_tokens_secret_once UNIQUE (secret_hash)
);

CREATE INDEX ix_refresh_tokens_family ON refresh_tokens (region_id, family_id);

CREATE TABLE account_institutions (
    region_id UUID NOT NULL,
    account_id UUID NOT NULL,
    institution_id UUID NOT NULL,
    CONSTRAINT pk_account_institutions PRIMARY KEY (region_id, account_id, institution_id),
    CONSTRAINT fk_account_institutions_region_id_account_id FOREIGN KEY(region_id, account_id) REFERENCES accounts (region_id, id),
    CONSTRAINT fk_account_institutions_region_id_institution_id FOREIGN KEY(region_id, institution_id) REFERENCES institutions (region_id, id)
);

CREATE INDEX ix_account_institutions_colleagues ON account_institutions (region_id, institution_id);

alter table accounts enable row level security;

grant select, insert, update on accounts to xunzhen_app;

create policy accounts_sees on accounts for select using (region_id = (select app_region()) and (id = (select app_account()) or (select app_region_wide()) or exists (select 1 from account_institutions l where l.region_id = accounts.region_id and l.account_id = accounts.id and l.institution_id = any((select app_institutions())::uuid[]))));

create policy accounts_adds on accounts for insert with check (region_id = (select app_region()) and ((select app_region_wide()) or role in ('elder', 'family_proxy') or (role not in ('region_admin', 'service_client') and cardinality((select app_institutions())) > 0)));

create policy accounts_changes on accounts for update using (region_id = (select app_region()) and (id = (select app_account()) or (select app_region_wide()) or exists (select 1 from account_institutions l where l.region_id = accounts.region_id and l.account_id = accounts.id and l.institution_id = any((select app_institutions())::uuid[])))) with check (region_id = (select app_region()) and (id = (select app_account()) or (select app_region_wide()) or exists (select 1 from account_institutions l where l.region_id = accounts.region_id and l.account_id = accounts.id and l.institution_id = any((select app_institutions())::uuid[]))));

revoke update on accounts from xunzhen_app;

grant update (display_name, password_hash, status, sessions_from) on accounts to xunzhen_app;

alter table account_institutions enable row level security;

grant select, insert on account_institutions to xunzhen_app;

create policy account_institutions_sees on account_institutions for select using (region_id = (select app_region()) and (institution_id = any((select app_institutions())::uuid[]) or (select app_region_wide()) or account_id = (select app_account())));

create policy account_institutions_adds on account_institutions for insert with check (region_id = (select app_region()) and (institution_id = any((select app_institutions())::uuid[]) or (select app_region_wide())));

alter table refresh_tokens enable row level security;

grant select, insert, update on refresh_tokens to xunzhen_app;

create policy refresh_tokens_sees on refresh_tokens for select using (region_id = (select app_region()) and (account_id = (select app_account()) or (select app_region_wide())));

create policy refresh_tokens_adds on refresh_tokens for insert with check (region_id = (select app_region()) and (account_id = (select app_account()) or (select app_region_wide())));

create policy refresh_tokens_changes on refresh_tokens for update using (region_id = (select app_region()) and (account_id = (select app_account()) or (select app_region_wide()))) with check (region_id = (select app_region()) and (account_id = (select app_account()) or (select app_region_wide())));

create function accounts_works_for(asked_region uuid, asked_account uuid) returns uuid[] language sql stable security definer set search_path = public, pg_temp as $body$
select coalesce(array_agg(l.institution_id order by l.institution_id), '{}') from account_institutions l
where l.region_id = asked_region and l.account_id = asked_account
$body$;

revoke all on function accounts_works_for from public;

grant execute on function accounts_works_for to xunzhen_app;

create function accounts_for_login(asked_region uuid, asked_username text) returns table (id uuid, role text, password_hash text, institution_ids uuid[]) language sql stable security definer set search_path = public, pg_temp as $body$
select a.id, a.role, a.password_hash, accounts_works_for(a.region_id, a.id)
from accounts a
where a.region_id = asked_region and a.username = asked_username and a.status = 'active'
$body$;

revoke all on function accounts_for_login from public;

grant execute on function accounts_for_login to xunzhen_app;

create function accounts_standing(asked_region uuid, asked_account uuid) returns table (id uuid, role text, status text, sessions_from timestamptz, institution_ids uuid[]) language sql stable security definer set search_path = public, pg_temp as $body$
select a.id, a.role, a.status, a.sessions_from, accounts_works_for(a.region_id, a.id)
from accounts a
where a.region_id = asked_region and a.id = asked_account
$body$;

revoke all on function accounts_standing from public;

grant execute on function accounts_standing to xunzhen_app;

create function accounts_token_holder(asked_region uuid, asked_token uuid) returns table (account_id uuid, secret_hash bytea) language sql stable security definer set search_path = public, pg_temp as $body$
select t.account_id, t.secret_hash from refresh_tokens t where t.region_id = asked_region and t.id = asked_token
$body$;

revoke all on function accounts_token_holder from public;

grant execute on function accounts_token_holder to xunzhen_app;
"""

DOWN = """
drop table account_institutions, refresh_tokens, accounts cascade;
drop function accounts_token_holder cascade;
drop function accounts_standing cascade;
drop function accounts_for_login cascade;
drop function accounts_works_for cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
