"""The town that the benchmark asks about: institutions, staff who are logged in, elders with payers, orders to read."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import SQLModel

from service import schema
from service.accounts.models import Account, AccountInstitution, AccountSession
from service.accounts.rules import ROLE_SCOPES, Role
from service.catalog.limit_models import PriceLimit
from service.catalog.limit_rules import LimitPer
from service.catalog.ltci_models import LtciRuleRow
from service.catalog.models import InsuranceRule, PriceRow, Programme, ProgrammeItem, ServiceItem, VisitFeeTariff
from service.catalog.reduction_models import ReductionRule
from service.catalog.rules import VISIT_FEE_CODE
from service.contracts import rules as contracts
from service.contracts.models import Entitlement, ProgrammeEnrolment
from service.core.clock import at_local, local_date
from service.core.dates import moments
from service.core.db import fences
from service.core.http import ACCESS_AUDIENCE, claims_of
from service.core.ids import new_id
from service.core.keyring import load
from service.core.principal import Principal
from service.core.signing import Signer
from service.institutions.designation_models import InstitutionDesignation
from service.institutions.models import District, Institution, Region, ServiceMode, SettingRow, Station
from service.institutions.rules import LTCI_PLAN, InstitutionLevel
from service.orders.models import Order, OrderItem, OrderMove
from service.patients.ltci_models import LtciAssessment
from service.patients.models import CareRelation, Coverage, Home, KeyGroupRow, Patient

INSTITUTIONS, ELDERS, ORDERS = 16, 60, 60
"""Institutions, and of each its elders and the orders that are there to be read."""
CODES = ("WOUND", "REHAB", "BLOOD", "GLUCOSE")
SINCE = date(2026, 1, 1)
LON, LAT = 106.38, 39.02
LTCI_CAP_FEN = 155_000


@dataclass(frozen=True)
class Desk:
    """One institution as the clients need it: its id, a token of its staff, its elders and its orders."""

    id: str
    token: str
    elders: list[str]
    orders: list[str]


def rows_of(region_id: UUID, now: datetime, no: int) -> Iterator[SQLModel]:
    """Yield everything of one institution; the ids of elders and orders are found in the rows."""
    today = local_date(now)
    institution_id, account_id = new_id(), new_id()
    own: dict[str, Any] = {"region_id": region_id, "institution_id": institution_id}
    licence = {"licence_no": f"L{no}", "licence_from": SINCE, "licence_to": date(2035, 12, 31)}
    district_id = new_id()
    yield District(region_id=region_id, id=district_id, code=f"D{no}", name=f"第{no}区")
    yield Institution(
        region_id=region_id, id=institution_id, code=f"I{no}", name=f"第{no}社区卫生服务中心",
        kind="community_health_centre", district_id=district_id, address="朝阳街", lon=LON, lat=LAT,
        level=InstitutionLevel.primary, **licence,
    )  # fmt: skip
    for plan in ("RESIDENT", LTCI_PLAN):
        yield InstitutionDesignation(**own, plan_code=plan, valid_from=SINCE)
    yield Station(**own, code="S1", name="一站", lon=LON, lat=LAT)
    for mode in ("round", "home_bed"):
        yield ServiceMode(**own, mode=mode, registration_no=f"{mode}-{no}", valid_from=SINCE)
    for code in CODES:
        yield PriceRow(**own, code=code, name=code, unit_price=Decimal("28.5"), valid_from=SINCE, insurance_class="A")
    yield VisitFeeTariff(
        **own, unit="visit_staff", tiers=[{"up_to_km": "5", "price": "30"}], distance_base="institution",
        distance_method="great_circle", valid_from=SINCE,
    )  # fmt: skip
    for key, value in (("orders.auto_accept", True), ("orders.max_open_per_person", 100), ("travel.walk_kmh", "4")):
        yield SettingRow(**own, key=key, value=value, valid_from=SINCE, set_by_account_id=account_id, set_at=now)
    yield Account(
        region_id=region_id, id=account_id, username=f"desk{no}", role=Role.dispatcher, display_name="调度",
        created_at=now,
    )  # fmt: skip
    yield AccountInstitution(region_id=region_id, account_id=account_id, institution_id=institution_id)
    # sessions run on real time
    real = datetime.now(UTC)
    yield AccountSession(
        region_id=region_id, account_id=account_id, kind="password", device="bench", address="127.0.0.1",
        created_at=real, last_used_at=real, expires_at=real + timedelta(days=1),
    )  # fmt: skip
    for elder in range(ELDERS):
        yield from _elder(region_id, institution_id, district_id, now, no * ELDERS + elder)
    for order in range(ORDERS):
        yield from _order(own, account_id, now, today, order)


def _elder(
    region_id: UUID, institution_id: UUID, district_id: UUID, now: datetime, no: int
) -> Iterator[SQLModel]:  # fmt: skip
    home_id, person_id = new_id(), new_id()
    of = {"region_id": region_id, "person_id": person_id}
    yield Home(
        region_id=region_id, id=home_id, registered_by_institution_id=institution_id, address_sealed=b"-",
        lon=LON + 0.012, lat=LAT + 0.01, datum="wgs84", floor=3,
    )  # fmt: skip
    yield Patient(
        region_id=region_id, id=person_id, registered_by_institution_id=institution_id, name=f"居民{no}", sex="female",
        born_on=date(1945, 5, 1), id_number_sealed=b"-", id_number_index=str(no).encode(), home_id=home_id,
        registered_at=now,
    )  # fmt: skip
    yield CareRelation(
        **of, kind="institution", institution_id=institution_id, during=moments(now - timedelta(days=30), None),
        because="bench",
    )  # fmt: skip
    yield KeyGroupRow(**of, key_group="disabled", valid_from=SINCE)
    yield Coverage(**of, plan_code="RESIDENT", valid_from=SINCE)
    yield LtciAssessment(**of, district_id=district_id, grade=3, valid_from=SINCE)


def _order(own: dict[str, Any], account_id: UUID, now: datetime, today: date, no: int) -> Iterator[SQLModel]:
    order_id = new_id()
    start = at_local(today + timedelta(days=1 + no % 7), time(8))
    # placed yesterday: today's numbers are taken by the orders that the benchmark places
    yield Order(
        **own, id=order_id, order_no=f"{today - timedelta(days=1):%Y%m%d}-{no:04d}", kind="home_visit",
        person_id=UUID(int=0), home_id=UUID(int=0), state="accepted", service_on=local_date(start),
        wished=moments(start, start + timedelta(hours=2)), staff_count=1, mobility_reason="偏瘫，无法自行下楼",
        distance_metres=1200, placed_by_account_id=account_id, placed_at=now - timedelta(days=1),
    )  # fmt: skip
    for code in CODES[:2]:
        yield OrderItem(**own, order_id=order_id, code=code, quantity=1)
    moves = ((1, None, "submitted", account_id, "提交预约"), (2, "submitted", "accepted", None, "自动接单"))
    for seq, before, after, by, because in moves:
        yield OrderMove(
            **own, order_id=order_id, seq=seq, from_state=before, to_state=after, moved_at=now - timedelta(days=1),
            moved_by_account_id=by, because=because,
        )  # fmt: skip


def region_rows(region_id: UUID) -> Iterator[SQLModel]:
    """Yield what belongs to the region: services, the book of a level, a programme, insurances, limits, a reduction."""
    yield Region(id=region_id, code="R1", name="统筹区")
    for code in CODES:
        yield ServiceItem(
            region_id=region_id, code=code, name=f"项目{code}", duration_minutes=20, skills=["role:nurse"],
            order_kinds=["home_visit", "home_bed_round"],
        )  # fmt: skip
        # each institution has a row of its own, which goes before it
        yield PriceRow(
            region_id=region_id, level=InstitutionLevel.primary, code=code, name=code, unit_price=Decimal(31),
            valid_from=SINCE, insurance_class="A",
        )  # fmt: skip
    programme = Programme(region_id=region_id, code="P1", name="失能老年人健康服务", payer="财政", valid_from=SINCE)
    yield programme
    yield ProgrammeItem(region_id=region_id, programme_id=programme.id, code="REHAB", per_year=1_000_000)
    yield InsuranceRule(
        region_id=region_id, plan_code="RESIDENT", name="居民医保", deductible_fen=10_000, pay_ratio=Decimal("0.5"),
        yearly_cap_fen=100_000_000, valid_from=SINCE,
    )  # fmt: skip
    yield LtciRuleRow(
        region_id=region_id, name="长期护理保险", codes=["BLOOD"], pay_ratio=Decimal("0.7"),
        monthly_caps={"3": LTCI_CAP_FEN}, valid_from=SINCE,
    )  # fmt: skip
    for code, codes, per, most in (("FEE", [VISIT_FEE_CODE], LimitPer.week, 7), ("ONE", ["WOUND"], LimitPer.day, 3)):
        yield PriceLimit(
            region_id=region_id, code=code, title=f"限{most}次", codes=codes, per=per, maximum=most, valid_from=SINCE
        )
    yield ReductionRule(
        region_id=region_id, code="LOW", title="低保减免", key_groups=["low_income"], codes=[], ratio=Decimal("0.5"),
        valid_from=SINCE,
    )  # fmt: skip


def entitled(region_id: UUID, person_id: UUID, programme_id: UUID, on: date) -> Iterator[SQLModel]:
    """Yield an elder's enrolment and what the ledger knows of him: the year is no longer new to it."""
    of, year = {"region_id": region_id, "person_id": person_id}, contracts.year_of(on)
    yield ProgrammeEnrolment(**of, programme_id=programme_id, valid_from=SINCE)
    yield Entitlement(**of, source="public_program", ref_id=programme_id, code="REHAB", period=year, cap=1_000_000)
    for source, cap in (("insurance_fund", 100_000_000), ("insurance_deductible", 10_000)):
        yield Entitlement(**of, source=source, ref_id=person_id, code="RESIDENT", period=year, cap=cap)
    month = contracts.month_of(on)
    yield Entitlement(**of, source="ltci", ref_id=person_id, code="", period=month, cap=LTCI_CAP_FEN)


async def build(owner_url: str, keyring: Path) -> list[Desk]:
    """Make the schema and the town in an empty database; return the institutions."""
    engine = create_async_engine(owner_url)
    now, region_id, signer = datetime.now(UTC), new_id(), Signer(load(keyring))
    tomorrow = local_date(now) + timedelta(days=1)
    regional = list(region_rows(region_id))
    programme_id = next(row.id for row in regional if isinstance(row, Programme))
    institutions: list[list[SQLModel]] = [list(rows_of(region_id, now, no)) for no in range(INSTITUTIONS)]
    rows: list[SQLModel] = [*regional]
    for own in institutions:
        elders = [row for row in own if isinstance(row, Patient)]
        for no, order in enumerate(row for row in own if isinstance(row, Order)):
            order.person_id, order.home_id = elders[no % ELDERS].id, elders[no % ELDERS].home_id or region_id
        rows += own
        for elder in elders:
            rows += entitled(region_id, elder.id, programme_id, tomorrow)
    async with engine.begin() as connection:
        await connection.run_sync(schema.create_all)
        await put_in(connection, rows)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("vacuum analyze")
    await engine.dispose()
    return [_told(signer, own) for own in institutions]


async def put_in(connection: AsyncConnection, rows: list[SQLModel]) -> None:
    """Insert rows as the owner, table by table in the order of their keys."""
    await connection.exec_driver_sql("alter table orders disable trigger orders_within_limit")
    for table in SQLModel.metadata.sorted_tables:
        # not `model_dump`: it takes ranges apart
        own = [
            {column.key: getattr(row, column.key) for column in table.columns}
            for row in rows
            if fences.table_of(type(row)) is table
        ]
        if own:
            await connection.execute(insert(table), own)
    await connection.exec_driver_sql("alter table orders enable trigger orders_within_limit")


def _told(signer: Signer, own: list[SQLModel]) -> Desk:
    session = next(row for row in own if isinstance(row, AccountSession))
    institution = next(row for row in own if isinstance(row, Institution))
    return Desk(
        str(institution.id),
        token_of(signer, session, institution.id),
        [str(row.id) for row in own if isinstance(row, Patient)],
        [str(row.id) for row in own if isinstance(row, Order)],
    )


def token_of(signer: Signer, session: AccountSession, institution_id: UUID) -> str:
    """Return the token of a dispatcher of an institution, good for a day."""
    principal = Principal(
        account_id=session.account_id,
        region_id=session.region_id,
        role=Role.dispatcher,
        scopes=ROLE_SCOPES[Role.dispatcher],
        institution_ids=(institution_id,),
        session_id=session.id,
    )
    return signer.sign(claims_of(principal), audience=ACCESS_AUDIENCE, now=datetime.now(UTC), seconds=86_400)


def save(path: Path, institutions: list[Desk]) -> None:
    """Write what the clients need to a file."""
    path.write_text(json.dumps([asdict(each) for each in institutions]))
