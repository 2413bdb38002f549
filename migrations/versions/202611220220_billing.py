"""Quotes, settlements, reversals.

Revision: 202611220220, after 202611220210
"""

from migrations import sql

revision = "202611220220"
down_revision = "202611220210"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE visit_fees (
    region_id UUID NOT NULL,
    institution_id UUID NOT NULL,
    trip_id UUID NOT NULL,
    home_id UUID NOT NULL,
    fee_fen BIGINT NOT NULL,
    CONSTRAINT pk_visit_fees PRIMARY KEY (region_id, trip_id, home_id),
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

CREATE TABLE settlements (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    person_id UUID NOT NULL,
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
    CONSTRAINT ck_settlements_amounts CHECK (gross_fen >= 0 and patient_fen between 0 and gross_fen)
);

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

create function settlements_add_up() returns trigger language plpgsql as $body$
declare
    wrong int;
    bill uuid := case tg_table_name when 'settlements' then to_jsonb(new)->>'id' else to_jsonb(new)->>'settlement_id' end;
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
                            where f.region_id = l.region_id and f.settlement_id = l.settlement_id and f.line_no = l.line_no)
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
"""

DOWN = """
drop table bill_fundings, reversals, bill_lines, settlements, quotes, visit_fees cascade;
drop function settlements_add_up cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
