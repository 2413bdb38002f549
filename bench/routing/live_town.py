"""The day that `bench.routing.live` plans over HTTP: an institution, its staff, and accepted orders of tomorrow."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from bench.api.town import LAT, LON, put_in, token_of
from service import schema
from service.accounts.models import Account, AccountInstitution, AccountSession
from service.accounts.rules import Role
from service.catalog.models import ServiceItem
from service.core.clock import at_local, local_date
from service.core.dates import moments
from service.core.ids import new_id
from service.core.keyring import load
from service.core.signing import Signer
from service.institutions.models import District, Institution, Region, ServiceMode, Station
from service.institutions.rules import InstitutionLevel
from service.orders.models import Order, OrderItem, OrderMove
from service.patients.models import CareRelation, Home, Patient
from service.practitioners.models import Practitioner, Qualification, Shift
from service.routing.models import DispatchArea

ASKED: Final = 100
"""Orders that come in once the day is planned."""

TO_A_PERSON: Final = 10
SERVICES: Final = {"CARE": (20, []), "WOUND": (25, []), "DOCTOR": (15, ["role:doctor"])}
SPREAD: Final = 0.05
"""Degrees: homes lie in a square of about ten kilometres."""


@dataclass(frozen=True)
class Desk:
    """What the client needs to know."""

    institution_id: str
    area_id: str
    token: str
    on: date
    frozen_until: str
    staff_ids: list[str]
    further_ids: list[str]


async def build(owner_url: str, keys: Path, visits: int) -> Desk:
    """Make the schema and the day in an empty database; further orders are there and not accepted yet."""
    now = datetime.now(UTC)
    on = local_date(now) + timedelta(days=1)
    region_id, institution_id, account_id = new_id(), new_id(), new_id()
    own: dict[str, Any] = {"region_id": region_id, "institution_id": institution_id}
    chance = np.random.default_rng(1)
    rows = list(_office(own, account_id, now))
    station = next(row for row in rows if isinstance(row, Station))
    for no in range(visits // TO_A_PERSON):
        rows += _person(own, station.id, on, no)
    for no in range(visits + ASKED):
        state = "accepted" if no < visits else "submitted"
        rows += _visit(own, account_id, on, no, now=now, chance=chance, state=state)
    engine = create_async_engine(owner_url)
    async with engine.begin() as connection:
        await connection.run_sync(schema.create_all)
        await put_in(connection, rows)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("vacuum analyze")
    await engine.dispose()
    session = next(row for row in rows if isinstance(row, AccountSession))
    area = next(row for row in rows if isinstance(row, DispatchArea))
    orders = [row for row in rows if isinstance(row, Order)]
    return Desk(
        institution_id=str(institution_id),
        area_id=str(area.id),
        token=token_of(Signer(load(keys)), session, institution_id),
        on=on,
        frozen_until=at_local(on, time(10)).isoformat(),
        staff_ids=[str(row.id) for row in rows if isinstance(row, Practitioner)],
        further_ids=[str(row.id) for row in orders if row.state == "submitted"],
    )


def _office(own: dict[str, Any], account_id: UUID, now: datetime) -> Iterator[SQLModel]:
    region_id, institution_id, district_id = own["region_id"], own["institution_id"], new_id()
    yield Region(id=region_id, code="R1", name="统筹区")
    yield District(region_id=region_id, id=district_id, code="D1", name="第一区")
    yield Institution(
        region_id=region_id, id=institution_id, code="I1", name="第一社区卫生服务中心", kind="community_health_centre",
        district_id=district_id, address="朝阳街", lon=LON, lat=LAT, level=InstitutionLevel.primary,
        licence_no="L1", licence_from=date(2020, 1, 1), licence_to=date(2035, 12, 31),
    )  # fmt: skip
    yield Station(**own, id=new_id(), code="S1", name="一站", lon=LON, lat=LAT)
    yield ServiceMode(**own, mode="round", registration_no="round-1", valid_from=date(2020, 1, 1))
    for code, (minutes, skills) in SERVICES.items():
        yield ServiceItem(
            region_id=region_id, code=code, name=f"项目{code}", duration_minutes=minutes, skills=skills,
            order_kinds=["home_visit"],
        )  # fmt: skip
    yield Account(
        region_id=region_id, id=account_id, username="desk", role=Role.dispatcher, display_name="调度", created_at=now
    )
    yield AccountInstitution(region_id=region_id, account_id=account_id, institution_id=institution_id)
    yield AccountSession(
        region_id=region_id, account_id=account_id, kind="password", device="bench", address="127.0.0.1",
        created_at=now, last_used_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    yield DispatchArea(region_id=region_id, id=new_id(), code="A1", name="城区", institution_ids=[institution_id])


def _person(own: dict[str, Any], station_id: UUID, on: date, no: int) -> Iterator[SQLModel]:
    who, role = new_id(), "doctor" if no % 3 == 0 else "nurse"
    yield Practitioner(
        **own, id=who, staff_no=f"N{no}", name=f"医护{no}", sex="female", role=role, title="junior",
        station_id=station_id, travel_mode="ebike",
    )  # fmt: skip
    yield Qualification(
        **own, practitioner_id=who, kind="licence", code=role, certificate_no=f"C{no}", valid_from=date(2020, 1, 1),
        valid_to=date(2035, 12, 31),
    )  # fmt: skip
    yield Shift(
        **own, practitioner_id=who, service_on=on, during=moments(at_local(on, time(8)), at_local(on, time(18))),
        lunch_from=at_local(on, time(11)), lunch_to=at_local(on, time(14)), lunch_minutes=30,
    )  # fmt: skip


def _visit(
    own: dict[str, Any], account_id: UUID, on: date, no: int, *, now: datetime, chance: np.random.Generator, state: str
) -> Iterator[SQLModel]:
    region_id, home_id, person_id, order_id = own["region_id"], new_id(), new_id(), new_id()
    east, north = chance.uniform(-SPREAD, SPREAD, 2)
    yield Home(
        region_id=region_id, id=home_id, registered_by_institution_id=own["institution_id"], address_sealed=b"-",
        lon=LON + east, lat=LAT + north, datum="wgs84", floor=1 + no % 6,
    )  # fmt: skip
    yield Patient(
        region_id=region_id, id=person_id, registered_by_institution_id=own["institution_id"], name=f"居民{no}",
        sex="female", born_on=date(1945, 5, 1), id_number_sealed=b"-", id_number_index=str(no).encode(),
        home_id=home_id, registered_at=now,
    )  # fmt: skip
    yield CareRelation(
        region_id=region_id, person_id=person_id, kind="institution", institution_id=own["institution_id"],
        during=moments(now - timedelta(days=30), None), because="bench",
    )  # fmt: skip
    start = at_local(on, time(8)) + timedelta(minutes=int(chance.integers(0, 7 * 60)))
    yield Order(
        **own, id=order_id, order_no=f"{on - timedelta(days=2):%Y%m%d}-{no:04d}", kind="home_visit",
        person_id=person_id, home_id=home_id, state=state, service_on=on,
        wished=moments(start, start + timedelta(hours=2, minutes=30)), staff_count=2 if no % 5 == 0 else 1,
        mobility_reason="偏瘫，无法自行下楼", distance_metres=1200, placed_by_account_id=account_id,
        placed_at=now - timedelta(days=1),
    )  # fmt: skip
    code = "DOCTOR" if no % 7 == 0 else ("WOUND" if no % 2 else "CARE")
    yield OrderItem(**own, order_id=order_id, code=code, quantity=1)
    yield OrderMove(
        **own,
        order_id=order_id,
        seq=1,
        to_state=state,
        moved_at=now,
        moved_by_account_id=account_id,
        because="提交预约",
    )
