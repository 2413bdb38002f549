"""An elder with a phone, the region's templates, and a stand-in for the provider of short messages."""

import dataclasses
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.http import House
from service.core.ids import new_id
from service.core.jobs.queue import Job
from service.core.principal import Fence
from service.notices import rules, sending, usecases
from service.notices.models import NoticeTemplate
from service.standins.gate import Gate
from service.standins.sms import SmsStandIn
from tests.gateways.sms.server import serving
from tests.world import World

TOKEN = "a-secret-of-forty-characters-or-so"
PHONE = "13800000001"
TEXTS = {
    "order_accepted": "${name}您好，${institution}已受理${day}的预约（${order_no}）。",
    "order_rejected": "${name}您好，预约${order_no}未能受理，请致电${phone}。",
    "plan_published": "${name}您好，${staff}将于${day}${from}至${to}上门。",
    "appointment_withdrawn": "${name}您好，${day}的上门须重新安排，详询${phone}。",
    "on_the_way": "${name}您好，${staff}已出发，预计${from}到达。",
    "visit_cancelled": "${name}您好，${day}的上门已取消。",
    "bill_ready": "${name}您好，${day}的上门费用为${amount}元。",
}


@dataclass
class Desk:
    """What the worker would do, done now."""

    world: World
    house: House
    provider: SmsStandIn
    person_id: UUID

    @property
    def fence(self) -> Fence:
        """The fence of the institution's jobs."""
        return Fence(self.world.region_id, (self.world.institution_id,))

    def draft(
        self, cause: str = "c1", kind: rules.NoticeKind = rules.NoticeKind.bill_ready, **more: Any
    ) -> rules.Draft:
        """Return something to tell the elder."""
        facts = {
            "region_id": self.world.region_id, "institution_id": self.world.institution_id,
            "person_id": self.person_id, "kind": kind, "cause": cause, "subject_id": new_id(),
            "parameters": dict(rules.SAMPLES[kind]),
        }  # fmt: skip
        return rules.Draft(**(facts | more))

    async def notify(self, *args: Any, **more: Any) -> list[UUID]:
        """Tell, in a transaction of its own."""
        draft = args[0] if args and isinstance(args[0], rules.Draft) else self.draft(*args, **more)
        now = self.world.clock.now()
        async with transaction(self.house.sessions, self.fence, now) as session:
            return await usecases.notify(session, house=self.house, draft=draft, now=now)

    async def work(self, notice_id: UUID) -> None:
        """Run the job of a notice."""
        job = Job(region_id=self.world.region_id, institution_ids=(self.world.institution_id,), subject_id=notice_id)
        await sending.send_notice(self.house, job)

    async def row(self, notice_id: UUID) -> Any:
        """Return a notice's row as it stands."""
        async with self.world.owner.connect() as connection:
            found = await connection.execute(text("select * from notices where id = :id"), {"id": notice_id})
            return found.one()

    async def change(self, notice_id: UUID, what: str) -> None:
        """Change a notice behind everybody's back, as time and deaths do."""
        async with self.world.owner.begin() as connection:
            await connection.execute(text(f"update notices set {what} where id = :id"), {"id": notice_id})

    async def set(self, key: str, value: object) -> None:
        """Set the institution's value of a setting."""
        chief = await self.world.as_role(Role.institution_admin)
        body = {
            "key": key,
            "value": value,
            "valid_from": "2026-01-01",
            "institution_id": str(self.world.institution_id),
        }
        answer = await chief.post("/settings", json=body)
        assert answer.status_code == 201, answer.text

    async def proxy(self, *, phone: str | None, rights: list[str]) -> UUID:
        """Add a proxy of the elder who has left a phone, or has not; return the account."""
        account_id = await self.world.add_account(Role.family_proxy)
        await self.world.add_relation(self.person_id, account_id, kind="proxy", rights=rights)
        if phone:
            client = self.world.client(self.world.principal(Role.family_proxy, account_id))
            answer = await client.put("/notice-contact", json={"phone": phone})
            assert answer.status_code == 200, answer.text
        return account_id


async def give_phone(world: World, person_id: UUID, phone: str | None) -> None:
    """Change a person's phone over HTTP."""
    dispatcher = await world.as_role(Role.dispatcher)
    answer = await dispatcher.patch(f"/patients/{person_id}", json={"phone": phone})
    assert answer.status_code == 200, answer.text


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    """A region with templates for every kind, an elder with a mobile, and a provider that listens."""
    provider = SmsStandIn(Gate("key", "secret"), "测试社区")
    await world.add(
        *(
            NoticeTemplate(
                region_id=world.region_id, kind=kind, provider_code=f"SMS_{number}", text=words,
                valid_from=date(2026, 1, 1),
            )
            for number, (kind, words) in enumerate(TEXTS.items())
        )
    )  # fmt: skip
    person_id = await world.add_patient()
    await give_phone(world, person_id, PHONE)
    async with serving(provider.app) as base:
        settings = world.house.settings.model_copy(
            update={
                "sms_endpoint": base, "sms_access_key_id": "key", "sms_access_key_secret": SecretStr("secret"),
                "sms_sign_name": "测试社区", "sms_callback_token": SecretStr(TOKEN),
            }
        )  # fmt: skip
        yield Desk(world, dataclasses.replace(world.house, settings=settings), provider, person_id)
