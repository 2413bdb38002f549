"""Tables of the catalogue: every figure is a row with effective dates; a change of policy is a new row."""

from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.catalog import crew_rules, part_rules, rules
from service.catalog.programme_rules import ProgrammeKind
from service.core.db import fences, rows, turns
from service.institutions.rules import InstitutionLevel


def one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that a column holds one of some words."""
    return CheckConstraint(f"{column} in ({', '.join(repr(str(each)) for each in words)})", name=column)


def word(default: StrEnum) -> Any:
    """Return the field of a word that has a default, in the database too."""
    return Field(default=str(default), sa_column_kwargs={"server_default": str(default)})


def claim_codes() -> Any:
    """Return the field of what an insurer calls the kinds of bill: kind → code, `{}` in older rows."""
    return rows.document(default_factory=dict, sa_column_kwargs={"server_default": text("'{}'::jsonb")})


class DatedRow(rows.RegionRow):
    """A row in force from `valid_from` to `valid_to`, both days included; None = open."""

    valid_from: date
    valid_to: date | None = None


class ServiceItem(rows.RegionRow, table=True):
    """A service of the region's list: how long, how many staff, which skills, in which kinds of order, until when.

    `tolerance_minutes`: how far from the wished time it may begin (insulin); `specimen_minutes`: how soon what was
    taken must be at the laboratory, each time. Null = neither. `parts`: the further ones of a service in parts, `[]` =
    none; the minutes are then those of the first. `load`: units of supplies that each of its staff carries all day.
    `crew_sync`: how a crew comes; the lags, from one's beginning to the
    next one's, are those of a sequential one.
    """

    __tablename__ = "service_items"
    __table_args__ = (
        UniqueConstraint("region_id", "code", name="service_items_code_once"),
        CheckConstraint("duration_minutes between 1 and 600", name="duration"),
        CheckConstraint("staff_count between 1 and 4", name="staff_count"),
        CheckConstraint("tolerance_minutes between 0 and 240", name="tolerance"),
        CheckConstraint("specimen_minutes between 10 and 600", name="specimen"),
        CheckConstraint(f"jsonb_array_length(parts) <= {part_rules.MOST}", name="parts"),
        CheckConstraint("parts = '[]'::jsonb or staff_count = 1", name="parts_alone"),
        CheckConstraint("load between 0 and 1000", name="load"),
        one_of("crew_sync", crew_rules.CrewSync),
        CheckConstraint("crew_sync = 'simultaneous' or staff_count > 1", name="crew_size"),
        CheckConstraint(
            "case when crew_sync = 'sequential' then coalesce(crew_lag_min_minutes >= 0"
            " and crew_lag_max_minutes between crew_lag_min_minutes and 600, false)"
            " else num_nonnulls(crew_lag_min_minutes, crew_lag_max_minutes) = 0 end",
            name="crew_lags",
        ),
    )

    code: str
    name: str
    duration_minutes: int
    staff_count: int = 1
    skills: list[str] = rows.texts()
    any_skills: list[str] = rows.texts(sa_column_kwargs={"server_default": text("'{}'")})
    order_kinds: list[str] = rows.texts()
    latest_start: time | None = None
    tolerance_minutes: int | None = None
    specimen_minutes: int | None = None
    home_allowed: bool = True
    refusal_note: str | None = None
    parts: Any = rows.document(default_factory=list, sa_column_kwargs={"server_default": text("'[]'::jsonb")})
    load: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    crew_sync: str = word(crew_rules.CrewSync.simultaneous)
    crew_lag_min_minutes: int | None = None
    crew_lag_max_minutes: int | None = None


class PriceRow(DatedRow, table=True):
    """A price in a price book, dated (yuan, four decimals), with what it includes and excludes.

    The book is an institution's own, or that of all institutions of a level of the region. The columns from
    `national_code` on are those of the national lists: 服务产出, 价格构成, 加收项, 计价单位, 计价说明.
    """

    __tablename__ = "price_rows"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        # each has nulls where the other one's rows have none, and nulls never stand in each other's way
        rows.one_at_a_time("price_rows_one_price", "region_id", "institution_id", "code", period=rows.DATED),
        rows.one_at_a_time("price_rows_one_level_price", "region_id", "level", "code", period=rows.DATED),
        CheckConstraint("num_nonnulls(institution_id, level) = 1", name="one_book"),
        # drugs and consumables are priced by each institution itself
        CheckConstraint("level is null or category = 'service'", name="own_price"),
        one_of("level", InstitutionLevel),
        one_of("category", rules.PriceCategory),
        one_of("income_class", rules.IncomeClass),
        CheckConstraint("unit_price >= 0", name="unit_price"),
        CheckConstraint("insurance_class in ('A', 'B', 'C')", name="insurance_class"),
        CheckConstraint("self_ratio between 0 and 1", name="self_ratio"),
        CheckConstraint("per_visit_max > 0", name="per_visit_max"),
    )

    institution_id: UUID | None = None
    level: str | None = None
    code: str
    name: str
    unit_price: Decimal = rows.exact()
    per_visit_max: int | None = None
    includes: list[str] = rows.texts()
    excludes: list[str] = rows.texts()
    insurance_class: str = "C"
    self_ratio: Decimal = rows.exact(default=Decimal(0))
    category: str = word(rules.PriceCategory.service)
    income_class: str = word(rules.IncomeClass.unified)
    national_code: str | None = None
    unit: str | None = None
    output: str | None = None
    composition: str | None = None
    surcharges: Any = rows.document(default_factory=list, sa_column_kwargs={"server_default": text("'[]'::jsonb")})
    note: str | None = None


class VisitFeeTariff(DatedRow, table=True):
    """上门服务费 of an institution, dated: unit, distance tiers, night, and how its kilometres are measured.

    The first one is entered at go-live; every later one carries out a proposal that was published and approved.
    """

    __tablename__ = "visit_fee_tariffs"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.one_at_a_time("visit_fee_tariffs_one", "region_id", "institution_id", period=rows.DATED),
        CheckConstraint("unit in ('visit', 'visit_staff')", name="unit"),
        CheckConstraint("distance_base in ('institution', 'nearest_station')", name="distance_base"),
        CheckConstraint("distance_method in ('great_circle', 'road')", name="distance_method"),
        one_of("income_class", rules.IncomeClass),
        rows.refers("proposal_id", to="tariff_proposals"),
        UniqueConstraint("region_id", "proposal_id", name="visit_fee_tariffs_of_proposal_once"),
    )

    institution_id: UUID
    unit: str
    tiers: Any = rows.document()
    night: Any = rows.document(nullable=True, default=None)
    insurance_class: str = "C"
    self_ratio: Decimal = rows.exact(default=Decimal(0))
    distance_base: str
    distance_method: str
    income_class: str = word(rules.IncomeClass.unified)
    proposal_id: UUID | None = None


_YEARS: Final = "int4range(extract(year from valid_from)::int, extract(year from valid_to)::int, '[]')"


class Programme(DatedRow, table=True):
    """A public programme (基本公卫, 失能老年人健康服务行动, …): a dated row of the region that names its payer.

    The same code in another year is the same programme, with other units perhaps: whoever is enrolled in it stays so.

    Who is old enough, in one of the key groups and has one of the diagnoses (the beginnings of their codes) belongs to
    it by himself; without any of these, only who is enrolled.
    """

    __tablename__ = "programmes"
    __table_args__ = (
        # by calendar year, not by day: units are granted per year, and two rows of one year would grant them twice
        rows.one_at_a_time("programmes_one_a_year", "region_id", "code", period=_YEARS),
        one_of("kind", ProgrammeKind),
        CheckConstraint("minimum_age between 0 and 150", name="minimum_age"),
    )

    code: str
    name: str
    payer: str
    kind: str = word(ProgrammeKind.basic_public_health)
    minimum_age: int | None = None
    key_groups: list[str] = rows.texts(sa_column_kwargs={"server_default": text("'{}'")})
    diagnosis_prefixes: list[str] = rows.texts(sa_column_kwargs={"server_default": text("'{}'")})


class ProgrammeItem(SQLModel, table=True):
    """Units of one service that a programme pays per person and year."""

    __tablename__ = "programme_items"
    __table_args__ = (rows.refers("programme_id", to="programmes"), CheckConstraint("per_year >= 0", name="per_year"))

    region_id: UUID = Field(primary_key=True)
    programme_id: UUID = Field(primary_key=True)
    code: str = Field(primary_key=True)
    per_year: int


class InsuranceRule(DatedRow, table=True):
    """What a medical insurance of the region pays, dated: deductible, ratio, yearly cap; and its codes on claims."""

    __tablename__ = "insurance_rules"
    __table_args__ = (
        rows.one_at_a_time("insurance_rules_one", "region_id", "plan_code", period=rows.DATED),
        CheckConstraint("pay_ratio between 0 and 1", name="pay_ratio"),
    )

    plan_code: str
    name: str
    deductible_fen: int = rows.fen()
    pay_ratio: Decimal = rows.exact()
    yearly_cap_fen: int = rows.fen()
    insutype: str | None = None
    med_types: Any = claim_codes()


for _regional in (ServiceItem, Programme, ProgrammeItem, InsuranceRule):
    fences.fence(_regional, fences.Fence.region, adds=fences.Fence.region_owned, changes=fences.Fence.region_owned)
# prices are public (明码标价): everyone of the region reads them, only the institution writes its own, and only the
# region's administration those of a level
_OWN_BOOK = f"({fences.Fence.institution}) or ({fences.Fence.region_owned} and institution_id is null)"
fences.fence(PriceRow, fences.Fence.region, adds=_OWN_BOOK, changes=_OWN_BOOK)
fences.fence(VisitFeeTariff, fences.Fence.region, adds=fences.Fence.institution, changes=fences.Fence.institution)
# of a tariff that stands only its end may change, and only to an earlier day (a trigger beside the proposals)
fences.statement(VisitFeeTariff, f"revoke update on visit_fee_tariffs from {fences.APP_ROLE}")
fences.statement(VisitFeeTariff, f"grant update (valid_to) on visit_fee_tariffs to {fences.APP_ROLE}")
# whichever of the two columns is null makes no key, and no turn is taken
turns.take_turns(PriceRow, "region_id", "institution_id", "code")
turns.take_turns(PriceRow, "region_id", "level", "code", of="levels")
turns.take_turns(VisitFeeTariff, "region_id", "institution_id")
turns.take_turns(InsuranceRule, "region_id", "plan_code")
turns.take_turns(Programme, "region_id", "code")
