"""Home beds.

Revision: 202611221000, after 202611220900
"""

from migrations import sql

revision = "202611221000"
down_revision = "202611220900"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE beds (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    bed_no VARCHAR NOT NULL,
    person_id UUID NOT NULL,
    doctor_id UUID NOT NULL,
    opened_on DATE NOT NULL,
    closed_on DATE,
    payment VARCHAR NOT NULL,
    excluded_codes TEXT[] NOT NULL,
    closing_reason VARCHAR,
    CONSTRAINT pk_beds PRIMARY KEY (region_id, id),
    CONSTRAINT fk_beds_region_id_institution_id FOREIGN KEY(region_id, institution_id) REFERENCES institutions (region_id, id),
    CONSTRAINT fk_beds_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id),
    CONSTRAINT fk_beds_region_id_doctor_id FOREIGN KEY(region_id, doctor_id) REFERENCES practitioners (region_id, id),
    CONSTRAINT beds_no_once UNIQUE (region_id, institution_id, bed_no),
    CONSTRAINT beds_one_open EXCLUDE USING gist (region_id WITH =, person_id WITH =, daterange(opened_on, closed_on, '[)') WITH &&),
    CONSTRAINT ck_beds_payment CHECK (payment in ('per_item', 'per_diem')),
    CONSTRAINT ck_beds_closes_after_it_opens CHECK (closed_on is null or closed_on > opened_on)
);

alter table beds enable row level security;

grant select, insert, update on beds to xunzhen_app;

create policy beds_sees on beds for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy beds_adds on beds for insert with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy beds_changes on beds for update using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id))) with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create function beds_open_on(asked_person uuid, asked_on date) returns table (bed_id uuid, institution_id uuid, opened_on date, closed_on date, payment text, excluded_codes text[]) language sql stable security definer set search_path = public, pg_temp as $body$
select b.id, b.institution_id, b.opened_on, b.closed_on, b.payment, b.excluded_codes from beds b
where b.region_id = app_region() and b.person_id = asked_person
  and b.opened_on <= asked_on and (b.closed_on is null or asked_on < b.closed_on)
  and app_sees_person(b.region_id, b.person_id)
$body$;

revoke all on function beds_open_on from public;

grant execute on function beds_open_on to xunzhen_app;

create function beds_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('beds/' || new.region_id || '/' || new.person_id, 0));
    return new;
end
$body$;

create trigger beds_take_turns before insert on beds for each row execute function beds_take_turns();
"""

DOWN = """
drop table beds cascade;
drop function beds_take_turns cascade;
drop function beds_open_on cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
