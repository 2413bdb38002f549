"""What stands below a booking: listed and priced services, an elder of a key group with an account, his programme."""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response
from sqlalchemy import text

from service.accounts.rules import Role
from service.catalog.models import PriceRow, Programme, ProgrammeItem, VisitFeeTariff
from service.contracts.models import ProgrammeEnrolment
from service.core.dates import moments
from service.core.ids import new_id
from service.institutions.models import SettingRow
from service.patients.models import CareRelation, KeyGroupRow
from tests.world import NOW, World

SINCE = date(2026, 1, 1)
PRICES = {"REHAB": "60", "BLOOD": "12.5", "BEDROUND": "20", "PAIR": "80"}


@dataclass
class Scene:
    """An elder at home, his account, and an institution that may serve him."""

    world: World
    home_id: UUID
    person_id: UUID
    account_id: UUID

    def elder(self) -> AsyncClient:
        """Return a client logged in as the elder."""
        return self.world.client(self.world.principal(Role.elder, self.account_id))

    def asked(self, **changes: object) -> dict[str, Any]:
        """Return a booking of rehabilitation for tomorrow morning."""
        return {
            "institution_id": str(self.world.institution_id),
            "person_id": str(self.person_id),
            "kind": "home_visit",
            "wished_start": "2026-03-03T08:00:00+08:00",
            "wished_end": "2026-03-03T10:00:00+08:00",
            "items": [{"code": "REHAB", "quantity": 1}],
            "mobility_reason": "偏瘫，无法自行下楼",
        } | changes

    async def place(self, client: AsyncClient, **changes: object) -> Response:
        """Place an order."""
        return await client.post("/orders", json=self.asked(**changes))

    async def placed(self, client: AsyncClient, **changes: object) -> dict[str, Any]:
        """Place an order that must succeed; return the order."""
        answer = await self.place(client, **changes)
        assert answer.status_code == 201, answer.text
        order: dict[str, Any] = answer.json()["order"]
        return order

    async def add_elder(self, *groups: str, home_id: UUID | None = None) -> UUID:
        """Add an elder of some key groups; return the id."""
        person_id = await self.world.add_patient(home_id=home_id)
        await self.world.add(
            *(
                KeyGroupRow(region_id=self.world.region_id, person_id=person_id, key_group=group, valid_from=SINCE)
                for group in groups
            )
        )
        return person_id

    async def add_carer(self, person_id: UUID, relation: str = "child", until: Any = None) -> UUID:
        """Add a family proxy of an elder; return his account's id."""
        account_id = await self.world.add_account(Role.family_proxy)
        await self.world.add(
            CareRelation(
                region_id=self.world.region_id, person_id=person_id, kind="proxy", account_id=account_id,
                relation=relation, rights=["view", "book"], during=moments(NOW.replace(year=2025), until),
                because="test",
            )
        )  # fmt: skip
        return account_id

    async def set(self, key: str, value: object, *, since: date = SINCE) -> None:
        """Set an institution's setting."""
        await self.world.add(
            SettingRow(
                region_id=self.world.region_id, institution_id=self.world.institution_id, key=key, value=value,
                valid_from=since, set_by_account_id=new_id(), set_at=NOW,
            )
        )  # fmt: skip

    async def add_prices(self, institution_id: UUID, prices: dict[str, str] | None = None) -> None:
        """Price services at an institution."""
        await self.world.add(
            *(
                PriceRow(
                    region_id=self.world.region_id, institution_id=institution_id, code=code, name=code,
                    unit_price=Decimal(price), valid_from=SINCE,
                )
                for code, price in (prices or PRICES).items()
            )
        )  # fmt: skip

    async def add_tariff(self, *, per_staff: bool = True, tiers: list[dict[str, Any]] | None = None) -> None:
        """Set the institution's visit fee: 30 yuan per member of staff up to 5 km unless told otherwise."""
        await self.world.add(
            VisitFeeTariff(
                region_id=self.world.region_id, institution_id=self.world.institution_id,
                unit="visit_staff" if per_staff else "visit", tiers=tiers or [{"up_to_km": "5", "price": "30"}],
                distance_base="institution", distance_method="great_circle", valid_from=SINCE,
            )
        )  # fmt: skip

    async def add_programme(self, per_year: int, code: str = "REHAB") -> UUID:
        """Enrol the elder in a programme that pays units of a service each year; return the programme's id."""
        programme = Programme(
            region_id=self.world.region_id, code=f"P{self.world.number()}", name="失能老年人健康服务", payer="财政",
            valid_from=SINCE,
        )  # fmt: skip
        await self.world.add(
            programme,
            ProgrammeItem(region_id=self.world.region_id, programme_id=programme.id, code=code, per_year=per_year),
            ProgrammeEnrolment(
                region_id=self.world.region_id, person_id=self.person_id, programme_id=programme.id, valid_from=SINCE
            ),
        )
        return programme.id

    async def held(self, order_id: str) -> int:
        """Return the units that an order holds."""
        query = text(
            "select coalesce(sum(case kind when 'reserve' then units when 'release' then -units else 0 end), 0)"
            " from entitlement_entries where order_id = :order"
        )
        return int(await self._one(query, order=order_id))

    async def count(self, table: str) -> int:
        """Return how many rows of a table the region has."""
        return int(
            await self._one(
                text(f"select count(*) from {table} where region_id = :region"), region=self.world.region_id
            )
        )

    async def run(self, sql: str, **values: object) -> None:
        """Change rows as the owner."""
        async with self.world.owner.begin() as connection:
            await connection.execute(text(sql), values)

    async def _one(self, query: Any, **values: object) -> Any:
        async with self.world.owner.connect() as connection:
            return await connection.scalar(query, values)


async def make_scene(world: World) -> Scene:
    """Return the scene of one test."""
    await world.add_service_item("REHAB", name="康复训练", minutes=30)
    await world.add_service_item("BLOOD", name="空腹采血", minutes=20, latest_start=time(9, 30), kinds=("home_visit",))
    await world.add_service_item("BEDROUND", name="家庭病床巡诊", minutes=30, kinds=("home_bed_round",))
    await world.add_service_item("PAIR", name="压疮换药", minutes=40, staff_count=2)
    await world.add_service_item("INFUSION", name="静脉输液", refusal_note="静脉输液有严重过敏风险，请到机构就诊")
    home_id = await world.add_home()
    account_id = await world.add_account(Role.elder)
    scene = Scene(world, home_id, new_id(), account_id)
    await scene.add_prices(world.institution_id)
    scene.person_id = await scene.add_elder("disabled", home_id=home_id)
    await world.add_relation(scene.person_id, account_id)
    return scene
