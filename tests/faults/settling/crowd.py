"""Those who settle: fifty calls for one bill at the same moment, on all servers at once; and what they were told.

Some send an Idempotency-Key that they share, some a key of their own, some none, as the contract lets them.
"""

import asyncio
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from tests.faults.storm.targets import ROOT

CALLS = 50
"""How many settle one visit at once."""
_SHARED, _OWN = 20, 20
"""Of the calls for one visit those with one key and account, and those with a key each; the others have none."""
_AGAIN = frozenset({"key-in-flight", "collision", "entitlement-exhausted"})
"""Refusals that say: come back."""
_PATIENCE = 60
_SECONDS = 120.0


def documented() -> frozenset[str]:
    """Return every refusal with which settling may answer 409, by the published contract."""
    paths = json.loads((ROOT / "openapi" / "openapi.json").read_text())["paths"]
    said = paths["/v1/visits/{visit_id}/settlement"]["post"]["responses"]["409"]["description"]
    return frozenset(re.findall(r"`([a-z-]+)`", said))


@dataclass
class Told:
    """What all clients were told: answers by status, refusals by code, and what must not be, in words."""

    statuses: Counter[int] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    replayed: int = 0
    allowed: frozenset[str] = field(default_factory=documented)

    def note(self, answer: httpx.Response, seconds: float) -> None:
        """Note an answer: 2xx, or a 409 that the contract names; all else is wrong."""
        self.statuses[answer.status_code] += 1
        self.seconds.append(seconds)
        self.replayed += _replayed(answer)
        if answer.status_code == 409:
            code = answer.json()["code"]
            self.refusals[code] += 1
            if code not in self.allowed:
                self.wrong[f"409 {code} is not in the contract"] += 1
        elif not answer.is_success:
            self.wrong[f"{answer.status_code} {answer.text[:200]}"] += 1

    def summary(self) -> str:
        """Return the numbers in one line."""
        waited = sorted(self.seconds)
        at = {name: waited[int(share * (len(waited) - 1))] for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1))}
        times = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in at.items())
        return (
            f"{len(waited)} answers {dict(sorted(self.statuses.items()))}, told again {self.replayed},"
            f" refused {dict(self.refusals)}; {times}"
        )


@dataclass(frozen=True)
class Call:
    """One who asks for a bill: with whose token, at which server, under which key."""

    visit_id: UUID
    token: str
    at: int
    key: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What he sends along."""
        return {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": self.key} if self.key else {})


@dataclass(frozen=True)
class Crowd:
    """Clients with connections of their own to every server."""

    clients: Sequence[httpx.AsyncClient]
    told: Told

    async def at_once(self, calls: Iterable[Call]) -> list[httpx.Response]:
        """Send all calls at the same moment and return their answers."""
        return await asyncio.gather(*(self.settle(each) for each in calls))

    async def settle(self, call: Call) -> httpx.Response:
        """Settle a visit once."""
        begun = time.monotonic()
        client = self.clients[call.at % len(self.clients)]
        answer = await client.post(f"/v1/visits/{call.visit_id}/settlement", headers=call.headers)
        self.told.note(answer, time.monotonic() - begun)
        return answer

    async def insist(self, call: Call) -> httpx.Response:
        """Settle a visit, again for as long as the answer is to come back."""
        for _ in range(_PATIENCE):
            answer = await self.settle(call)
            if answer.status_code != 409 or answer.json()["code"] not in _AGAIN:
                return answer
            await asyncio.sleep(0.05)
        raise AssertionError(f"nobody settles {call.visit_id}: {answer.text}")


@asynccontextmanager
async def gathered(urls: Sequence[str], told: Told, *, calls: int) -> AsyncIterator[Crowd]:
    """Give a crowd with enough connections for so many calls at once."""
    most = -(-calls // len(urls))
    # a connection rests for less long than the servers keep one: none is closed as it is used again
    # `verify`: to read the authorities of TLS, which nobody speaks here, takes longer than a round
    own: dict[str, Any] = {"timeout": _SECONDS, "verify": False}
    own["limits"] = httpx.Limits(max_connections=most, max_keepalive_connections=most, keepalive_expiry=2)
    async with AsyncExitStack() as stack:
        yield Crowd([await stack.enter_async_context(httpx.AsyncClient(base_url=url, **own)) for url in urls], told)


async def settle_all(urls: Sequence[str], tokens: Sequence[str], visit_ids: Sequence[UUID], told: Told) -> None:
    """Let a crowd of fifty settle each visit, one after the other."""
    async with gathered(urls, told, calls=CALLS) as crowd:
        for visit_id in visit_ids:
            await _one(crowd, tokens, visit_id)


async def _one(crowd: Crowd, tokens: Sequence[str], visit_id: UUID) -> None:
    """Settle a visit fifty times at once; everybody who is told of a bill must have been told of the same one."""
    shared = f"settle-{visit_id}"
    keys = [*[shared] * _SHARED, *(f"{shared}-{number}" for number in range(_OWN))]
    calls = [
        # a key is its account's: whoever shares one shares the account, the others come from everywhere
        Call(visit_id, tokens[0 if key == shared else number % len(tokens)], number, key)
        for number, key in itertools.zip_longest(range(CALLS), keys)
    ]
    answers = await crowd.at_once(calls)
    answers.append(await crowd.insist(calls[0]))
    told = crowd.told
    told.wrong["the shared key's answer was not told again"] += not _replayed(answers[-1])
    bills = {json.dumps(answer.json(), sort_keys=True) for answer in answers if answer.is_success}
    told.wrong["no bill, or several"] += len(bills) != 1
    made = sum(answer.status_code == 201 and not _replayed(answer) for answer in answers)
    told.wrong["made not once"] += made != 1


def _replayed(answer: httpx.Response) -> bool:
    return bool(answer.headers.get("Idempotency-Replayed") == "true")


def faults(told: Told) -> dict[str, int]:
    """Return what is wrong with the answers; nothing, where all is well."""
    return {what: count for what, count in told.wrong.items() if count}
