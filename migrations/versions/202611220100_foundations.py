"""What policies ask, the queue, answers that are told again.

Revision: 202611220100, after nothing
"""

from migrations import sql

revision = "202611220100"
down_revision = None
branch_labels = None
depends_on = None

UP = r"""
create function app_region() returns uuid language sql stable as
$$ select nullif(current_setting('app.region_id', true), '')::uuid $$;

create function app_institutions() returns uuid[] language sql stable as
$$ select coalesce(nullif(current_setting('app.institution_ids', true), ''), '{}')::uuid[] $$;

create function app_account() returns uuid language sql stable as
$$ select nullif(current_setting('app.account_id', true), '')::uuid $$;

create function app_region_wide() returns boolean language sql stable as
$$ select coalesce(current_setting('app.region_wide', true), 'off') = 'on' $$;

create function app_now() returns timestamptz language sql stable as
$$ select coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now()) $$;

CREATE TABLE idempotent_answers (
    region_id UUID NOT NULL,
    account_id UUID NOT NULL,
    route VARCHAR NOT NULL,
    key VARCHAR NOT NULL,
    fingerprint VARCHAR NOT NULL,
    status INTEGER NOT NULL,
    body JSONB NOT NULL,
    answered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_idempotent_answers PRIMARY KEY (region_id, account_id, route, key)
);

alter table idempotent_answers enable row level security;

grant select, insert on idempotent_answers to xunzhen_app;

create policy idempotent_answers_sees on idempotent_answers for select using (region_id = (select app_region()) and account_id = (select app_account()));

create policy idempotent_answers_adds on idempotent_answers for insert with check (region_id = (select app_region()) and account_id = (select app_account()));
"""

DOWN = """
drop table idempotent_answers cascade;
drop function app_now cascade;
drop function app_region_wide cascade;
drop function app_account cascade;
drop function app_institutions cascade;
drop function app_region cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
