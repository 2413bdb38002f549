"""geopy's geocoders over httpx: the house's one HTTP stack, with one time limit for the whole answer.

geopy and httpx write the question into their logs, and the question is somebody's address: both are silenced here.
"""

import asyncio
import json
import logging
from typing import Any, Final

import httpx
from geopy.adapters import AdapterHTTPError, BaseAsyncAdapter
from geopy.exc import GeocoderParseError, GeocoderTimedOut, GeocoderUnavailable

LONGEST_ANSWER: Final = 256 * 1024
"""Bytes; a geocoder's answer has a few hundred."""


class HttpxAdapter(BaseAsyncAdapter):  # type: ignore[misc]  # geopy is untyped
    """geopy's adapter over a client that the gateway owns."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        super().__init__(proxies=None, ssl_context=None)
        self._client = client

    async def get_json(self, url: str, *, timeout: float, headers: dict[str, str]) -> Any:  # noqa: ASYNC109  # geopy's
        """Return the JSON document behind a URL.

        Raises:
            GeocoderParseError: it is no JSON object; GeocoderTimedOut, GeocoderUnavailable, AdapterHTTPError.
        """
        text = await self.get_text(url, timeout=timeout, headers=headers)
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise GeocoderParseError("no JSON") from None
        if not isinstance(document, dict):
            raise GeocoderParseError("no JSON object")
        return document

    async def get_text(self, url: str, *, timeout: float, headers: dict[str, str]) -> str:  # noqa: ASYNC109  # geopy's
        """Return the text behind a URL; the errors name neither the URL nor the answer.

        Raises:
            GeocoderTimedOut, GeocoderUnavailable, GeocoderParseError, AdapterHTTPError: why there is none.
        """
        try:
            async with asyncio.timeout(timeout):  # httpx counts each read anew: a trickling server would hold us
                status, body = await self._get(url, headers)
        except (httpx.TimeoutException, TimeoutError):
            raise GeocoderTimedOut("timed out") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise GeocoderUnavailable("unreachable") from None
        if status != 200:
            raise AdapterHTTPError(f"status {status}", status_code=status, headers={}, text="")
        try:
            return body.decode()
        except UnicodeDecodeError:
            raise GeocoderParseError("not UTF-8") from None

    async def _get(self, url: str, headers: dict[str, str]) -> tuple[int, bytes]:
        body = bytearray()
        async with self._client.stream("GET", url, headers=headers, timeout=None) as answer:
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > LONGEST_ANSWER:
                    raise GeocoderParseError("too long")
            return answer.status_code, bytes(body)


def _without_query(record: logging.LogRecord) -> bool:
    """Let httpx name the server it asked, not the question."""
    if isinstance(record.args, tuple):
        record.args = tuple(each.copy_with(query=None) if isinstance(each, httpx.URL) else each for each in record.args)
    return True


logging.getLogger("geopy").addFilter(lambda _: False)  # it logs URLs and providers' error texts
logging.getLogger("httpx").addFilter(_without_query)
