"""Quotes, settlements, reversals.

Revision: 202611221300, after 202611221200
"""

from migrations import sql

revision = "202611221300"
down_revision = "202611221200"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE visit_fees (
    region_id UUID NOT NULL,
    institution_id UUID NOT NULL,
    trip_id UUID NOT NULL,
    home_id UUID NOT NULL,
    round INTEGER NOT NULL,
    fee_fen BIGINT,
    shares JSONB NOT NULL,
    CONSTRAINT pk_visit_fees PRIMARY KEY (region_id, trip_id, home_id, round),
    CONSTRAINT fk_visit_fees_region_id_trip_id FOREIGN KEY(region_id, trip_id) REFERENCES trips (region_id, id),
    CONSTRAINT ck_visit_fees_fee CHECK (fee_fen >= 0)
);

CREATE TABLE quotes (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    order_id UUID,
    person_id UUID NOT NULL,
    service_on DATE NOT NULL,
    distance_metres INTEGER NOT NULL,
    gross_fen BIGINT NOT NULL,
    patient_fen BIGINT NOT NULL,
    bill JSONB NOT NULL,
    quoted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_quotes PRIMARY KEY (region_id, id),
    CONSTRAINT fk_quotes_region_id_order_id FOREIGN KEY(region_id, order_id) REFERENCES orders (region_id, id),
    CONSTRAINT fk_quotes_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id)
);

CREATE INDEX ix_quotes_order ON quotes (region_id, order_id);

CREATE TABLE settlement_refusals (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    code VARCHAR NOT NULL,
    facts JSONB NOT NULL,
    reason VARCHAR NOT NULL,
    refused_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_settlement_refusals PRIMARY KEY (region_id, id),
    CONSTRAINT fk_settlement_refusals_region_id_visit_id FOREIGN KEY(region_id, visit_id) REFERENCES visits (region_id, id)
);

CREATE INDEX ix_settlement_refusals_visit ON settlement_refusals (region_id, visit_id);

CREATE TABLE settlements (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    person_id UUID NOT NULL,
    trip_id UUID,
    home_id UUID,
    trip_round INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    follows_seq INTEGER,
    service_on DATE NOT NULL,
    gross_fen BIGINT NOT NULL,
    patient_fen BIGINT NOT NULL,
    facts JSONB NOT NULL,
    settled_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_settlements PRIMARY KEY (region_id, id),
    CONSTRAINT fk_settlements_region_id_visit_id FOREIGN KEY(region_id, visit_id) REFERENCES visits (region_id, id),
    CONSTRAINT fk_settlements_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id),
    CONSTRAINT settlements_one_live UNIQUE (region_id, visit_id, seq),
    CONSTRAINT ck_settlements_follows CHECK ((seq = 1 and follows_seq is null) or (seq > 1 and follows_seq = seq - 1)),
    CONSTRAINT settlements_one_per_round UNIQUE (region_id, visit_id, trip_round),
    CONSTRAINT settlements_of_a_round FOREIGN KEY(region_id, trip_id, home_id, trip_round) REFERENCES visit_fees (region_id, trip_id, home_id, round),
    CONSTRAINT ck_settlements_amounts CHECK (gross_fen >= 0 and patient_fen between 0 and gross_fen)
);

CREATE INDEX ix_settlements_person ON settlements (region_id, person_id, service_on);

CREATE INDEX ix_settlements_day ON settlements (region_id, institution_id, service_on);

CREATE INDEX ix_settlements_trip ON settlements (region_id, trip_id, home_id);

CREATE TABLE bill_lines (
    region_id UUID NOT NULL,
    institution_id UUID NOT NULL,
    settlement_id UUID NOT NULL,
    line_no INTEGER NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    quantity INTEGER,
    charged_quantity INTEGER,
    status VARCHAR NOT NULL,
    gross_fen BIGINT NOT NULL,
    patient_fen BIGINT NOT NULL,
    price_from DATE,
    reason VARCHAR NOT NULL,
    CONSTRAINT pk_bill_lines PRIMARY KEY (region_id, settlement_id, line_no),
    CONSTRAINT fk_bill_lines_region_id_settlement_id FOREIGN KEY(region_id, settlement_id) REFERENCES settlements (region_id, id)
);

CREATE TABLE reversals (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    settlement_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    reason VARCHAR NOT NULL,
    gross_fen BIGINT NOT NULL,
    patient_fen BIGINT NOT NULL,
    reversed_by_account_id UUID NOT NULL,
    reversed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_reversals PRIMARY KEY (region_id, id),
    CONSTRAINT fk_reversals_region_id_settlement_id FOREIGN KEY(region_id, settlement_id) REFERENCES settlements (region_id, id),
    CONSTRAINT reversals_once UNIQUE (region_id, settlement_id),
    CONSTRAINT reversals_of_seq UNIQUE (region_id, visit_id, seq),
    CONSTRAINT reversals_of_a_settlement FOREIGN KEY(region_id, visit_id, seq) REFERENCES settlements (region_id, visit_id, seq)
);

CREATE TABLE bill_fundings (
    region_id UUID NOT NULL,
    institution_id UUID NOT NULL,
    settlement_id UUID NOT NULL,
    line_no INTEGER NOT NULL,
    funding_no INTEGER NOT NULL,
    source VARCHAR NOT NULL,
    ref_id UUID,
    units BIGINT,
    amount_fen BIGINT NOT NULL,
    reason VARCHAR NOT NULL,
    CONSTRAINT pk_bill_fundings PRIMARY KEY (region_id, settlement_id, line_no, funding_no),
    CONSTRAINT bill_fundings_of_a_line FOREIGN KEY(region_id, settlement_id, line_no) REFERENCES bill_lines (region_id, settlement_id, line_no),
    CONSTRAINT ck_bill_fundings_amount CHECK (amount_fen >= 0)
);

ALTER TABLE settlements ADD CONSTRAINT settlements_follow_a_reversal FOREIGN KEY(region_id, visit_id, follows_seq) REFERENCES reversals (region_id, visit_id, seq);

alter table quotes enable row level security;

grant select, insert, update on quotes to xunzhen_app;

create policy quotes_sees on quotes for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy quotes_adds on quotes for insert with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy quotes_changes on quotes for update using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id))) with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

alter table settlements enable row level security;

grant select, insert on settlements to xunzhen_app;

create policy settlements_sees on settlements for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy settlements_adds on settlements for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

alter table bill_lines enable row level security;

grant select, insert on bill_lines to xunzhen_app;

create policy bill_lines_sees on bill_lines for select using (exists (select 1 from settlements s where s.region_id = bill_lines.region_id and s.id = settlement_id));

create policy bill_lines_adds on bill_lines for insert with check (exists (select 1 from settlements s where s.region_id = bill_lines.region_id and s.id = settlement_id));

alter table bill_fundings enable row level security;

grant select, insert on bill_fundings to xunzhen_app;

create policy bill_fundings_sees on bill_fundings for select using (exists (select 1 from settlements s where s.region_id = bill_fundings.region_id and s.id = settlement_id));

create policy bill_fundings_adds on bill_fundings for insert with check (exists (select 1 from settlements s where s.region_id = bill_fundings.region_id and s.id = settlement_id));

alter table reversals enable row level security;

grant select, insert on reversals to xunzhen_app;

create policy reversals_sees on reversals for select using (exists (select 1 from settlements s where s.region_id = reversals.region_id and s.id = settlement_id));

create policy reversals_adds on reversals for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

alter table visit_fees enable row level security;

grant select, insert on visit_fees to xunzhen_app;

create policy visit_fees_sees on visit_fees for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy visit_fees_adds on visit_fees for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

alter table settlement_refusals enable row level security;

grant select, insert on settlement_refusals to xunzhen_app;

create policy settlement_refusals_sees on settlement_refusals for select using (exists (select 1 from visits v where v.region_id = settlement_refusals.region_id and v.id = visit_id));

create policy settlement_refusals_adds on settlement_refusals for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create function settlements_add_up() returns trigger language plpgsql as $body$
declare
    wrong int;
    bill uuid := to_jsonb(new) ->> case tg_table_name when 'settlements' then 'id' else 'settlement_id' end;
begin
    select count(*) into wrong from settlements s
    where s.region_id = new.region_id and s.id = bill and (
        s.gross_fen <> (select coalesce(sum(l.gross_fen), 0) from bill_lines l
                        where l.region_id = s.region_id and l.settlement_id = s.id)
        or s.patient_fen <> (select coalesce(sum(l.patient_fen), 0) from bill_lines l
                             where l.region_id = s.region_id and l.settlement_id = s.id));
    if wrong = 0 then
        select count(*) into wrong from bill_lines l
        where l.region_id = new.region_id and l.settlement_id = bill and (
            l.gross_fen <> (select coalesce(sum(f.amount_fen), 0) from bill_fundings f
                            where f.region_id = l.region_id and f.settlement_id = l.settlement_id
                              and f.line_no = l.line_no)
            or l.patient_fen <> (select coalesce(sum(f.amount_fen), 0) from bill_fundings f
                                 where f.region_id = l.region_id and f.settlement_id = l.settlement_id
                                   and f.line_no = l.line_no and f.source = 'self_pay'));
    end if;
    if wrong > 0 then
        raise exception 'bill does not add up' using errcode = '23514', constraint = 'settlements_add_up';
    end if;
    return null;
end
$body$;

create constraint trigger settlements_add_up after insert on settlements deferrable initially deferred for each row execute function settlements_add_up();

create constraint trigger bill_lines_add_up after insert on bill_lines deferrable initially deferred for each row execute function settlements_add_up();

create constraint trigger bill_fundings_add_up after insert on bill_fundings deferrable initially deferred for each row execute function settlements_add_up();

create function billing_hold_trip(held_region uuid, held_trip uuid) returns void language sql as
$body$ select pg_advisory_xact_lock(hashtextextended('billing.trip/' || held_region || held_trip, 0)) $body$;

create function visit_fees_begin_round() returns trigger language plpgsql as $body$
begin
    -- rounds and bills of a trip come in one after the other, so that each sees the ones before it
    perform billing_hold_trip(new.region_id, new.trip_id);
    if new.round <> 1 + (select coalesce(max(f.round), 0) from visit_fees f
                         where f.region_id = new.region_id and f.trip_id = new.trip_id and f.home_id = new.home_id)
       or exists (select 1 from settlements s
                  where s.region_id = new.region_id and s.trip_id = new.trip_id and s.home_id = new.home_id
                    and not exists (select 1 from reversals r
                                    where r.region_id = s.region_id and r.settlement_id = s.id)) then
        raise exception 'the trip has live bills' using errcode = '23514', constraint = 'visit_fees_begin_round';
    end if;
    return new;
end
$body$;

create trigger visit_fees_begin_round before insert on visit_fees for each row execute function visit_fees_begin_round();

create function settlements_join_round() returns trigger language plpgsql as $body$
begin
    if new.trip_id is not null then
        perform billing_hold_trip(new.region_id, new.trip_id);
        if exists (select 1 from visit_fees f
                   where f.region_id = new.region_id and f.trip_id = new.trip_id and f.home_id = new.home_id
                     and f.round > new.trip_round) then
            raise exception 'a later round has begun' using errcode = '23514', constraint = 'settlements_join_round';
        end if;
    end if;
    return new;
end
$body$;

create trigger settlements_join_round before insert on settlements for each row execute function settlements_join_round();

create function bill_lines_share_one_fee() returns trigger language plpgsql as $body$
begin
    if exists (
        select 1 from settlements mine
        join visit_fees f on f.region_id = mine.region_id and f.trip_id = mine.trip_id and f.home_id = mine.home_id
                         and f.round = mine.trip_round
        where mine.region_id = new.region_id and mine.id = new.settlement_id and f.fee_fen < (
            select sum(l.gross_fen) from settlements s
            join bill_lines l on l.region_id = s.region_id and l.settlement_id = s.id and l.code = 'VISIT_FEE'
            where s.region_id = f.region_id and s.trip_id = f.trip_id and s.home_id = f.home_id
              and s.trip_round = f.round)) then
        raise exception 'the shares exceed the fee' using errcode = '23514', constraint = 'bill_lines_share_one_fee';
    end if;
    return null;
end
$body$;

create constraint trigger bill_lines_share_one_fee after insert on bill_lines deferrable initially deferred for each row when (new.code = 'VISIT_FEE') execute function bill_lines_share_one_fee();

create function billing_crew_licences(asked_visits uuid[]) returns table (practitioner_id uuid, valid_from date, valid_to date) language sql stable security definer set search_path = public, pg_temp as $body$
select distinct q.practitioner_id, q.valid_from, q.valid_to from visits v
join visit_events e on e.region_id = v.region_id and e.visit_id = v.id and e.kind = 'start'
join qualifications q on q.region_id = v.region_id and q.practitioner_id = e.practitioner_id and q.kind = 'licence'
where v.region_id = app_region() and v.id = any(asked_visits) and v.institution_id = any(app_institutions())
$body$;

revoke all on function billing_crew_licences from public;

grant execute on function billing_crew_licences to xunzhen_app;
"""

DOWN = """
drop table bill_fundings, reversals, bill_lines, settlements, settlement_refusals, quotes, visit_fees cascade;
drop function billing_crew_licences cascade;
drop function bill_lines_share_one_fee cascade;
drop function settlements_join_round cascade;
drop function visit_fees_begin_round cascade;
drop function billing_hold_trip cascade;
drop function settlements_add_up cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
