"""Tables of patients. A person belongs to the region; an institution sees him through a care relation only."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlmodel import Field

from service.core.audit import statements
from service.core.db import fences, rows, turns
from service.patients import functions, guards, rules
from service.patients.placing_rules import HUMAN, Placing, PlacingReason, ReviewCause, ReviewOutcome, Source


def _one_of(column: str, words: Iterable[str]) -> str:
    return f"{column} in ({', '.join(repr(str(each)) for each in sorted(words))})"


class Home(rows.RegionRow, table=True):
    """An address, and where it is (WGS-84; `datum` says what it came in). Several elders may share one.

    `placed` says how far the position can be relied on, `source` and `confidence` why; each change of them counts
    `placing_revision` up by one. Once a home has a position it never loses it again: orders lead there. `grid` is the
    region's grid (网格) in which it lies, at most one.
    """

    __tablename__ = "homes"
    __table_args__ = (
        rows.refers("registered_by_institution_id", to="institutions"),
        # an institution's own number for a home, where its lists have one: the home is found again by it; the index
        # finds all of an institution's homes as well
        UniqueConstraint("region_id", "registered_by_institution_id", "home_no", name="homes_no_once"),
        CheckConstraint("lon between -180 and 180 and lat between -90 and 90", name="on_earth"),
        CheckConstraint("floor between 1 and 150", name="floor"),
        CheckConstraint("entry_minutes between 0 and 60", name="entry_minutes"),
        CheckConstraint("datum in ('wgs84', 'gcj02', 'bd09')", name="datum"),
        CheckConstraint(_one_of("placed", Placing), name="placed"),
        CheckConstraint(_one_of("source", Source), name="source"),
        CheckConstraint(_one_of("placed_because", PlacingReason), name="placed_because"),
        CheckConstraint("confidence between 0 and 1", name="confidence"),
        CheckConstraint(
            "case when placed = 'unplaced' then num_nonnulls(lon, lat, datum, source) = 0"
            " else num_nonnulls(lon, lat, datum, source) = 4 end",
            name="placed_whole",
        ),
        # what a person says is a pin, what a machine says never is
        CheckConstraint(f"(placed = 'pinned') = coalesce({_one_of('source', HUMAN)}, false)", name="pinned_by_people"),
        # the residents of a care home, asked by its staff
        Index(
            "ix_homes_care_institution",
            "region_id",
            "care_institution_id",
            postgresql_where=text("care_institution_id is not null"),
        ),
    )

    registered_by_institution_id: UUID
    home_no: str | None = None
    address_sealed: bytes
    lon: float | None = None
    lat: float | None = None
    datum: str | None = None
    placed: str = Field(default=Placing.pinned, sa_column_kwargs={"server_default": Placing.pinned})
    # evaluates_none: a home without a source says so, rather than leave it to the default
    source: str | None = Field(
        default=Source.coordinates,
        sa_type=cast("type[String]", String().evaluates_none()),
        nullable=True,
        sa_column_kwargs={"server_default": Source.coordinates},
    )
    confidence: Decimal | None = rows.exact(2, default=None, nullable=True)
    placed_because: str | None = None
    placing_revision: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    floor: int = 1
    has_lift: bool = False
    entry_minutes: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    care_institution_id: UUID | None = None
    grid: str | None = None


class HomeReview(rows.RegionRow, table=True):
    """A home's position that a person has to look at, and what is proposed instead (WGS-84), if anything.

    `label` says which sources were asked; `found_sealed` is the address as the source understood it.
    """

    __tablename__ = "home_reviews"
    __table_args__ = (
        rows.refers("home_id", to="homes"),
        # one question about a home at a time; also finds the open one
        Index(
            "home_reviews_one_open",
            "region_id",
            "home_id",
            unique=True,
            postgresql_where=text("decided_at is null"),
        ),
        CheckConstraint(_one_of("cause", ReviewCause), name="cause"),
        CheckConstraint(_one_of("source", Source), name="source"),
        CheckConstraint(_one_of("outcome", ReviewOutcome), name="outcome"),
        CheckConstraint("num_nonnulls(lon, lat, source) in (0, 3)", name="proposed_whole"),
        CheckConstraint("lon between -180 and 180 and lat between -90 and 90", name="on_earth"),
        CheckConstraint("(decided_at is null) = (outcome is null)", name="decided_whole"),
    )

    home_id: UUID
    cause: str
    lon: float | None = None
    lat: float | None = None
    source: str | None = None
    level: str | None = None
    confidence: Decimal | None = rows.exact(2, default=None, nullable=True)
    label: str
    found_sealed: bytes | None = None
    visit_id: UUID | None = None
    distance_metres: int | None = None
    accuracy_metres: int | None = None
    raised_at: datetime = rows.moment()
    decided_at: datetime | None = rows.moment(nullable=True, default=None)
    decided_by_account_id: UUID | None = None
    outcome: str | None = None


class Patient(rows.RegionRow, table=True):
    """An elder (or other resident). Identity number and phone rest sealed; blind indexes find them again."""

    __tablename__ = "patients"
    __table_args__ = (
        rows.refers("registered_by_institution_id", to="institutions"),
        rows.refers("home_id", to="homes"),
        # one person, one record in the region, whoever registers him
        UniqueConstraint("region_id", "id_number_index", name="patients_id_number_once"),
        CheckConstraint("sex in ('female', 'male')", name="sex"),
        CheckConstraint("deceased_on >= born_on", name="dies_after_birth"),
        CheckConstraint(_one_of("precaution", rules.Precaution), name="precaution"),
        CheckConstraint(f"cardinality(excluded_practitioner_ids) <= {rules.MOST_EXCLUDED}", name="excluded"),
        Index("ix_patients_phone", "region_id", "phone_index"),  # who calls from this number
        Index("ix_patients_home", "region_id", "home_id"),  # app_sees_home, the residents of a home
    )

    registered_by_institution_id: UUID
    name: str
    sex: str
    born_on: date
    id_number_sealed: bytes
    id_number_index: bytes
    phone_sealed: bytes | None = None
    phone_index: bytes | None = None
    home_id: UUID | None = None
    deceased_on: date | None = None
    precaution: str = Field(default=rules.Precaution.none, sa_column_kwargs={"server_default": rules.Precaution.none})
    language: str | None = None
    language_required: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    # practitioners are of a room above: no foreign key; `booking` asks whether there is such a one
    excluded_practitioner_ids: list[UUID] = rows.uuids(sa_column_kwargs={"server_default": text("'{}'")})
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
        # one elder, one account of his own; one account, one elder
        rows.one_at_a_time("care_relations_one_self", "region_id", "person_id", period="during", where="kind = 'self'"),
        rows.one_at_a_time(
            "care_relations_self_once", "region_id", "account_id", period="during", where="kind = 'self'"
        ),
        Index("ix_care_relations_account", "region_id", "account_id"),  # app_acts_for, a proxy's own elders
        # app_sees_person, asked for every row about a person: plans made while the table is empty must find it too
        Index("ix_care_relations_person", "region_id", "person_id"),
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


functions.create(CareRelation)
_ADDED = f"{fences.Fence.region} and registered_by_institution_id = any((select app_institutions())::uuid[])"
_SEES = f"{fences.Fence.region} and app_sees_person(region_id, id)"
# a home is seen by the institution that entered it and by whoever may see one of its residents
_HOME = f"({_ADDED}) or ({fences.Fence.region} and app_sees_home(region_id, id))"
# not whoever sees the home only because he is sent there (visits.helping)
_OF_A_HOME = (
    "exists (select 1 from homes h where h.region_id = home_reviews.region_id and h.id = home_id and (HOME))"
).replace("HOME", _HOME)

fences.fence(
    CareRelation,
    f"{fences.Fence.region} and (account_id = (select app_account())"
    " or institution_id = any((select app_institutions())::uuid[]) or app_sees_person(region_id, person_id))",
    changes=fences.Fence.person,
    verbs="select, update",
)
# a relation can be ended; who it is to, and with which rights, never changes
fences.statement(CareRelation, f"revoke update on care_relations from {fences.APP_ROLE}")
fences.statement(CareRelation, f"grant update (during) on care_relations to {fences.APP_ROLE}")
fences.fence(Patient, _SEES, adds=_ADDED)
fences.fence(Home, _HOME, adds=_ADDED)
statements.about_people(Home)  # where somebody lives
# seen and decided by whoever entered the home or sees one of its residents
fences.fence(
    HomeReview,
    f"{fences.Fence.region} and {_OF_A_HOME}",
)
guards.create(Home)
fences.fence(KeyGroupRow, fences.Fence.person)
fences.fence(Coverage, fences.Fence.person)
# an exclusion constraint alone would let two inserts at once wait for each other
turns.take_turns(KeyGroupRow, "region_id", "person_id")
turns.take_turns(Coverage, "region_id", "person_id")
turns.take_turns(CareRelation, "region_id", "person_id")
