"""Road sources behind HTTP: one time limit for the whole answer, and nothing of the question in a log or an error.

The question is where people live, and for some providers holds a key: httpx would write both into its log.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import httpx

from service.gateways.maps.blocks import NoAnswer
from service.gateways.maps.great_circle import GreatCircle
from service.gateways.maps.road import Guard, RoadSource


class RoadServer(RoadSource):
    """A source that is asked with a client that the caller owns."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        base_url: str,
        fallback: GreatCircle,
        *,
        block: tuple[int, int],
        guard: Guard,
    ) -> None:
        super().__init__(fallback, block=block, guard=guard)
        self._client = client
        self._base_url = base_url.rstrip("/")

    async def _get(self, path: str, asked: Mapping[str, str]) -> tuple[int, Any]:
        """Ask with GET; return the status and the JSON document.

        Raises:
            NoAnswer: no connection, no answer in time, a server error, or no JSON.
        """
        return await self._send("GET", path, params=asked)

    async def _post(self, path: str, asked: Mapping[str, Any]) -> tuple[int, Any]:
        """Ask with POST and a JSON document; return the same.

        Raises:
            NoAnswer: as above.
        """
        return await self._send("POST", path, json=asked)

    async def _send(self, method: str, path: str, **content: Any) -> tuple[int, Any]:
        try:
            async with asyncio.timeout(self._guard.question_seconds):  # httpx counts each read anew
                answer = await self._client.request(method, f"{self._base_url}{path}", timeout=None, **content)
        except (httpx.TimeoutException, TimeoutError):
            raise NoAnswer("timed out") from None
        except (httpx.HTTPError, httpx.InvalidURL):
            raise NoAnswer("unreachable") from None
        if answer.status_code >= 500:
            raise NoAnswer(f"error {answer.status_code}")
        try:
            return answer.status_code, answer.json()
        except ValueError:
            raise NoAnswer(f"answered {answer.status_code} without JSON") from None


def _server_alone(record: logging.LogRecord) -> bool:
    """Let httpx name the server it asked, not the question."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            each.copy_with(path="/", query=None, fragment=None) if isinstance(each, httpx.URL) else each
            for each in record.args
        )
    return True


logging.getLogger("httpx").addFilter(_server_alone)
