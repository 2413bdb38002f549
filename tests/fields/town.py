"""A town run over HTTP alone: whoever administers it writes a field, whoever books, plans or pays sees the outcome."""

from dataclasses import dataclass
from typing import Any

from httpx import AsyncClient, Response

from service.accounts.rules import Role
from tests.world import CENTRE, World

DAY = "2026-03-03"
"""The service day of the stories: tomorrow, by the tests' clock."""
PLACE = {"lon": CENTRE[0], "lat": CENTRE[1]}
NORTH = {"lon": CENTRE[0], "lat": CENTRE[1] + 0.01}
"""1 110 metres from the centre."""
EVERYWHERE = ["home_visit", "home_bed_round", "institution_round"]
ACCOUNT_PASSWORD = "一二三四五六七八九十"


@dataclass
class Town:
    """The region's administration, the institution's, its desk and its doctor, each logged in."""

    world: World
    governor: AsyncClient
    chief: AsyncClient
    desk: AsyncClient
    doctor: AsyncClient

    @classmethod
    async def found(cls, world: World) -> "Town":
        """Log everybody in."""
        return cls(
            world,
            await world.as_role(Role.region_admin),
            await world.as_role(Role.institution_admin),
            await world.as_role(Role.dispatcher),
            await world.as_role(Role.doctor),
        )

    @property
    def at(self) -> str:
        """The institution's id."""
        return str(self.world.institution_id)

    @property
    def house(self) -> str:
        """The institution's address in the API."""
        return f"/institutions/{self.at}"

    async def service(self, code: str, **more: Any) -> str:
        """List a service of half an hour."""
        body = {"code": code, "name": f"服务{code}", "duration_minutes": 30, "order_kinds": EVERYWHERE} | more
        await made(self.governor, "/service-items", body)
        return code

    async def price(self, code: str, yuan: str = "10", **more: Any) -> dict[str, Any]:
        """Price a service from this year on."""
        return await made(
            self.chief, f"{self.house}/prices", {"code": code, "unit_price": yuan, "valid_from": "2026-01-01"} | more
        )

    async def offer(self, code: str, yuan: str = "10", **more: Any) -> str:
        """List and price a service."""
        await self.service(code)
        await self.price(code, yuan, **more)
        return code

    async def home(self, **more: Any) -> str:
        """Register a home in the centre."""
        body = {"institution_id": self.at, "address": "朝阳东街88号", "place": PLACE, "floor": 1} | more
        return str((await made(self.desk, "/homes", body))["id"])

    async def person(self, home_id: str | None, **more: Any) -> str:
        """Register an elder living at a home, in no key group; return the id."""
        body = {
            "institution_id": self.at, "name": "居民甲", "sex": "female", "born_on": "1945-05-01",
            "id_number": self.world.id_number(), "home_id": home_id,
        }  # fmt: skip
        return str((await made(self.desk, "/patients", body | more))["id"])

    async def elder(self, home_id: str | None = None) -> str:
        """Register a disabled elder at a home of his own unless told which; return the id."""
        person_id = await self.person(home_id or await self.home())
        group = {"key_group": "disabled", "valid_from": "2026-01-01"}
        await made(self.desk, f"/patients/{person_id}/key-groups", group)
        return person_id

    async def set(self, key: str, value: object, **more: Any) -> dict[str, Any]:
        """Set the institution's value of a setting."""
        body = {"institution_id": self.at, "key": key, "value": value, "valid_from": "2026-01-01"} | more
        return await made(self.chief, "/settings", body)

    def asked(self, person_id: str, *codes: str, on: str = DAY, **more: Any) -> dict[str, Any]:
        """Return a question for the price of services at nine in the morning."""
        return {
            "institution_id": self.at, "person_id": person_id, "kind": "home_visit", "start_at": f"{on}T09:00:00+08:00",
            "items": [{"code": code} for code in codes],
        } | more  # fmt: skip

    async def quote(self, person_id: str, *codes: str, **more: Any) -> dict[str, Any]:
        """Ask for a price; return the quote or the refusal."""
        answer = await self.desk.post("/quotes", json=self.asked(person_id, *codes, **more))
        assert answer.status_code in {201, 409}, answer.text
        return dict(answer.json())

    async def order(self, person_id: str, *codes: str, on: str = DAY, **more: Any) -> Response:
        """Place an order for the morning."""
        body = {
            "institution_id": self.at, "person_id": person_id, "kind": "home_visit",
            "wished_start": f"{on}T08:00:00+08:00", "wished_end": f"{on}T10:00:00+08:00",
            "items": [{"code": code} for code in codes], "mobility_reason": "偏瘫，无法自行下楼",
        }  # fmt: skip
        return await self.desk.post("/orders", json=body | more)

    async def insure(self, person_id: str, plan_code: str = "RESIDENT", **more: Any) -> None:
        """Give a person a medical insurance."""
        body = {"plan_code": plan_code, "valid_from": "2026-01-01"} | more
        await made(self.desk, f"/patients/{person_id}/coverages", body)

    async def designate(self, plan_code: str = "RESIDENT", **more: Any) -> dict[str, Any]:
        """Let an insurance pay at the institution."""
        body = {"plan_code": plan_code, "valid_from": "2026-01-01"} | more
        return await made(self.governor, f"{self.house}/designations", body)

    async def rule(self, plan_code: str = "RESIDENT", **more: Any) -> dict[str, Any]:
        """Let an insurance pay half of what exceeds five yuan a year, at the institution among others."""
        body = {
            "plan_code": plan_code, "name": "居民医保", "deductible": "5.00", "pay_ratio": "0.50",
            "yearly_cap": "100.00", "valid_from": "2026-01-01",
        }  # fmt: skip
        body |= more
        await self.designate(body["plan_code"])
        return await made(self.governor, "/insurance-rules", body)


async def made(client: AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Create something that must succeed; return the answer."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def changed(client: AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change something that must succeed; return the answer."""
    answer = await client.patch(path, json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def shown(client: AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    """Read something that is there."""
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def line(bill: dict[str, Any], code: str) -> dict[str, Any]:
    """Return a line of a quote."""
    return next(dict(each) for each in bill["lines"] if each["code"] == code)


def fund(bill: dict[str, Any], source: str = "medical_insurance") -> int:
    """Return what one kind of payer pays of a quote, in fen."""
    return sum(each["amount_fen"] for each in bill["payers"] if each["source"] == source)
