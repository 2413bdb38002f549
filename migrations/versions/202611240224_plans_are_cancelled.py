"""Plans are cancelled.

Revision: 202611240224, after 202611240219
"""

from migrations import sql

revision = "202611240224"
down_revision = "202611240219"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table plans drop constraint ck_plans_state;

CREATE OR REPLACE FUNCTION public.plans_refuse_illegal_move()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if old.state <> new.state and not ((old.state = 'queued' and new.state in ('cancelled', 'failed', 'solving')) or (old.state = 'solving' and new.state in ('cancelled', 'failed', 'solved', 'solving')) or (old.state = 'solved' and new.state in ('published')) or (old.state = 'published' and new.state in ('superseded'))) then
        raise exception 'illegal move % -> %', old.state, new.state
            using errcode = '23514', constraint = 'plans_state_moves';
    end if;
    return new;
end
$function$;

revoke all on function plans_refuse_illegal_move() from public;

ALTER TABLE plans ADD CONSTRAINT ck_plans_state CHECK (state in ('queued', 'solving', 'solved', 'published', 'superseded', 'failed', 'cancelled'));

create trigger plans_refuse_illegal_move before update of state on plans for each row execute function plans_refuse_illegal_move();

grant execute on function plans_refuse_illegal_move() to public;
"""

DOWN = r"""
set local check_function_bodies = off;

revoke execute on function plans_refuse_illegal_move() from public;

drop trigger plans_refuse_illegal_move on plans;

-- the version before has no word for it
update plans set state = 'failed', failure = '已取消' where state = 'cancelled';

alter table plans drop constraint ck_plans_state;

drop function plans_refuse_illegal_move() cascade;

ALTER TABLE plans ADD CONSTRAINT ck_plans_state CHECK (state in ('queued', 'solving', 'solved', 'published', 'superseded', 'failed'));
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
