"""Tables of institutions: the region's directory, licences, registered service modes, stations, dated settings."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.core.db import fences, rows, turns
from service.core.ids import new_id
from service.institutions import functions, rules


class Region(SQLModel, table=True):
    """统筹区, the fund pool: the shard. The directory of regions is public."""

    __tablename__ = "regions"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(unique=True)
    name: str


class District(rows.RegionRow, table=True):
    """县/区 inside a region."""

    __tablename__ = "districts"
    __table_args__ = (UniqueConstraint("region_id", "code", name="districts_code_once"),)

    code: str
    name: str


class Institution(rows.RegionRow, table=True):
    """A medical or care institution; `licence_*` is the 医疗机构执业许可证 (none for a plain care institution).

    `level` is what was said last without a day; which level holds on a day stands in `institution_levels`.
    """

    __tablename__ = "institutions"
    __table_args__ = (
        UniqueConstraint("region_id", "code", name="institutions_code_once"),
        UniqueConstraint("region_id", "licence_no", name="institutions_licence_once"),
        rows.refers("district_id", to="districts"),
        CheckConstraint(f"kind in ({', '.join(repr(str(kind)) for kind in rules.InstitutionKind)})", name="kind"),
        CheckConstraint(f"level in ({', '.join(repr(str(level)) for level in rules.InstitutionLevel)})", name="level"),
        CheckConstraint("lon between -180 and 180 and lat between -90 and 90", name="on_earth"),
        CheckConstraint("(licence_no is null) = (licence_from is null)", name="licence_dated"),
        CheckConstraint("licence_to is null or licence_to >= licence_from", name="licence_ends_after_it_starts"),
    )

    code: str
    name: str
    kind: str
    district_id: UUID
    address: str
    lon: float
    lat: float
    licence_no: str | None = None
    licence_from: date | None = None
    licence_to: date | None = None
    published_phone: str | None = None
    level: str | None = None


class Station(rows.InstitutionRow, table=True):
    """Where staff start and end their routes, and from where a tariff may measure distance."""

    __tablename__ = "stations"
    __table_args__ = (
        UniqueConstraint("region_id", "institution_id", "code", name="stations_code_once"),
        rows.refers("institution_id", to="institutions"),
        CheckConstraint("lon between -180 and 180 and lat between -90 and 90", name="on_earth"),
    )

    code: str
    name: str
    lon: float
    lat: float


class ServiceMode(rows.InstitutionRow, table=True):
    """服务方式 registered on the licence: 家庭病床 or 巡诊, dated. A change is a new row; the old one stays.

    A registration number is one institution's at a time; one registration may name both modes.
    """

    __tablename__ = "service_modes"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        CheckConstraint(f"mode in ({', '.join(repr(str(mode)) for mode in rules.ServiceMode)})", name="mode"),
        rows.one_holder(
            "service_modes_one_holder", "region_id", "registration_no", holder="institution_id", period=rows.DATED
        ),
        rows.one_at_a_time("service_modes_registered_once", "region_id", "institution_id", "mode", period=rows.DATED),
    )

    mode: str
    registration_no: str
    valid_from: date
    valid_to: date | None = None


class SettingRow(rows.RegionRow, table=True):
    """A dated setting of the region (`institution_id` null) or of one institution, which then goes before it."""

    __tablename__ = "setting_rows"
    __table_args__ = (
        rows.one_at_a_time(
            "setting_rows_one_value",
            "region_id",
            "coalesce(institution_id, '00000000-0000-0000-0000-000000000000'::uuid)",
            "key",
            period=rows.DATED,
        ),
        Index("ix_setting_rows_lookup", "region_id", "key"),  # find_setting: the rows of one key on a day
    )

    institution_id: UUID | None = None
    key: str
    value: Any = rows.document()
    valid_from: date
    valid_to: date | None = None
    set_by_account_id: UUID
    set_at: datetime = rows.moment()


_OWN = f"{fences.Fence.region} and (id = any((select app_institutions())::uuid[]) or (select app_region_wide()))"
_OWN_ROW = f"({fences.Fence.institution}) or ({fences.Fence.region_owned})"

functions.create(SettingRow)
fences.statement(Region, f"grant select on regions to {fences.APP_ROLE}")  # the directory: not a tenant's data
fences.fence(District, fences.Fence.region, adds=fences.Fence.region_owned, changes=fences.Fence.region_owned)
fences.fence(Institution, fences.Fence.region, adds=fences.Fence.region_owned, changes=_OWN)
fences.fence(Station, fences.Fence.region, adds=_OWN_ROW, changes=_OWN_ROW)
fences.fence(ServiceMode, fences.Fence.region, adds=_OWN_ROW, changes=_OWN_ROW)
fences.fence(SettingRow, fences.Fence.region, adds=_OWN_ROW, changes=_OWN_ROW)
# an exclusion constraint alone would let two inserts at once wait for each other
turns.take_turns(ServiceMode, "region_id", "institution_id")
turns.take_turns(ServiceMode, "region_id", "registration_no", of="registrations")
turns.take_turns(SettingRow, "region_id", "key")
