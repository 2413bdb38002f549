import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.core.clock import local_date
from service.gateways.sms import Accepted, AliyunSms, Later, Message, Refused, Unknown, acs3, aliyun
from service.standins.gate import Gate
from service.standins.sms import Behaviour, SmsStandIn
from tests.gateways.sms.server import serving

MESSAGE = Message("+8613800000001", "SMS_1", {"name": "王 大*爷~", "when": "3月2日 09:00–11:00"}, "out-1")
KEY = acs3.Credentials("key", "secret")


@pytest.fixture
async def stand_in() -> SmsStandIn:
    return SmsStandIn(Gate("key", "secret"), "测试社区", templates=frozenset({"SMS_1"}))


@pytest.fixture
async def url(stand_in: SmsStandIn) -> AsyncIterator[str]:
    async with serving(stand_in.app) as base:
        yield base


async def attempt(url: str, message: Message = MESSAGE, key: acs3.Credentials = KEY, **more: Any) -> Any:
    async with httpx.AsyncClient() as client:
        gateway = AliyunSms(client, key, **({"endpoint": url, "sign_name": "测试社区"} | more))
        return await gateway.send(message)


async def find(url: str, out_id: str = "out-1", phone: str = MESSAGE.phone) -> Any:
    async with httpx.AsyncClient() as client:
        gateway = AliyunSms(client, KEY, endpoint=url, sign_name="测试社区")
        return await gateway.find(phone, out_id, local_date(datetime.now(UTC)))


class TestSend:
    async def test_is_accepted_with_the_provider_s_id_and_everything_arrives_as_it_was(
        self, url: str, stand_in: SmsStandIn
    ) -> None:
        outcome = await attempt(url)
        [sent] = stand_in.sent
        assert outcome == Accepted(sent.biz_id)
        assert (sent.phone, sent.template_code, sent.sign_name, sent.out_id) == (
            "13800000001", "SMS_1", "测试社区", "out-1",
        )  # fmt: skip
        assert sent.parameters == MESSAGE.parameters

    @pytest.mark.parametrize(
        ("message", "more", "code"),
        [
            (Message("+8695212345", "SMS_1", {}, "o"), {}, "isv.MOBILE_NUMBER_ILLEGAL"),
            (Message("+8613800000001", "SMS_2", {}, "o"), {}, "isv.SMS_TEMPLATE_ILLEGAL"),
            (Message("+8613800000001", "SMS_1", {"a": "长" * 36}, "o"), {}, "isv.PARAM_LENGTH_LIMIT"),
            (MESSAGE, {"sign_name": "别人"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ],
    )
    async def test_is_refused_for_good_where_the_message_itself_is_wrong(
        self, url: str, stand_in: SmsStandIn, message: Message, more: dict[str, Any], code: str
    ) -> None:
        assert await attempt(url, message, **more) == Refused(code)
        assert stand_in.sent == []

    @pytest.mark.parametrize(
        ("behaviour", "expected"),
        [
            (Behaviour(limit=1), Later("isv.BUSINESS_LIMIT_CONTROL", 600)),
            (Behaviour(throttle=1), Later("Throttling.User", 60)),
            (Behaviour(fail=1), Unknown("answered 503")),
        ],
    )
    async def test_is_tried_later_where_the_provider_is_busy(
        self, url: str, stand_in: SmsStandIn, behaviour: Behaviour, expected: object
    ) -> None:
        stand_in.behaviour = behaviour
        assert await attempt(url) == expected
        assert isinstance(await attempt(url), Accepted)

    async def test_does_not_know_how_a_slow_answer_ends(self, url: str, stand_in: SmsStandIn) -> None:
        stand_in.behaviour = Behaviour(slow_seconds=0.5)
        assert await attempt(url, seconds=0.1) == Unknown("not answered")

    async def test_does_not_know_how_a_lost_answer_ended(self, url: str, stand_in: SmsStandIn) -> None:
        stand_in.behaviour = Behaviour(lose=1)
        assert await attempt(url) == Unknown("answered 500")
        assert len(stand_in.sent) == 1

    async def test_surely_sent_nothing_when_nobody_listens(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        assert await attempt(f"http://127.0.0.1:{port}") == Later("unreachable", 60)

    @pytest.mark.parametrize(
        ("key", "shift", "code"),
        [
            (acs3.Credentials("key", "another"), timedelta(), "SignatureDoesNotMatch"),
            (acs3.Credentials("nobody", "secret"), timedelta(), "InvalidAccessKeyId.NotFound"),
            (KEY, timedelta(minutes=-16), "InvalidTimeStamp.Expired"),
            (KEY, timedelta(minutes=16), "InvalidTimeStamp.Expired"),
        ],
    )
    async def test_waits_for_the_operator_when_the_gate_refuses_the_key_or_the_clock(
        self, url: str, key: acs3.Credentials, shift: timedelta, code: str
    ) -> None:
        outcome = await attempt(url, key=key, now=lambda: datetime.now(UTC) + shift)
        assert outcome == Later(code, aliyun.WAITS[code])

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b"<html>", Unknown("answered 200 without JSON")),
            (b"[]", Unknown("answered nonsense")),
            (b"{}", Unknown("answered nonsense")),
            (b'{"Code": "OK"}', Accepted("")),
            (b'{"Code": "Forbidden.Somehow"}', Later("Forbidden.Somehow", 600)),
        ],
    )
    async def test_never_breaks_on_an_answer_that_nobody_has_documented(self, body: bytes, expected: object) -> None:
        async def answer(_: Request) -> Response:
            return Response(body)

        async with serving(Starlette(routes=[Route("/", answer, methods=["POST"])])) as base:
            assert await attempt(base) == expected


class TestFind:
    async def test_finds_a_message_by_its_own_id_and_no_other(self, url: str) -> None:
        assert await find(url) is None
        await attempt(url)
        assert await find(url) == Accepted("")
        assert await find(url, "out-2") is None
        assert await find(url, phone="+8613800000002") is None

    async def test_looks_at_every_page(self, url: str, stand_in: SmsStandIn) -> None:
        for number in range(51):
            await attempt(url, Message(MESSAGE.phone, "SMS_1", {}, f"out-{number}"))
        assert await find(url, "out-50") == Accepted("")
        assert stand_in.calls[-2:] == ["QuerySendDetails"] * 2

    async def test_says_so_when_the_provider_does_not_answer(self, url: str, stand_in: SmsStandIn) -> None:
        stand_in.behaviour = Behaviour(fail=1)
        assert await find(url) == Unknown("not answered")


class TestTheStandIn:
    async def test_refuses_a_request_that_was_changed_or_repeated(self, url: str, stand_in: SmsStandIn) -> None:
        host = url.removeprefix("http://")
        query = {"PhoneNumbers": "13800000001", "SignName": "测试社区", "TemplateCode": "SMS_1", "OutId": "o"}
        call = acs3.Call(host, "SendSms", aliyun.VERSION, query)
        headers = acs3.signed_headers(call, KEY, at=datetime.now(UTC), nonce="once")
        async with httpx.AsyncClient() as client:
            changed = acs3.canonical_query(query | {"PhoneNumbers": "13800000002"})
            other = await client.post(f"{url}/?{changed}", headers=headers)
            first = await client.post(f"{url}/?{acs3.canonical_query(query)}", headers=headers)
            again = await client.post(f"{url}/?{acs3.canonical_query(query)}", headers=headers)
        assert [each.json()["Code"] for each in (other, first, again)] == [
            "SignatureDoesNotMatch", "OK", "SignatureNonceUsed",
        ]  # fmt: skip
        assert (other.status_code, first.status_code, again.status_code) == (400, 200, 400)
        assert {"RequestId", "HostId", "Code", "Message", "Recommend"} == set(other.json())
        assert [each.phone for each in stand_in.sent] == ["13800000001"]

    async def test_reports_to_its_callback_in_the_provider_s_format(self, url: str, stand_in: SmsStandIn) -> None:
        told: list[Any] = []

        async def callback(request: Request) -> Response:
            told.append(await request.json())
            return JSONResponse({"code": 0, "msg": "接收成功"})

        async with serving(Starlette(routes=[Route("/", callback, methods=["POST"])])) as base:
            stand_in.callback, stand_in.behaviour = base, Behaviour(receipts=2, undelivered=("13800000001",))
            await attempt(url)
            await stand_in.told()
        assert len(told) == 2
        [report] = told[0]
        assert (report["success"], report["err_code"], report["out_id"]) == (False, "MK:0001", "out-1")
        assert report["biz_id"] == stand_in.sent[0].biz_id

    async def test_is_told_how_to_behave_and_tells_what_it_sent_over_http(self, url: str, stand_in: SmsStandIn) -> None:
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await client.post("/_behaviour", json={"throttle": 1})).status_code == 200
            assert (await client.post("/_behaviour", json={"unknown": 1})).status_code == 422
            assert stand_in.behaviour == Behaviour(throttle=1)
            await attempt(url)
            await attempt(url)
            [sent] = (await client.get("/_messages")).json()
        assert (sent["phone"], sent["out_id"]) == ("13800000001", "out-1")
