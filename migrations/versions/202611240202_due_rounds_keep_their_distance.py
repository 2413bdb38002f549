"""Due rounds keep their distance.

Revision: 202611240202, after 202611231632
"""

from migrations import sql

revision = "202611240202"
down_revision = "202611231632"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

drop trigger orders_stay on orders;

-- of orders made so far nobody wrote down whether a hand has moved them since: they stay without
alter table orders add column round_apart_days integer;

CREATE OR REPLACE FUNCTION public.orders_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('orders/' || new.region_id || '/' || new.round_plan_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function orders_take_turns() from public;

alter table orders add constraint orders_round_apart EXCLUDE USING gist (region_id WITH =, round_plan_id WITH =, daterange(service_on, (service_on + round_apart_days)) WITH &&) WHERE (((round_apart_days IS NOT NULL) AND ((state)::text = ANY ('{accepted,closed,done,in_progress,scheduled,submitted}'::text[]))));

ALTER TABLE orders ADD CONSTRAINT ck_orders_round_apart CHECK (round_apart_days is null or (round_plan_id is not null and round_apart_days between 1 and 366));

create trigger orders_take_turns before insert on orders for each row execute function orders_take_turns();

create trigger orders_stay before update of id, region_id, institution_id, order_no, kind, person_id, home_id, service_on, wished, staff_count, mobility_reason, preferred_practitioner_id, staff_sex, preferred_only, excluded_practitioner_ids, same_staff, distance_metres, round_plan_id, round_owed_on, round_apart_days, placed_by_account_id, placed_at on orders for each row execute function orders_stay();

grant execute on function orders_take_turns() to public;
"""

DOWN = r"""
set local check_function_bodies = off;

revoke execute on function orders_take_turns() from public;

drop trigger orders_take_turns on orders;

drop trigger orders_stay on orders;

alter table orders drop constraint orders_round_apart;

alter table orders drop constraint ck_orders_round_apart;

drop function orders_take_turns() cascade;

alter table orders drop column round_apart_days;

CREATE TRIGGER orders_stay BEFORE UPDATE OF id, region_id, institution_id, order_no, kind, person_id, home_id, service_on, wished, staff_count, mobility_reason, preferred_practitioner_id, staff_sex, preferred_only, excluded_practitioner_ids, same_staff, distance_metres, round_plan_id, round_owed_on, placed_by_account_id, placed_at ON public.orders FOR EACH ROW EXECUTE FUNCTION orders_stay();
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
