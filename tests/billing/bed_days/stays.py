"""Stays paid by the day, opened and billed over HTTP: the doctor opens, pauses and closes, finance bills."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response
from sqlalchemy import text

from service.accounts.rules import Role
from service.institutions.designation_models import InstitutionDesignation
from service.patients.models import Coverage
from tests.world import World

LATER = date(2026, 4, 1)
"""What the tests' clock shows: all days of March are over."""


@dataclass
class Ward:
    """An institution where stays are paid by the day, its doctor and its finance."""

    world: World
    at: UUID
    doctor_id: UUID
    doctor: AsyncClient
    finance: AsyncClient

    @classmethod
    async def open(cls, world: World, at: UUID | None = None) -> "Ward":
        here = at or world.institution_id
        doctor_id = await world.add_practitioner(role="doctor", institution_id=here)
        show(world, LATER)
        return cls(
            world, here, doctor_id, await world.as_role(Role.doctor, here), await world.as_role(Role.finance, here)
        )

    async def insure(
        self, person_id: UUID, *periods: tuple[date, date | None], plan: str = "EMPLOYEE", designated: bool = True
    ) -> None:
        """Insure a person (since 2020 by default) with a plan that pays at the institution."""
        world = self.world
        await world.add(
            *(
                Coverage(
                    region_id=world.region_id, person_id=person_id, plan_code=plan, valid_from=first, valid_to=last
                )
                for first, last in periods or [(date(2020, 1, 1), None)]
            )
        )
        if designated:
            await self.designate(plan)

    async def designate(self, plan: str, first: date = date(2020, 1, 1), last: date | None = None) -> None:
        own = {"region_id": self.world.region_id, "institution_id": self.at}
        await self.world.add(InstitutionDesignation(**own, plan_code=plan, valid_from=first, valid_to=last))

    async def stay(self, person_id: UUID, opened_on: str = "2026-03-01", **more: Any) -> str:
        """Open a bed paid by the day; return its id."""
        body = {
            "institution_id": str(self.at), "person_id": str(person_id), "doctor_id": str(self.doctor_id),
            "opened_on": opened_on, "payment": "per_diem",
        }  # fmt: skip
        answer = await self.doctor.post("/beds", json=body | more)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def close(self, bed_id: str, on: str = "2026-03-11") -> Response:
        return await self.doctor.post(f"/beds/{bed_id}/closure", json={"closed_on": on, "reason": "好转"})

    async def pause(self, bed_id: str, first: str, until: str | None = None) -> Response:
        body = {"from": first, "to": until, "reason": "住院治疗"}
        return await self.doctor.post(f"/beds/{bed_id}/pauses", json=body)

    async def resume(self, bed_id: str, on: str) -> Response:
        return await self.doctor.post(f"/beds/{bed_id}/resumption", json={"on": on})

    async def settle(self, bed_id: str, first: str = "2026-03-01", until: str = "2026-03-11") -> Response:
        return await self.finance.post(f"/beds/{bed_id}/bed-settlements", json={"from": first, "to": until})

    async def bill(self, bed_id: str, first: str = "2026-03-01", until: str = "2026-03-11") -> dict[str, Any]:
        answer = await self.settle(bed_id, first, until)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def reverse(self, bed_id: str, first: str = "2026-03-01", until: str = "2026-03-11") -> Response:
        body = {"from": first, "to": until, "reason": "更正"}
        return await self.finance.post(f"/beds/{bed_id}/reversals", json=body)

    async def read(self, bill: dict[str, Any]) -> dict[str, Any]:
        answer = await self.finance.get(f"/bed-settlements/{bill['id']}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def show(world: World, on: date) -> None:
    """Let the clock show nine in the morning of a day."""
    world.clock.shows = datetime.combine(on, time(1), tzinfo=UTC)


def parts(bill: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return gross, fund, institution and patient of a bill or of one of its days, in fen."""
    return bill["gross_fen"], bill["fund_fen"], bill["institution_fen"], bill["patient_fen"]


def days(bill: dict[str, Any]) -> list[str]:
    """Return the days that a bill bills."""
    return [day["on"] for day in bill["bed_days"]]


async def used(world: World, person_id: UUID) -> dict[str, int]:
    """Return what the fund has paid by the day, as the sum of all entries, by year."""
    query = text(
        "select e.period, sum(case x.kind when 'consume' then x.units when 'reverse' then -x.units else 0 end)::bigint"
        " from entitlements e left join entitlement_entries x on x.region_id = e.region_id and x.entitlement_id = e.id"
        " where e.region_id = :region and e.person_id = :person and e.source = 'per_diem' group by e.period"
    )
    async with world.owner.connect() as connection:
        found = await connection.execute(query, {"region": world.region_id, "person": person_id})
        return {row.period: row[1] or 0 for row in found}


async def sums(world: World, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a question about the region."""
    async with world.owner.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query), {"region": world.region_id})]
