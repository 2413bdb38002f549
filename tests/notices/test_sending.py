"""How a notice comes to be, goes out once, and what becomes of it: against a provider that speaks the real protocol."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.http import House
from service.main import build_app
from service.notices import rules, sending
from service.notices.usecases import attempting
from service.standins.sms import Behaviour, receipt
from tests.gateways.sms.server import serving
from tests.notices.conftest import PHONE, TOKEN, Desk, give_phone

LATE = "2026-03-02T22:30:00+08:00"


async def jobs_of(desk: Desk, notice_id: UUID) -> int:
    """Count the jobs that wait for a notice."""
    async with desk.world.owner.connect() as connection:
        found = await connection.execute(
            text("select count(*) from pgqueuer where entrypoint = 'notice.due' and payload like :id"),
            {"id": f"%{notice_id}%".encode()},
        )
        return int(found.scalar_one())


async def states(desk: Desk, *ids: UUID) -> list[tuple[str, str | None]]:
    """Return the states of notices, with why they are suppressed."""
    return [(row.state, row.suppressed) for row in [await desk.row(each) for each in ids]]


class TestNotify:
    async def test_writes_a_notice_and_its_job_and_sends_nothing_itself(self, desk: Desk) -> None:
        [notice] = await desk.notify()
        row = await desk.row(notice)
        assert (row.state, row.kind, row.channel, row.attempts) == ("queued", "bill_ready", "sms", 0)
        assert await jobs_of(desk, notice) == 1
        assert desk.provider.sent == []

    async def test_leaves_neither_notice_nor_job_when_its_sender_fails(self, desk: Desk) -> None:
        now = desk.world.clock.now()
        with pytest.raises(RuntimeError, match="no"):
            async with transaction(desk.house.sessions, desk.fence, now) as session:
                await sending_notify(session, desk)
                raise RuntimeError("no")
        async with desk.world.owner.connect() as connection:
            query = text("select count(*) from notices where region_id = :region")
            found = await connection.execute(query, {"region": desk.world.region_id})
            assert found.scalar_one() == 0

    async def test_tells_a_cause_once(self, desk: Desk) -> None:
        assert len(await desk.notify("c1")) == 1
        assert await desk.notify("c1") == []
        assert len(await desk.notify("c2")) == 1

    async def test_does_not_repeat_itself_about_a_subject_until_something_else_was_told(self, desk: Desk) -> None:
        draft = desk.draft("p1", rules.NoticeKind.plan_published)
        moved = {"from": "10:00", "to": "10:30"}

        async def tell(cause: str, kind: rules.NoticeKind, **changed: str) -> int:
            told = desk.draft(cause, kind, subject_id=draft.subject_id, parameters=dict(rules.SAMPLES[kind]) | changed)
            return len(await desk.notify(told))

        assert await desk.notify(draft)
        assert await tell("p2", rules.NoticeKind.plan_published) == 0
        assert await tell("p3", rules.NoticeKind.plan_published, **moved) == 1
        assert await tell("p4", rules.NoticeKind.plan_published) == 1
        assert await tell("p5", rules.NoticeKind.appointment_withdrawn) == 1
        assert await tell("p6", rules.NoticeKind.plan_published) == 1

    async def test_keeps_what_is_said_and_to_whom_sealed(self, desk: Desk) -> None:
        [notice] = await desk.notify()
        row = await desk.row(notice)
        stored = b"".join(bytes(each) for each in (row.parameters_sealed, row.phone_sealed, row.said))
        assert PHONE.encode() not in stored
        assert "王桂兰".encode() not in stored

    async def test_tells_proxies_who_left_a_phone_and_may_know(self, desk: Desk) -> None:
        payer = await desk.proxy(phone="13800000002", rights=["view", "pay"])
        await desk.proxy(phone="13800000003", rights=["view"])
        await desk.proxy(phone=None, rights=["view", "pay"])
        told = {(await desk.row(each)).account_id for each in await desk.notify()}
        assert told == {None, payer}

    async def test_tells_a_proxy_no_longer_once_his_relation_or_his_account_ended(self, desk: Desk) -> None:
        gone, disabled = [await desk.proxy(phone=f"1380000000{number}", rights=["view", "pay"]) for number in (4, 5)]
        async with desk.world.owner.begin() as connection:
            await connection.execute(
                text("update care_relations set during = tstzrange(lower(during), :now) where account_id = :id"),
                {"now": desk.world.clock.now() - timedelta(days=1), "id": gone},
            )
            await connection.execute(text("update accounts set status = 'disabled' where id = :id"), {"id": disabled})
        assert len(await desk.notify()) == 1

    async def test_uses_the_phone_that_the_elder_himself_left_where_the_record_has_none(self, desk: Desk) -> None:
        await give_phone(desk.world, desk.person_id, None)
        [silent] = await desk.notify("c1")
        account_id = await desk.world.add_account(Role.elder)
        await desk.world.add_relation(desk.person_id, account_id)
        elder = desk.world.client(desk.world.principal(Role.elder, account_id))
        await elder.put("/notice-contact", json={"phone": "13900000009"})
        [notice] = await desk.notify("c2")
        await desk.work(notice)
        assert await states(desk, silent, notice) == [("suppressed", "no_mobile"), ("sent", None)]
        assert [each.phone for each in desk.provider.sent] == ["13900000009"]

    async def test_never_writes_to_one_who_has_died(self, desk: Desk) -> None:
        dispatcher = await desk.world.as_role(Role.dispatcher)
        answer = await dispatcher.patch(f"/patients/{desk.person_id}", json={"deceased_on": "2026-03-01"})
        assert answer.status_code == 200, answer.text
        [notice] = await desk.notify()
        assert await states(desk, notice) == [("suppressed", "no_mobile")]

    async def test_says_why_it_sends_nothing(self, desk: Desk) -> None:
        await desk.set("notices.off", "on_the_way")
        [off] = await desk.notify("c1", rules.NoticeKind.on_the_way)
        await give_phone(desk.world, desk.person_id, "0952-2012345")
        [landline] = await desk.notify("c2")
        await give_phone(desk.world, desk.person_id, PHONE)
        async with desk.world.owner.begin() as connection:
            await connection.execute(
                text("update notice_templates set valid_to = '2026-03-01' where region_id = :r"),
                {"r": desk.world.region_id},
            )
        [unworded] = await desk.notify("c3")
        assert await states(desk, off, landline, unworded) == [
            ("suppressed", "switched_off"), ("suppressed", "no_mobile"), ("suppressed", "no_template"),
        ]  # fmt: skip
        assert [await jobs_of(desk, each) for each in (off, landline, unworded)] == [0, 0, 0]

    @pytest.mark.parametrize(
        ("to", "phones"),
        [
            ("elder_and_proxies", [PHONE, "13800000002"]),
            ("elder", [PHONE]),
            ("proxies", ["13800000002"]),
            ("proxies_else_elder", ["13800000002"]),
        ],
    )
    async def test_tells_whom_the_institution_wants_told(self, desk: Desk, to: str, phones: list[str]) -> None:
        await desk.proxy(phone="13800000002", rights=["view", "pay"])
        await desk.set("notices.to", to)
        for notice in await desk.notify():
            await desk.work(notice)
        assert sorted(each.phone for each in desk.provider.sent) == sorted(phones)


async def sending_notify(session: Any, desk: Desk) -> None:
    from service.notices import usecases  # noqa: PLC0415

    await usecases.notify(session, house=desk.house, draft=desk.draft(), now=desk.world.clock.now())


class TestSending:
    async def test_sends_once_however_often_the_job_runs(self, desk: Desk) -> None:
        [notice] = await desk.notify()
        for _ in range(3):
            await desk.work(notice)
        [sent] = desk.provider.sent
        assert (sent.phone, sent.template_code) == (PHONE, "SMS_6")
        assert sent.parameters == {"name": "王桂兰", "day": "3月3日", "amount": "35.50"}
        row = await desk.row(notice)
        assert (row.state, row.provider_id, row.attempts) == ("sent", sent.biz_id, 1)
        assert sent.out_id == attempting.out_id(desk.world.region_id, notice)

    async def test_sends_once_when_many_workers_have_the_job(self, desk: Desk) -> None:
        desk.provider.behaviour = Behaviour(slow_seconds=0.2)
        [notice] = await desk.notify()
        await asyncio.gather(*(desk.work(notice) for _ in range(6)))
        assert len(desk.provider.sent) == 1

    async def test_waits_through_the_night_and_is_found_by_the_sweep(self, desk: Desk) -> None:
        desk.world.clock.shows = datetime.fromisoformat(LATE)
        [notice] = await desk.notify()
        await desk.work(notice)
        assert desk.provider.sent == []
        assert (await desk.row(notice)).due_at == datetime.fromisoformat("2026-03-03T07:00:00+08:00")
        await drop_jobs(desk)
        await sending.sweep(desk.house)
        assert await jobs_of(desk, notice) == 0
        desk.world.clock.shows = datetime.fromisoformat("2026-03-03T07:00:00+08:00")
        await sending.sweep(desk.house)
        assert await jobs_of(desk, notice) == 1
        await desk.work(notice)
        assert len(desk.provider.sent) == 1

    async def test_is_not_sent_when_it_would_come_too_late(self, desk: Desk) -> None:
        desk.world.clock.shows = datetime.fromisoformat(LATE)
        [notice] = await desk.notify("c1", rules.NoticeKind.on_the_way)
        desk.world.clock.shows += timedelta(hours=9)
        await desk.work(notice)
        assert await states(desk, notice) == [("suppressed", "too_late")]
        assert desk.provider.sent == []

    async def test_is_kept_from_the_air_without_a_gateway(self, desk: Desk, house: House) -> None:
        [notice] = await desk.notify()
        desk.house = house
        await desk.work(notice)
        assert await states(desk, notice) == [("suppressed", "no_gateway")]

    @pytest.mark.parametrize(
        ("behaviour", "code", "wait"),
        [
            (Behaviour(throttle=1), "Throttling.User", timedelta(minutes=1)),
            (Behaviour(limit=1), "isv.BUSINESS_LIMIT_CONTROL", timedelta(minutes=10)),
        ],
    )
    async def test_comes_back_when_the_provider_says_later(
        self, desk: Desk, behaviour: Behaviour, code: str, wait: timedelta
    ) -> None:
        desk.provider.behaviour = behaviour
        [notice] = await desk.notify()
        await desk.work(notice)
        row = await desk.row(notice)
        assert (row.state, row.provider_code, row.due_at) == ("queued", code, desk.world.clock.now() + wait)
        await desk.work(notice)
        assert desk.provider.sent == []
        desk.world.clock.shows += wait
        await desk.work(notice)
        assert (await desk.row(notice)).state == "sent"
        assert len(desk.provider.sent) == 1

    async def test_fails_for_good_when_the_provider_refuses_the_message(self, desk: Desk) -> None:
        desk.provider.templates = frozenset({"SMS_999"})
        [notice] = await desk.notify()
        await desk.work(notice)
        row = await desk.row(notice)
        assert (row.state, row.provider_code) == ("failed", "isv.SMS_TEMPLATE_ILLEGAL")
        await desk.work(notice)
        assert (await desk.row(notice)).attempts == 1

    async def test_gives_up_after_as_many_attempts_as_are_sensible(self, desk: Desk) -> None:
        desk.provider.behaviour = Behaviour(throttle=100)
        [notice] = await desk.notify()
        for _ in range(rules.MOST_ATTEMPTS + 2):
            await desk.change(notice, "due_at = created_at")
            await desk.work(notice)
        row = await desk.row(notice)
        assert (row.state, row.attempts) == ("failed", rules.MOST_ATTEMPTS)


class TestADeathInTheMiddle:
    async def claim(self, desk: Desk, notice: UUID) -> attempting.Claim | None:
        now = desk.world.clock.now()
        async with transaction(desk.house.sessions, desk.fence, now) as session:
            return await attempting.claim(
                session, house=desk.house, region_id=desk.world.region_id, notice_id=notice, now=now,
                real=datetime.now(UTC),
            )  # fmt: skip

    async def grow_old(self, desk: Desk, notice: UUID) -> None:
        await desk.change(notice, "sending_since = sending_since - interval '3 minutes'")

    async def test_before_the_call_leads_to_one_message(self, desk: Desk) -> None:
        [notice] = await desk.notify()
        assert await self.claim(desk, notice)
        await desk.work(notice)
        assert desk.provider.sent == []  # another worker may be at it still
        await self.grow_old(desk, notice)
        await drop_jobs(desk)
        await sending.sweep(desk.house)
        assert await jobs_of(desk, notice) == 1
        await desk.work(notice)
        assert (await desk.row(notice)).state == "queued"
        await desk.work(notice)
        assert [each.out_id for each in desk.provider.sent] == [attempting.out_id(desk.world.region_id, notice)]
        assert (await desk.row(notice)).state == "sent"

    @pytest.mark.parametrize("lost", [Behaviour(lose=1), Behaviour(slow_seconds=0.3)])
    async def test_after_the_provider_took_it_over_leads_to_one_message(self, desk: Desk, lost: Behaviour) -> None:
        desk.provider.behaviour = lost
        [notice] = await desk.notify()
        claimed = await self.claim(desk, notice)
        assert claimed
        async with AsyncClient() as client:
            gateway = sending.gateway_of(desk.house, client)
            gateway._seconds = 0.1
            outcome = await sending.attempt(gateway, claimed)
        now = desk.world.clock.now()
        async with transaction(desk.house.sessions, desk.fence, now) as session:
            await attempting.record(session, region_id=desk.world.region_id, claimed=claimed, outcome=outcome, now=now)
        assert (await desk.row(notice)).state == "sending"
        desk.provider.behaviour = Behaviour()
        await self.grow_old(desk, notice)
        for _ in range(3):
            await desk.work(notice)
        assert len(desk.provider.sent) == 1
        assert (await desk.row(notice)).state == "sent"

    async def test_does_not_lead_to_a_second_one_while_the_provider_s_list_is_silent(self, desk: Desk) -> None:
        [notice] = await desk.notify()
        await self.claim(desk, notice)
        await self.grow_old(desk, notice)
        desk.provider.behaviour = Behaviour(fail=1)
        await desk.work(notice)
        assert (await desk.row(notice)).state == "sending"
        assert desk.provider.sent == []

    async def test_a_late_record_does_not_undo_what_happened_meanwhile(self, desk: Desk) -> None:
        [notice] = await desk.notify()
        first = await self.claim(desk, notice)
        assert first
        await self.grow_old(desk, notice)
        await desk.work(notice)
        await desk.work(notice)
        now = desk.world.clock.now()
        async with transaction(desk.house.sessions, desk.fence, now) as session:
            await attempting.record(session, region_id=desk.world.region_id, claimed=first, outcome=None, now=now)
        assert (await desk.row(notice)).state == "sent"


class TestReports:
    async def told(self, desk: Desk, body: Any, token: str = TOKEN) -> Any:
        transport = ASGITransport(build_app(desk.house), raise_app_exceptions=False)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.post(f"/v1/callbacks/sms/{token}", json=body)

    async def sent(self, desk: Desk) -> UUID:
        [notice] = await desk.notify()
        await desk.work(notice)
        return notice

    async def test_come_from_the_provider_over_http_and_say_that_it_arrived(self, desk: Desk) -> None:
        async with serving(build_app(desk.house)) as base:
            desk.provider.callback = f"{base}/v1/callbacks/sms/{TOKEN}"
            desk.provider.behaviour = Behaviour(receipts=2)
            notice = await self.sent(desk)
            await desk.provider.told()
        row = await desk.row(notice)
        assert (row.state, row.provider_code) == ("delivered", "DELIVERED")
        assert row.reported_at == desk.world.clock.now()

    async def test_say_that_it_did_not(self, desk: Desk) -> None:
        notice = await self.sent(desk)
        answer = await self.told(desk, [receipt(desk.provider.sent[0], (PHONE,))])
        assert answer.json() == {"code": 0, "msg": "接收成功"}
        row = await desk.row(notice)
        assert (row.state, row.provider_code) == ("failed", "MK:0001")

    async def test_repeated_or_contradicting_change_nothing(self, desk: Desk) -> None:
        notice = await self.sent(desk)
        report = receipt(desk.provider.sent[0])
        await self.told(desk, [report, report])
        desk.world.clock.shows += timedelta(hours=1)
        again = await self.told(desk, [report | {"success": False, "err_code": "MK:0001"}])
        assert again.status_code == 200
        row = await desk.row(notice)
        assert (row.state, row.provider_code) == ("delivered", "DELIVERED")
        assert row.reported_at == desk.world.clock.now() - timedelta(hours=1)

    async def test_of_unknown_messages_or_under_another_name_change_nothing(self, desk: Desk) -> None:
        notice = await self.sent(desk)
        report = receipt(desk.provider.sent[0])
        strangers = [
            report | {"biz_id": "somebody-else^0"}, report | {"out_id": "x"}, report | {"out_id": "z" * 64},
            report | {"out_id": "0" * 64}, report | {"out_id": ""},
        ]  # fmt: skip
        answer = await self.told(desk, strangers)
        assert (answer.status_code, answer.json()["code"]) == (200, 0)
        assert (await desk.row(notice)).state == "sent"

    async def test_heal_an_attempt_whose_end_nobody_saw(self, desk: Desk) -> None:
        desk.provider.behaviour = Behaviour(lose=1)
        notice = await self.sent(desk)
        assert (await desk.row(notice)).state == "sending"
        await self.told(desk, [receipt(desk.provider.sent[0])])
        row = await desk.row(notice)
        assert (row.state, row.provider_id) == ("delivered", desk.provider.sent[0].biz_id)

    @pytest.mark.parametrize("token", ["wrong", TOKEN[:-1], "%E5%90%8D"])
    async def test_are_believed_only_at_the_agreed_address(self, desk: Desk, token: str) -> None:
        notice = await self.sent(desk)
        answer = await self.told(desk, [receipt(desk.provider.sent[0], (PHONE,))], token)
        assert answer.status_code == 404
        assert (await desk.row(notice)).state == "sent"

    async def test_are_believed_nowhere_when_no_address_is_agreed(self, desk: Desk, house: House) -> None:
        notice = await self.sent(desk)
        desk.house = house
        assert (await self.told(desk, [receipt(desk.provider.sent[0])])).status_code == 404
        assert (await desk.row(notice)).state == "sent"

    @pytest.mark.parametrize(
        "body", [{}, "x", [{}], [{"biz_id": "a"}], [{"biz_id": "a\0", "success": True}], [None], [[]]]
    )
    async def test_that_are_none_are_refused_and_never_break_anything(self, desk: Desk, body: Any) -> None:
        assert (await self.told(desk, body)).status_code == 422


async def drop_jobs(desk: Desk) -> None:
    """Take every waiting job of notices away, as workers would."""
    async with desk.world.owner.begin() as connection:
        await connection.execute(text("delete from pgqueuer where entrypoint = 'notice.due'"))
