"""Tables of patients. A person belongs to the region; an institution sees him through a care relation only."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import SQLModel

from service.core.db import fences, rows


class Home(rows.RegionRow, table=True):
    """An address with coordinates (WGS-84; `datum` says what they came in). Several elders may share one."""

    __tablename__ = "homes"
    __table_args__ = (
        rows.refers("registered_by_institution_id", to="institutions"),
        CheckConstraint("lon between -180 and 180 and lat between -90 and 90", name="on_earth"),
    )

    registered_by_institution_id: UUID
    address_sealed: bytes
    lon: float
    lat: float
    datum: str
    floor: int = 1
    has_lift: bool = False
    care_institution_id: UUID | None = None


class Patient(rows.RegionRow, table=True):
    """An elder (or other resident). Identity number and phone rest sealed; a blind index finds the number again."""

    __tablename__ = "patients"
    __table_args__ = (
        rows.refers("registered_by_institution_id", to="institutions"),
        rows.refers("home_id", to="homes"),
        # one person, one record in the region, whoever registers him
        UniqueConstraint("region_id", "id_number_index", name="patients_id_number_once"),
        CheckConstraint("sex in ('female', 'male')", name="sex"),
    )

    registered_by_institution_id: UUID
    name: str
    sex: str
    born_on: date
    id_number_sealed: bytes
    id_number_index: bytes
    phone_sealed: bytes | None = None
    home_id: UUID | None = None
    deceased_on: date | None = None
    registered_at: datetime = rows.moment()


class KeyGroupRow(rows.RegionRow, table=True):
    """重点人群: a group the person belongs to, dated (失能, 失智, 慢性病, 高龄, 残疾, …)."""

    __tablename__ = "key_group_rows"
    __table_args__ = (
        rows.refers("person_id", to="patients"),
        rows.one_at_a_time("key_group_rows_once", "region_id", "person_id", "key_group", period=rows.DATED),
    )

    person_id: UUID
    key_group: str
    valid_from: date
    valid_to: date | None = None


class CareRelation(rows.RegionRow, table=True):
    """Who may see and act for a person: an institution, the elder's own account, a family proxy; from, to, because.

    Rows come in only through the functions below; application checks and row-level security read only this table.
    """

    __tablename__ = "care_relations"
    __table_args__ = (
        rows.refers("person_id", to="patients"),
        CheckConstraint("kind in ('institution', 'self', 'proxy')", name="kind"),
        CheckConstraint("(kind = 'institution') = (institution_id is not null)", name="institution"),
        CheckConstraint("(kind in ('self', 'proxy')) = (account_id is not null)", name="account"),
        rows.one_at_a_time(
            "care_relations_institution_once", "region_id", "person_id", "institution_id", period="during"
        ),
        rows.one_at_a_time("care_relations_account_once", "region_id", "person_id", "account_id", period="during"),
        Index("ix_care_relations_account", "region_id", "account_id"),  # app_acts_for, a proxy's own elders
    )

    person_id: UUID
    kind: str
    institution_id: UUID | None = None
    account_id: UUID | None = None
    relation: str | None = None
    rights: list[str] = rows.texts()
    during: object = rows.span()
    because: str
    granted_by_account_id: UUID | None = None


class Coverage(rows.RegionRow, table=True):
    """A person's medical insurance, dated: which of the region's insurance rules applies."""

    __tablename__ = "coverages"
    __table_args__ = (
        rows.refers("person_id", to="patients"),
        rows.one_at_a_time("coverages_one_insurance", "region_id", "person_id", period=rows.DATED),
    )

    person_id: UUID
    plan_code: str
    valid_from: date
    valid_to: date | None = None


_SEES = "region_id = (select app_region()) and app_sees_person(region_id, {person})"
_ADDED = "region_id = (select app_region()) and registered_by_institution_id = any((select app_institutions())::uuid[])"
# a home is seen by the institution that entered it and by whoever may see one of its residents
_HOME = f"({_ADDED}) or ({fences.Fence.region} and app_sees_home(region_id, id))"


def _create(model: type[SQLModel]) -> None:
    # The functions come first: policies name them. They read as the owner, so policies cannot recurse.
    fences.definer(
        model,
        "app_acts_for(asked_region uuid, asked_person uuid)",
        "boolean",
        """
select asked_region = app_region() and exists (
    select 1 from care_relations r where r.region_id = asked_region and r.person_id = asked_person
    and r.account_id = app_account() and r.during @> app_now())
""",
    )
    fences.definer(
        model,
        "app_sees_person(asked_region uuid, asked_person uuid)",
        "boolean",
        """
select asked_region = app_region() and exists (
    select 1 from care_relations r where r.region_id = asked_region and r.person_id = asked_person
    and (r.account_id = app_account() or r.institution_id = any(app_institutions())) and r.during @> app_now())
""",
    )
    fences.definer(
        model,
        "app_sees_home(asked_region uuid, asked_home uuid)",
        "boolean",
        """
select exists (select 1 from patients p where p.region_id = asked_region and p.home_id = asked_home
               and app_sees_person(p.region_id, p.id))
""",
    )
    # Registering makes the relation; so does an order or an admission with the right number and name (below).
    fences.definer(
        model,
        "patients_relate_institution(asked_id uuid, asked_person uuid, asked_institution uuid, asked_because text)",
        "void",
        """
insert into care_relations (region_id, id, person_id, kind, institution_id, rights, during, because, granted_by_account_id)
select p.region_id, asked_id, p.id, 'institution', asked_institution, '{}', tstzrange(app_now(), null), asked_because, app_account()
from patients p
where p.region_id = app_region() and p.id = asked_person
  and ((p.registered_by_institution_id = asked_institution and asked_institution = any(app_institutions()))
       or app_acts_for(p.region_id, p.id))
  and not exists (select 1 from care_relations r where r.region_id = p.region_id and r.person_id = p.id
                  and r.institution_id = asked_institution and r.during @> app_now())
""",
        volatile=True,
    )
    fences.definer(
        model,
        "patients_admit(asked_id uuid, asked_index bytea, asked_name text, asked_institution uuid, asked_because text)",
        "uuid",
        """
with person as (
    select p.region_id, p.id from patients p
    where p.region_id = app_region() and p.id_number_index = asked_index and p.name = asked_name
      and asked_institution = any(app_institutions())
), related as (
    insert into care_relations (region_id, id, person_id, kind, institution_id, rights, during, because, granted_by_account_id)
    select p.region_id, asked_id, p.id, 'institution', asked_institution, '{}', tstzrange(app_now(), null), asked_because, app_account()
    from person p where not exists (
        select 1 from care_relations r where r.region_id = p.region_id and r.person_id = p.id
        and r.institution_id = asked_institution and r.during @> app_now())
)
select id from person
""",
        volatile=True,
    )
    fences.definer(
        model,
        "patients_bind_account(asked_id uuid, asked_index bytea, asked_name text, asked_account uuid, asked_because text)",
        "uuid",
        """
with person as (
    select p.region_id, p.id from patients p
    where p.region_id = app_region() and p.id_number_index = asked_index and p.name = asked_name
), related as (
    insert into care_relations (region_id, id, person_id, kind, account_id, rights, during, because, granted_by_account_id)
    select p.region_id, asked_id, p.id, 'self', asked_account, '{view,book,pay,grant}', tstzrange(app_now(), null), asked_because, app_account()
    from person p
)
select id from person
""",
        volatile=True,
    )
    fences.definer(
        model,
        "patients_grant_proxy(asked_id uuid, asked_person uuid, asked_account uuid, asked_relation text,"
        " asked_rights text[], asked_to timestamptz, asked_because text)",
        "void",
        """
insert into care_relations (region_id, id, person_id, kind, account_id, relation, rights, during, because, granted_by_account_id)
select p.region_id, asked_id, p.id, 'proxy', asked_account, asked_relation, asked_rights,
       tstzrange(app_now(), asked_to), asked_because, app_account()
from patients p where p.region_id = app_region() and p.id = asked_person and app_sees_person(p.region_id, p.id)
""",
        volatile=True,
    )


_create(CareRelation)
fences.fence(
    CareRelation,
    f"{fences.Fence.region} and (account_id = (select app_account())"
    " or institution_id = any((select app_institutions())::uuid[]) or app_sees_person(region_id, person_id))",
    changes=fences.Fence.person,
    verbs="select, update",
)
for _model, _line in (
    (Patient, "alter table patients enable row level security"),
    (Patient, f"grant select, insert, update on patients to {fences.APP_ROLE}"),
    (Patient, f"create policy patients_sees on patients for select using ({_SEES.format(person='id')})"),
    (Patient, f"create policy patients_adds on patients for insert with check ({_ADDED})"),
    (Patient, f"create policy patients_changes on patients for update using ({_SEES.format(person='id')})"),
    (Home, "alter table homes enable row level security"),
    (Home, f"grant select, insert, update on homes to {fences.APP_ROLE}"),
    (Home, f"create policy homes_sees on homes for select using ({_HOME})"),
    (Home, f"create policy homes_adds on homes for insert with check ({_ADDED})"),
    (Home, f"create policy homes_changes on homes for update using ({_HOME})"),
):
    fences.statement(_model, _line)
fences.fence(KeyGroupRow, fences.Fence.person)
fences.fence(Coverage, fences.Fence.person)
