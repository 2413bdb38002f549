"""Bodies of requests about contracts, and questions about what came of them."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from httpx import Response
from sqlalchemy import text

from service.accounts.rules import Role
from service.contracts import usecases
from service.contracts.rules import ContractCover
from service.core.db.session import transaction
from tests.contracts.papers import fence
from tests.world import World

PACKAGE = {
    "code": "ELDER-BASIC",
    "name": "老年人基础服务包",
    "valid_from": "2026-01-01",
    "items": [{"code": "BP", "quantity": 8}, {"code": "DRESSING", "quantity": 2, "counting": "visit"}],
}


def refused(answer: Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    return body


def packages(world: World, institution_id: UUID | None = None) -> str:
    return f"/institutions/{institution_id or world.institution_id}/packages"


async def prepared(world: World, institution_id: UUID | None = None) -> dict[str, Any]:
    """Offer the package; return the body of a contract on it for a new elder."""
    at = institution_id or world.institution_id
    client = await world.as_role(Role.institution_admin, at)
    made = await client.post(packages(world, at), json=PACKAGE)
    assert made.status_code == 201, made.text
    return {
        "person_id": str(await world.add_patient(institution_id=at)),
        "package_id": made.json()["id"],
        "doctor_id": str(await world.add_practitioner(role="doctor", institution_id=at)),
        "signed_on": "2026-03-02",
        "valid_from": "2026-03-02",
        "valid_to": "2027-03-01",
    }


async def covers(world: World, person_id: str, on: date = date(2026, 3, 2)) -> list[ContractCover]:
    async with transaction(world.house.sessions, fence(world), world.clock.now()) as session:
        return await usecases.cover_on(session, region_id=world.region_id, person_id=UUID(person_id), on=on)


async def relate(world: World, person_id: str, institution_id: UUID) -> None:
    async with world.owner.begin() as connection:
        await connection.execute(
            text(
                "insert into care_relations (region_id, id, person_id, kind, institution_id, rights, during, because)"
                " values (:region, :id, :person, 'institution', :institution, '{}', tstzrange('2026-01-01', null), 'x')"
            ),
            {"region": world.region_id, "id": uuid4(), "person": UUID(person_id), "institution": institution_id},
        )
