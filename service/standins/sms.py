"""A stand-in for Aliyun's short message service: the same protocol over real HTTP, and no message leaves the machine.

It checks signature, freshness, nonce and parameters as the provider documents them, answers in its formats, keeps what
it "sent", reports the delivery to a callback, and can be told to throttle, to fail, to be slow or to lose an answer.

    uvicorn --factory service.standins.sms:from_environment

`XUNZHEN_SMS_ACCESS_KEY_ID`, `…_SECRET` and `…_SIGN_NAME` are the accepted credentials, `XUNZHEN_STANDIN_SMS_CALLBACK`
the address that is told of deliveries. `POST /_behaviour` changes how it behaves, `GET /_messages` tells what it sent.
"""

import asyncio
import json
import os
import re
import uuid
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service.standins.gate import Gate, Refusal

_MOBILE: Final = re.compile(r"(?:\+86|0086|86)?(1[3-9]\d{9})")
_LOCAL: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the next answers go. Counts are used up one by one; the rest stays until it is changed."""

    throttle: int = 0
    """so many calls are answered `Throttling.User`"""
    limit: int = 0
    """so many messages are answered `isv.BUSINESS_LIMIT_CONTROL`"""
    fail: int = 0
    """so many calls are answered 503 without having done anything"""
    lose: int = 0
    """so many messages are sent, and answered 500 nevertheless"""
    slow_seconds: float = 0.0
    """every answer takes so long; what was asked for is done at once"""
    undelivered: tuple[str, ...] = ()
    """phones that get nothing: the report says so"""
    receipts: int = 1
    """how often each report is told; 0 = never"""


@dataclass(slots=True)
class Sent:
    """A message the provider took over."""

    phone: str
    sign_name: str
    template_code: str
    parameters: dict[str, str]
    out_id: str
    biz_id: str
    at: datetime


@dataclass(slots=True)
class SmsStandIn:
    """The server's memory; `app` is what an ASGI server runs."""

    gate: Gate
    sign_name: str
    callback: str = ""
    templates: frozenset[str] | None = None
    behaviour: Behaviour = field(default_factory=Behaviour)
    sent: list[Sent] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    _telling: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def app(self) -> Starlette:
        """Return the ASGI application."""
        return Starlette(
            routes=[
                Route("/", self._answer, methods=["GET", "POST"]),
                Route("/_behaviour", self._behave, methods=["POST"]),
                Route("/_messages", self._list, methods=["GET"]),
            ]
        )

    async def told(self) -> None:
        """Wait until every report under way has been told."""
        while self._telling:
            await asyncio.gather(*self._telling)

    async def _behave(self, request: Request) -> Response:
        asked = await request.json()
        known = {each.name for each in fields(Behaviour)}
        if not isinstance(asked, dict) or not set(asked) <= known:
            return JSONResponse({"known": sorted(known)}, 422)
        if "undelivered" in asked:
            asked["undelivered"] = tuple(asked["undelivered"])
        self.behaviour = replace(self.behaviour, **asked)
        return JSONResponse({})

    async def _list(self, _: Request) -> Response:
        return JSONResponse([_told(each) for each in self.sent])

    def _used(self, name: str) -> bool:
        """Return whether one of a count was left, and use it up."""
        left = getattr(self.behaviour, name)
        if left:
            self.behaviour = replace(self.behaviour, **{name: left - 1})
        return bool(left)

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        try:
            status, document = self._act(request, body)
        except Refusal as refusal:
            status = refusal.status
            document = {
                "RequestId": str(uuid.uuid4()).upper(),
                "HostId": request.headers["host"],
                "Code": refusal.code,
                "Message": refusal.message,
                "Recommend": f"https://api.aliyun.com/troubleshoot?q={refusal.code}&product=Dysmsapi",
            }
        await asyncio.sleep(self.behaviour.slow_seconds)
        return JSONResponse(document, status)

    def _act(self, request: Request, body: bytes) -> tuple[int, dict[str, Any]]:
        if self._used("fail"):
            raise Refusal(503, "ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
        self.gate.verify(request, body)
        if self._used("throttle"):
            raise Refusal(400, "Throttling.User", "Request was denied due to user flow control.")
        action = request.headers["x-acs-action"]
        self.calls.append(action)
        if request.headers["x-acs-version"] != "2017-05-25" or action not in {"SendSms", "QuerySendDetails"}:
            raise Refusal(
                404, "InvalidAction.NotFound", "Specified api is not found, please check your url and method."
            )
        asked = dict(request.query_params)
        return self._send(asked) if action == "SendSms" else self._details(asked)

    def _send(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        for name in ("PhoneNumbers", "SignName", "TemplateCode"):
            if not asked.get(name):
                raise Refusal(400, f"Missing{name}", f"{name} is mandatory for this action.")
        refused = self._business(asked)
        if refused is not None:
            return 200, {"Message": refused, "RequestId": str(uuid.uuid4()).upper(), "Code": refused}
        sent = Sent(
            phone=asked["PhoneNumbers"][-11:],
            sign_name=asked["SignName"],
            template_code=asked["TemplateCode"],
            parameters=json.loads(asked.get("TemplateParam") or "{}"),
            out_id=asked.get("OutId", ""),
            biz_id=f"{uuid.uuid4().int % 10**18}^0",
            at=datetime.now(UTC),
        )
        self.sent.append(sent)
        if self.callback and self.behaviour.receipts:
            task = asyncio.get_running_loop().create_task(self.tell(receipt(sent, self.behaviour.undelivered)))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        if self._used("lose"):
            raise Refusal(500, "InternalError", "The request processing has failed due to some unknown error.")
        return 200, {"Message": "OK", "RequestId": str(uuid.uuid4()).upper(), "Code": "OK", "BizId": sent.biz_id}

    def _business(self, asked: dict[str, str]) -> str | None:
        """Return the code with which the service itself refuses a message, or None."""
        if not _MOBILE.fullmatch(asked["PhoneNumbers"]):
            return "isv.MOBILE_NUMBER_ILLEGAL"
        if asked["SignName"] != self.sign_name:
            return "isv.SMS_SIGNATURE_ILLEGAL"
        if self.templates is not None and asked["TemplateCode"] not in self.templates:
            return "isv.SMS_TEMPLATE_ILLEGAL"
        try:
            parameters = json.loads(asked.get("TemplateParam") or "{}")
        except ValueError:
            return "isv.INVALID_JSON_PARAM"
        if not isinstance(parameters, dict) or not all(isinstance(each, str) for each in parameters.values()):
            return "isv.INVALID_JSON_PARAM"
        if any(len(each) > 35 for each in parameters.values()):
            return "isv.PARAM_LENGTH_LIMIT"
        return "isv.BUSINESS_LIMIT_CONTROL" if self._used("limit") else None

    def _details(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        size, page = int(asked["PageSize"]), int(asked["CurrentPage"])
        found = [
            each
            for each in self.sent
            if each.phone == asked["PhoneNumber"] and f"{each.at.astimezone(_LOCAL):%Y%m%d}" == asked["SendDate"]
        ]
        shown = found[(page - 1) * size : page * size]
        lines = [
            {
                "ErrCode": "DELIVERED", "TemplateCode": each.template_code, "OutId": each.out_id,
                "PhoneNum": each.phone, "ReceiveDate": _local(each.at), "SendDate": _local(each.at),
                "SendStatus": 3, "Content": "",
            }
            for each in shown
        ]  # fmt: skip
        return 200, {
            "TotalCount": str(len(found)), "Message": "OK", "RequestId": str(uuid.uuid4()).upper(), "Code": "OK",
            "SmsSendDetailDTOs": {"SmsSendDetailDTO": lines},
        }  # fmt: skip

    async def tell(self, report: dict[str, Any]) -> None:
        """Post a report to the callback, as often as the behaviour says."""
        async with httpx.AsyncClient() as client:
            for _ in range(self.behaviour.receipts):
                await client.post(self.callback, json=[report])


def receipt(sent: Sent, undelivered: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the report of a delivery, or of a failure, in the provider's format (`SmsReport`)."""
    arrived = sent.phone not in undelivered
    return {
        "phone_number": sent.phone, "send_time": _local(sent.at), "report_time": _local(datetime.now(UTC)),
        "success": arrived, "err_code": "DELIVERED" if arrived else "MK:0001",
        "err_msg": "用户接收成功" if arrived else "空号", "sms_size": "1", "biz_id": sent.biz_id, "out_id": sent.out_id,
    }  # fmt: skip


def from_environment() -> Starlette:
    """Return the application for `uvicorn --factory`, its credentials read from the environment."""
    return SmsStandIn(
        gate=Gate(os.environ["XUNZHEN_SMS_ACCESS_KEY_ID"], os.environ["XUNZHEN_SMS_ACCESS_KEY_SECRET"]),
        sign_name=os.environ["XUNZHEN_SMS_SIGN_NAME"],
        callback=os.environ.get("XUNZHEN_STANDIN_SMS_CALLBACK", ""),
    ).app


def _local(at: datetime) -> str:
    return f"{at.astimezone(_LOCAL):%Y-%m-%d %H:%M:%S}"


def _told(sent: Sent) -> dict[str, Any]:
    return {
        "phone": sent.phone, "sign_name": sent.sign_name, "template_code": sent.template_code,
        "parameters": sent.parameters, "out_id": sent.out_id, "biz_id": sent.biz_id, "at": sent.at.isoformat(),
    }  # fmt: skip
