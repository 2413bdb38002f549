"""Orders and their moves.

Revision: 202611220900, after 202611220800
"""

from migrations import sql

revision = "202611220900"
down_revision = "202611220800"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE orders (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    order_no VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    person_id UUID NOT NULL,
    home_id UUID NOT NULL,
    state VARCHAR NOT NULL,
    service_on DATE NOT NULL,
    wished TSTZRANGE NOT NULL,
    staff_count INTEGER NOT NULL,
    mobility_reason VARCHAR NOT NULL,
    preferred_practitioner_id UUID,
    distance_metres INTEGER,
    placed_by_account_id UUID NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_orders PRIMARY KEY (region_id, id),
    CONSTRAINT fk_orders_region_id_institution_id FOREIGN KEY(region_id, institution_id) REFERENCES institutions (region_id, id),
    CONSTRAINT fk_orders_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id),
    CONSTRAINT fk_orders_region_id_home_id FOREIGN KEY(region_id, home_id) REFERENCES homes (region_id, id),
    CONSTRAINT fk_orders_region_id_preferred_practitioner_id FOREIGN KEY(region_id, preferred_practitioner_id) REFERENCES practitioners (region_id, id),
    CONSTRAINT orders_no_once UNIQUE (region_id, institution_id, order_no),
    CONSTRAINT ck_orders_kind CHECK (kind in ('home_visit', 'home_bed_round', 'institution_round')),
    CONSTRAINT ck_orders_state CHECK (state in ('draft', 'submitted', 'accepted', 'scheduled', 'in_progress', 'done', 'closed', 'rejected', 'cancelled', 'noshow')),
    CONSTRAINT ck_orders_distance CHECK (distance_metres >= 0)
);

CREATE INDEX ix_orders_day ON orders (region_id, institution_id, service_on, state);

CREATE INDEX ix_orders_person ON orders (region_id, person_id, service_on);

CREATE TABLE order_items (
    region_id UUID NOT NULL,
    institution_id UUID NOT NULL,
    order_id UUID NOT NULL,
    code VARCHAR NOT NULL,
    quantity INTEGER NOT NULL,
    CONSTRAINT pk_order_items PRIMARY KEY (region_id, order_id, code),
    CONSTRAINT fk_order_items_region_id_order_id FOREIGN KEY(region_id, order_id) REFERENCES orders (region_id, id),
    CONSTRAINT ck_order_items_quantity CHECK (quantity between 1 and 99)
);

CREATE TABLE order_moves (
    region_id UUID NOT NULL,
    institution_id UUID NOT NULL,
    order_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    from_state VARCHAR,
    to_state VARCHAR NOT NULL,
    moved_at TIMESTAMP WITH TIME ZONE NOT NULL,
    moved_by_account_id UUID,
    because VARCHAR NOT NULL,
    CONSTRAINT pk_order_moves PRIMARY KEY (region_id, order_id, seq),
    CONSTRAINT fk_order_moves_region_id_order_id FOREIGN KEY(region_id, order_id) REFERENCES orders (region_id, id)
);

create function orders_refuse_illegal_move() returns trigger language plpgsql as $body$
begin
    if old.state <> new.state and not ((old.state = 'draft' and new.state in ('cancelled', 'submitted')) or (old.state = 'submitted' and new.state in ('accepted', 'cancelled', 'rejected')) or (old.state = 'accepted' and new.state in ('cancelled', 'rejected', 'scheduled')) or (old.state = 'scheduled' and new.state in ('accepted', 'cancelled', 'in_progress', 'noshow')) or (old.state = 'in_progress' and new.state in ('done', 'noshow')) or (old.state = 'done' and new.state in ('closed')) or (old.state = 'closed' and new.state in ('done'))) then
        raise exception 'illegal move % -> %', old.state, new.state
            using errcode = '23514', constraint = 'orders_state_moves';
    end if;
    return new;
end
$body$;

create trigger orders_refuse_illegal_move before update of state on orders for each row execute function orders_refuse_illegal_move();

create function orders_next_no(asked_institution uuid, asked_on date) returns text language plpgsql volatile security definer set search_path = public, pg_temp as $body$
declare
    last integer;
begin
    -- one at a time per institution and day: whoever waits here sees the number that the one before committed
    perform pg_advisory_xact_lock(hashtextextended('orders.no/' || app_region() || asked_institution || asked_on, 0));
    select max(split_part(o.order_no, '-', 2)::integer) into last from orders o
        where o.region_id = app_region() and o.institution_id = asked_institution
          and o.order_no like to_char(asked_on, 'YYYYMMDD') || '-%';
    return to_char(asked_on, 'YYYYMMDD') || '-' || to_char(coalesce(last, 0) + 1, 'FM9990000');
end
$body$;

revoke all on function orders_next_no from public;

grant execute on function orders_next_no to xunzhen_app;

create function orders_count_open(asked_person uuid, asked_states text[]) returns bigint language plpgsql volatile security definer set search_path = public, pg_temp as $body$
declare
    found bigint;
begin
    -- held until the commit: two orders of one person are counted one after the other, whatever the institutions
    perform pg_advisory_xact_lock(hashtextextended('orders.open/' || app_region() || asked_person, 0));
    select count(*) into found from orders o
        where o.region_id = app_region() and o.person_id = asked_person and o.state = any(asked_states)
          and app_sees_person(o.region_id, o.person_id);
    return found;
end
$body$;

revoke all on function orders_count_open from public;

grant execute on function orders_count_open to xunzhen_app;

create function orders_works_at(asked_practitioner uuid, asked_institution uuid) returns boolean language sql stable security definer set search_path = public, pg_temp as $body$
select exists (select 1 from practitioners p where p.region_id = app_region() and p.id = asked_practitioner
               and p.institution_id = asked_institution and p.active)
$body$;

revoke all on function orders_works_at from public;

grant execute on function orders_works_at to xunzhen_app;

alter table orders enable row level security;

grant select, insert, update on orders to xunzhen_app;

create policy orders_sees on orders for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy orders_adds on orders for insert with check (((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id))) and state in ('draft', 'submitted'));

create policy orders_changes on orders for update using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id))) with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

alter table order_items enable row level security;

grant select, insert, update, delete on order_items to xunzhen_app;

create policy order_items_sees on order_items for select using (exists (select 1 from orders o where o.region_id = order_items.region_id and o.id = order_id));

create policy order_items_adds on order_items for insert with check (exists (select 1 from orders o where o.region_id = order_items.region_id and o.id = order_id));

create policy order_items_changes on order_items for update using (exists (select 1 from orders o where o.region_id = order_items.region_id and o.id = order_id)) with check (exists (select 1 from orders o where o.region_id = order_items.region_id and o.id = order_id));

create policy order_items_removes on order_items for delete using (exists (select 1 from orders o where o.region_id = order_items.region_id and o.id = order_id));

alter table order_moves enable row level security;

grant select, insert on order_moves to xunzhen_app;

create policy order_moves_sees on order_moves for select using (exists (select 1 from orders o where o.region_id = order_moves.region_id and o.id = order_id));

create policy order_moves_adds on order_moves for insert with check (exists (select 1 from orders o where o.region_id = order_moves.region_id and o.id = order_id));
"""

DOWN = """
drop table order_moves, order_items, orders cascade;
drop function orders_works_at cascade;
drop function orders_count_open cascade;
drop function orders_next_no cascade;
drop function orders_refuse_illegal_move cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
