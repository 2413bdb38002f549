"""Planning through the real service: `python -m bench.routing.live --out var/bench-live.json`.

Days of 100, 300 and 600 visits, one person of staff for ten visits, stand in an embedded PostgreSQL; `xunzhen serve`
and `xunzhen worker` run as processes of their own. Over HTTP: a plan is asked for (`--seconds`) and published, one
visit after the other is asked places for and cancelled again, then somebody is away from the middle of the morning on,
and the day is mended, without a search and with one of a second. Seconds of the wall clock from the request to the
answer; of plans also what the worker told as its first plan. Runs already in the file that `--out` names are not
repeated.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

from bench.api.load import free_port, wait_for
from bench.routing import live_town
from bench.routing.live_town import ASKED, Desk
from bench.routing.runs import Figures, Runs, numbers
from service.core import embedded, keyring

WAITING: Final = 300.0
"""Seconds after which a plan that is neither ready nor failed is given up."""

EVERY: Final = 0.05
"""Seconds between two looks at a plan that is not there yet: each look asks the API and the database for work, too."""

ILL: Final = 10
"""So many of the staff fall ill, one after the other, each on the plan as it was published."""


def main() -> None:
    """Run what is missing, then print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=numbers, default=[100, 300, 600])
    parser.add_argument("--seconds", type=int, default=10, help="limit of the plans")
    parser.add_argument("--out", type=Path, default=Path("var/bench-live.json"))
    asked = parser.parse_args()
    runs = Runs(asked.out)
    for visits in asked.visits:
        found = runs.of(f"{visits} visits {asked.seconds} s", partial(_measured, visits, asked.seconds))
        print(f"{visits} visits: " + ", ".join(f"{name} {told}" for name, told in found.items()), flush=True)


def _measured(visits: int, seconds: int) -> Figures:
    with tempfile.TemporaryDirectory(prefix="xunzhen-bench-") as folder, ExitStack() as stack:
        keys = Path(folder) / "keyring.json"
        keyring.create(keys)
        stack.callback(embedded.wait_until_stopped, Path(folder) / "pg")
        server = stack.enter_context(embedded.running(Path(folder) / "pg"))
        desk = asyncio.run(live_town.build(server.owner_url, keys, visits))
        port = free_port()
        environ = os.environ | {
            "XUNZHEN_DATABASE_URL": server.app_url,
            "XUNZHEN_KEYRING": str(keys),
        }
        for command in (["serve", "--port", str(port)], ["worker"]):
            process = subprocess.Popen([sys.executable, "-m", "service.cli", *command], env=environ)
            stack.callback(process.wait)
            stack.callback(process.terminate)
        wait_for(port)
        return asyncio.run(_asked(port, desk, seconds))


async def _asked(port: int, desk: Desk, seconds: int) -> Figures:
    headers = {"Authorization": f"Bearer {desk.token}"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/v1", headers=headers, timeout=60) as client:
        return await _run(client, desk, seconds)


async def _run(client: httpx.AsyncClient, desk: Desk, seconds: int) -> Figures:
    body = {"area_id": desk.area_id, "service_on": desk.on.isoformat(), "seed": 1}
    # the worker's first plan also loads what a solver needs
    await _planned(client, "/plans", body | {"seconds_limit": 1})
    plan, took, first = await _planned(client, "/plans", body | {"seconds_limit": seconds})
    await _posted(client, f"/plans/{plan['id']}/publication", {})
    places = await _places(client, plan, desk)
    told = {
        "planned": plan["summary"]["planned"],
        "first plan s": first,
        "answer s": round(took, 2),
        f"places of one more, ms, median and 95th percentile of {ASKED}": _centiles(places),
    }
    for limit in (0, 1):
        mended = [await _mended(client, plan, who, desk, limit) for who in desk.staff_ids[:ILL]]
        told[f"mended, {limit} s of search, s, median and most of {ILL}"] = [
            round(float(np.median(mended)), 2),
            round(max(mended), 2),
        ]
    return told


def _centiles(seconds: list[float]) -> list[int]:
    return [round(each * 1000) for each in np.percentile(seconds, (50, 95))]


async def _posted(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body, headers={"Idempotency-Key": os.urandom(16).hex()})
    if answer.status_code >= 300:
        raise SystemExit(f"{path}: {answer.status_code} {answer.text}")
    found: dict[str, Any] = answer.json()
    return found


async def _planned(
    client: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> tuple[dict[str, Any], float, float | None]:
    """Ask for a plan; return it, the seconds until it was there, and when its first plan was told."""
    began, first = time.perf_counter(), None
    plan = await _posted(client, path, body)
    while plan["state"] in {"queued", "solving"}:
        if time.perf_counter() - began > WAITING:
            raise SystemExit(f"{path}: still {plan['state']} after {WAITING:.0f} s")
        await asyncio.sleep(EVERY)
        plan = (await client.get(f"/plans/{plan['id']}")).json()
        if first is None and plan["progress"] is not None:
            first = plan["progress"]["seconds"]
    if plan["state"] != "solved":
        raise SystemExit(f"{path}: {plan['state']} {plan.get('failure')}")
    return plan, time.perf_counter() - began, first


async def _places(client: httpx.AsyncClient, plan: dict[str, Any], desk: Desk) -> list[float]:
    taken = []
    for order_id in desk.further_ids:
        await _posted(client, f"/orders/{order_id}/acceptance", {})
        began = time.perf_counter()
        await _posted(client, f"/plans/{plan['id']}/insertions", {"order_id": order_id})
        taken.append(time.perf_counter() - began)
        # the next one is asked for in a day of as many visits
        await _posted(client, f"/orders/{order_id}/cancellation", {"reason": "改日再约"})
    return taken


async def _mended(client: httpx.AsyncClient, plan: dict[str, Any], who: str, desk: Desk, limit: int) -> float:
    """Return the seconds until a day is mended of which somebody is away from the middle of the morning on."""
    away = {"practitioner_id": who, "from_at": desk.frozen_until}
    body = {"frozen_until": desk.frozen_until, "absent": [away], "seconds_limit": limit, "seed": 1}
    _, took, _ = await _planned(client, f"/plans/{plan['id']}/repairs", body)
    return took


if __name__ == "__main__":
    main()
