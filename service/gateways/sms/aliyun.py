"""Aliyun's short message service (Dysmsapi, version 2017-05-25): `SendSms`, and `QuerySendDetails` after a doubt.

`SendSms` is not idempotent: the same OutId twice is two messages. So an attempt whose end nobody saw is looked up in
the provider's list by its OutId before it is repeated.
"""

import asyncio
import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import httpx

from service.core import logs
from service.gateways.sms import acs3
from service.gateways.sms.outcome import Accepted, Later, Message, Outcome, Refused, Unknown

VERSION: Final = "2017-05-25"
_PAGE: Final = 50
_PAGES: Final = 4
"""A phone gets at most 50 messages of a template a day; what does not stand on so many pages was not sent."""

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
WAITS: Final[Mapping[str, int]] = {
    # limits per phone: a minute's, an hour's and a day's share one code
    "isv.BUSINESS_LIMIT_CONTROL": 10 * _MINUTE,
    # limits per account, and what its operator must mend meanwhile
    "isv.DAY_LIMIT_CONTROL": 6 * _HOUR,
    "isv.MONTH_LIMIT_CONTROL": 6 * _HOUR,
    "isv.AMOUNT_NOT_ENOUGH": _HOUR,
    "isv.OUT_OF_SERVICE": _HOUR,
    "isv.ACCOUNT_ABNORMAL": _HOUR,
    "isp.RAM_PERMISSION_DENY": _HOUR,
    "isp.SYSTEM_ERROR": _MINUTE,
    "SignatureDoesNotMatch": _HOUR,
    "InvalidAccessKeyId.NotFound": _HOUR,
    "InvalidAccessKeyId.Inactive": _HOUR,
    "InvalidTimeStamp.Expired": 10 * _MINUTE,
    "SignatureNonceUsed": 1,
}
"""The provider's code → seconds until the next attempt makes sense. `Throttling…` is a family of its own."""
_MEND: Final = _HOUR
"""Waits so long tell that a human must do something."""

_log = logs.get_logger("gateways.sms")


class AliyunSms:
    """Sends through Aliyun; one client for many calls, each of which ends within `seconds`."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        credentials: acs3.Credentials,
        *,
        endpoint: str,
        sign_name: str,
        seconds: float = 10.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._credentials = credentials
        self._endpoint = httpx.URL(endpoint)
        self._sign_name = sign_name
        self._seconds = seconds
        self._now = now

    async def send(self, message: Message) -> Outcome:
        """Try to send a message once; never raises for what the network or the provider does."""
        query = {
            "PhoneNumbers": _national(message.phone),
            "SignName": self._sign_name,
            "TemplateCode": message.template_code,
            "TemplateParam": json.dumps(dict(message.parameters), ensure_ascii=False),
            "OutId": message.out_id,
        }
        answer = await self._call("SendSms", query)
        if not isinstance(answer, dict):
            return answer
        if answer.get("Code") == "OK":
            return Accepted(str(answer.get("BizId") or ""))
        return outcome_of(answer.get("Code"))

    async def find(self, phone: str, out_id: str, on: date) -> Outcome | None:
        """Return what became of a message sent on a local day, or None when the provider knows none with `out_id`.

        `Unknown` when the provider does not answer. The list tells no BizId; the message is accepted without one.
        """
        for page in range(1, _PAGES + 1):
            query = {
                "PhoneNumber": _national(phone),
                "SendDate": f"{on:%Y%m%d}",
                "PageSize": str(_PAGE),
                "CurrentPage": str(page),
            }
            answer = await self._call("QuerySendDetails", query)
            if not isinstance(answer, dict) or answer.get("Code") != "OK":
                return Unknown("not answered")
            found = _details(answer)
            if any(each.get("OutId") == out_id for each in found):
                return Accepted("")
            if len(found) < _PAGE:
                return None
        return None

    async def _call(self, action: str, query: Mapping[str, str]) -> dict[str, Any] | Later | Unknown:
        """Return the provider's document, or what its absence means."""
        call = acs3.Call(self._endpoint.netloc.decode(), action, VERSION, query)
        headers = acs3.signed_headers(call, self._credentials, at=self._now(), nonce=uuid.uuid4().hex)
        url = self._endpoint.copy_with(raw_path=f"/?{acs3.canonical_query(query)}".encode())
        try:
            async with asyncio.timeout(self._seconds):  # httpx counts each read anew: a trickling server would hold us
                answer = await self._client.post(url, headers=headers, timeout=self._seconds)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            return Later("unreachable", _MINUTE)
        except (httpx.RequestError, TimeoutError):
            return Unknown("not answered")
        if answer.status_code >= 500:
            return Unknown(f"answered {answer.status_code}")
        try:
            document = answer.json()
        except ValueError:
            return Unknown(f"answered {answer.status_code} without JSON")
        return document if isinstance(document, dict) else Unknown("answered nonsense")


def outcome_of(code: object) -> Outcome:
    """Return what a code other than OK means for a message: never, later, or nobody knows."""
    if not isinstance(code, str):
        return Unknown("answered nonsense")
    if code in WAITS:
        if WAITS[code] >= _MEND:
            _log.error("provider needs attention", code=code)
        return Later(code, WAITS[code])
    if code.startswith("Throttling"):
        return Later(code, _MINUTE)
    if code.startswith("isv."):
        return Refused(code)
    # of the platform, not of this message: a code that nobody has met yet must not lose it
    return Later(code, 10 * _MINUTE)


def _national(phone: str) -> str:
    """Return a mainland number as the provider wants it: eleven digits."""
    return phone.removeprefix("+86")


def _details(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    outer = answer.get("SmsSendDetailDTOs")
    inner = outer.get("SmsSendDetailDTO") if isinstance(outer, dict) else None
    return [each for each in inner if isinstance(each, dict)] if isinstance(inner, list) else []
