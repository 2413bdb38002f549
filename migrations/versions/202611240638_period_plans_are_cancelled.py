"""Period plans are cancelled.

Revision: 202611240638, after 202611240603
"""

from migrations import sql

revision = "202611240638"
down_revision = "202611240603"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table period_plans drop constraint ck_period_plans_state;

alter table period_plans add column cancelled_by_account_id uuid;

alter table period_plans add column cancelled_at timestamp with time zone;

CREATE OR REPLACE FUNCTION public.period_plans_refuse_illegal_move()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if old.state <> new.state and not ((old.state = 'queued' and new.state in ('cancelled', 'failed', 'solved')) or (old.state = 'solved' and new.state in ('accepted'))) then
        raise exception 'illegal move % -> %', old.state, new.state
            using errcode = '23514', constraint = 'period_plans_state_moves';
    end if;
    return new;
end
$function$;

revoke all on function period_plans_refuse_illegal_move() from public;

ALTER TABLE period_plans ADD CONSTRAINT ck_period_plans_cancelled CHECK ((cancelled_at is not null) = (state = 'cancelled') and (cancelled_by_account_id is not null) = (state = 'cancelled'));

ALTER TABLE period_plans ADD CONSTRAINT ck_period_plans_state CHECK (state in ('queued', 'solved', 'accepted', 'failed', 'cancelled'));

create trigger period_plans_refuse_illegal_move before update of state on period_plans for each row execute function period_plans_refuse_illegal_move();

grant execute on function period_plans_refuse_illegal_move() to public;
"""

DOWN = r"""
set local check_function_bodies = off;

revoke execute on function period_plans_refuse_illegal_move() from public;

drop trigger period_plans_refuse_illegal_move on period_plans;

alter table period_plans drop constraint ck_period_plans_cancelled;

alter table period_plans drop constraint ck_period_plans_state;

-- the version before has no word for it
update period_plans set state = 'failed', failure = '已取消' where state = 'cancelled';

drop function period_plans_refuse_illegal_move() cascade;

alter table period_plans drop column cancelled_by_account_id;

alter table period_plans drop column cancelled_at;

ALTER TABLE period_plans ADD CONSTRAINT ck_period_plans_state CHECK (state in ('queued', 'solved', 'accepted', 'failed'));
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
