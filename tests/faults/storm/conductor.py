"""The storm itself: rounds of load and death, then the verdict."""

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from service.demo.client import Api, Line
from tests import canaries
from tests.faults.storm import journal, town, verdict
from tests.faults.storm.clients import Client, Gate
from tests.faults.storm.load import Load
from tests.faults.storm.targets import API, POSTGRES, Fleet, fleet

LOAD_SECONDS = (0.4, 1.2)
"""How long there is load before somebody is killed."""
_ACKNOWLEDGED = 5
"""How many writes must have been acknowledged since the last death: the others went on, or came back."""
_PATIENCE_SECONDS = 180.0
_FAIR_SECONDS = 20.0
"""Nobody is killed while a client has waited longer: what is slow would never be answered between two deaths."""


@dataclass
class Storm:
    """One storm; `deaths` names who is killed in each round."""

    directory: Path
    deaths: Sequence[str]
    seed: int
    visits: int
    replays: int
    found: verdict.Verdict = field(default_factory=verdict.Verdict)
    seconds: dict[str, float] = field(default_factory=dict)
    summary: str = ""

    async def rage(self) -> dict[str, int]:
        """Set everything up, rage, and judge; return what is wrong, which must be nothing."""
        begun = time.monotonic()
        clock = json.dumps([[time.time(), town.BEGINS]])
        with journal.kept(self.directory / "journal.jsonl") as book:
            async with fleet(self.directory / "data", clock) as ships:
                await asyncio.to_thread(ships.run, *town.FOUND, said=f"{town.PASSWORD}\n")
                async with ships.running(), self._http() as http:
                    base = await self._calm(http, ships)
                    self.seconds["calm"] = time.monotonic() - begun
                    gate = Gate(ships.urls, http, base.tokens)
                    await self._rounds(ships, base, gate, book)
                    self.seconds["storm"] = time.monotonic() - begun - self.seconds["calm"]
                    told = await self._judge(ships, base, gate, book)
                await asyncio.to_thread(ships.run, "audit", "verify")
        self.seconds["all"] = time.monotonic() - begun
        self._sum_up(told, gate, ships, book)
        return self.found.faults

    async def _calm(self, http: httpx.AsyncClient, ships: Fleet) -> town.Town:
        async with httpx.AsyncClient(base_url=ships.urls[0], timeout=60) as first:
            return await town.found(Api(Line(first)), self.visits)

    async def _rounds(self, ships: Fleet, base: town.Town, gate: Gate, book: journal.Journal) -> None:
        draw = random.Random(self.seed)
        clients = {name: Client(name, base.tokens[name], gate, book) for name in ("admin", "dispatcher", *base.nurses)}
        nurses = {name: clients[name] for name in base.nurses}
        load = Load(base, clients["admin"], clients["dispatcher"], nurses)
        judge = verdict.Judge(ships.server.owner_url, base)
        async with load.running(self.seed):
            for number, target in enumerate(self.deaths):
                load.allow((number + 1) / len(self.deaths))
                await self._load(book, gate, draw.uniform(*LOAD_SECONDS))
                await ships.ready(target)
                await ships.kill(target, draw)
                if target == POSTGRES:
                    await judge.while_it_rages(journal.read(book.path), self.found)
            await self._load(book, gate, LOAD_SECONDS[0])
            await ships.ready(API)

    async def _load(self, book: journal.Journal, gate: Gate, seconds: float) -> None:
        """Let the clients write: so long, and until they have been told of so much."""
        enough, last = book.acknowledgements + _ACKNOWLEDGED, time.monotonic() + _PATIENCE_SECONDS
        await asyncio.sleep(seconds)
        while book.acknowledgements < enough or gate.longest_wait() > _FAIR_SECONDS:
            assert time.monotonic() < last, "nobody is told anything any more"
            await asyncio.sleep(0.02)

    async def _judge(self, ships: Fleet, base: town.Town, gate: Gate, book: journal.Journal) -> journal.Memory:
        judge = verdict.Judge(ships.server.owner_url, base)
        await judge.when_all_is_done()
        told = journal.read(book.path)
        assert all(each.acknowledged for each in told.writes)
        admin, finance = (Client(name, base.tokens[name], gate, book) for name in ("admin", "finance"))
        await verdict.over_http(
            admin, finance, told, self.found, town=base, sample=self.replays, draw=random.Random(self.seed)
        )
        await judge.afterwards(told, self.found)
        await asyncio.to_thread(canaries.assert_nobody_is_named, ships.server.owner_url)
        return told

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=64, max_keepalive_connections=64))

    def _sum_up(self, told: journal.Memory, gate: Gate, ships: Fleet, book: journal.Journal) -> None:
        counts, found = told.counts(), self.found
        took = "，".join(f"{name} {seconds:.0f} s" for name, seconds in self.seconds.items())
        dead = ", ".join(f"{each} {self.deaths.count(each)}" for each in sorted(set(self.deaths)))
        self.summary = (
            f"storm: {len(self.deaths)} rounds ({dead});"
            f" {counts['acknowledged']} writes acknowledged, {counts['retried']} retried,"
            f" {counts['replayed']} told again, {counts['met']} met done;"
            f" lost {found.lost.total()}, doubled {found.doubled.total()}, wrong {found.wrong.total()};"
            f" longest silence {book.silence:.1f} s; answers lost {gate.lost}, by status {gate.told()};"
            f" {dict(ships.ends)}; {took}"
        )
