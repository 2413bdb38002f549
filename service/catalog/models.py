"""Tables of the catalogue: every figure is a row with effective dates; a change of policy is a new row."""

from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.core.db import fences, rows, turns


class DatedRow(rows.RegionRow):
    """A row in force from `valid_from` to `valid_to`, both days included; None = open."""

    valid_from: date
    valid_to: date | None = None


class ServiceItem(rows.RegionRow, table=True):
    """A service of the region's list: how long, how many staff, which skills, in which kinds of order, until when."""

    __tablename__ = "service_items"
    __table_args__ = (
        UniqueConstraint("region_id", "code", name="service_items_code_once"),
        CheckConstraint("duration_minutes between 1 and 600", name="duration"),
        CheckConstraint("staff_count between 1 and 4", name="staff_count"),
    )

    code: str
    name: str
    duration_minutes: int
    staff_count: int = 1
    skills: list[str] = rows.texts()
    order_kinds: list[str] = rows.texts()
    latest_start: time | None = None
    home_allowed: bool = True
    refusal_note: str | None = None


class PriceRow(DatedRow, table=True):
    """An institution's price of a service, dated (yuan, four decimals), with what it includes and excludes."""

    __tablename__ = "price_rows"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.one_at_a_time("price_rows_one_price", "region_id", "institution_id", "code", period=rows.DATED),
        CheckConstraint("unit_price >= 0", name="unit_price"),
        CheckConstraint("insurance_class in ('A', 'B', 'C')", name="insurance_class"),
        CheckConstraint("self_ratio between 0 and 1", name="self_ratio"),
        CheckConstraint("per_visit_max > 0", name="per_visit_max"),
    )

    institution_id: UUID
    code: str
    name: str
    unit_price: Decimal = rows.exact()
    per_visit_max: int | None = None
    includes: list[str] = rows.texts()
    excludes: list[str] = rows.texts()
    insurance_class: str = "C"
    self_ratio: Decimal = rows.exact(default=Decimal(0))


class VisitFeeTariff(DatedRow, table=True):
    """上门服务费 of an institution, dated: unit, distance tiers, night, and how its kilometres are measured."""

    __tablename__ = "visit_fee_tariffs"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.one_at_a_time("visit_fee_tariffs_one", "region_id", "institution_id", period=rows.DATED),
        CheckConstraint("unit in ('visit', 'visit_staff')", name="unit"),
        CheckConstraint("distance_base in ('institution', 'nearest_station')", name="distance_base"),
        CheckConstraint("distance_method in ('great_circle', 'road')", name="distance_method"),
    )

    institution_id: UUID
    unit: str
    tiers: Any = rows.document()
    night: Any = rows.document(nullable=True, default=None)
    insurance_class: str = "C"
    self_ratio: Decimal = rows.exact(default=Decimal(0))
    distance_base: str
    distance_method: str


class Programme(DatedRow, table=True):
    """A public programme (基本公卫, 失能老年人健康服务行动, …): a dated row of the region that names its payer."""

    __tablename__ = "programmes"
    __table_args__ = (UniqueConstraint("region_id", "code", name="programmes_code_once"),)

    code: str
    name: str
    payer: str


class ProgrammeItem(SQLModel, table=True):
    """Units of one service that a programme pays per person and year."""

    __tablename__ = "programme_items"
    __table_args__ = (rows.refers("programme_id", to="programmes"), CheckConstraint("per_year >= 0", name="per_year"))

    region_id: UUID = Field(primary_key=True)
    programme_id: UUID = Field(primary_key=True)
    code: str = Field(primary_key=True)
    per_year: int


class InsuranceRule(DatedRow, table=True):
    """What a medical insurance of the region pays, dated: deductible, ratio, yearly cap."""

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


for _regional in (ServiceItem, Programme, ProgrammeItem, InsuranceRule):
    fences.fence(_regional, fences.Fence.region, adds=fences.Fence.region_owned, changes=fences.Fence.region_owned)
# prices are public (明码标价): everyone of the region reads them, only the institution writes its own
for _own in (PriceRow, VisitFeeTariff):
    fences.fence(_own, fences.Fence.region, adds=fences.Fence.institution, changes=fences.Fence.institution)
turns.take_turns(PriceRow, "region_id", "institution_id", "code")
turns.take_turns(VisitFeeTariff, "region_id", "institution_id")
turns.take_turns(InsuranceRule, "region_id", "plan_code")
