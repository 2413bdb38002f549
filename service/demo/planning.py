"""The evening before ends: the dispatcher has the day planned, follows the solver, and publishes the plan."""

import asyncio
from collections.abc import Callable
from typing import Final

from service.demo.client import Json
from service.demo.figures import SERVICE_ON
from service.demo.processes import DemoFailed
from service.demo.town import Town

_LOOK_SECONDS: Final = 0.3
_PATIENCE_SECONDS: Final = 60


async def plan_day(town: Town, seconds: int) -> None:
    """Have the day planned within `seconds` of solving, and publish the plan.

    Raises:
        DemoFailed: no plan came of it, or the publication left orders out.
    """
    step = town.tell.begin(f"排路：OR-Tools 求解（{seconds} 秒）、独立复核、发布", seconds + 2)
    asked = {"area_id": town.area_id, "service_on": SERVICE_ON.isoformat(), "seconds_limit": seconds}
    plan_id = (await town.dispatcher.post("/plans", asked))["id"]
    town.plan = await _followed(town, plan_id, step, seconds)
    published = await town.dispatcher.post(f"/plans/{plan_id}/publication")
    step()
    if published["left_out"]:
        raise DemoFailed(f"发布计划时有 {len(published['left_out'])} 个订单没有预约上。")
    town.told["publication"] = {"orders": published["orders"], "appointments": published["appointments"]}


async def _followed(town: Town, plan_id: str, step: Callable[[], None], seconds: int) -> Json:
    shown = 0
    for _ in range(int((seconds + _PATIENCE_SECONDS) / _LOOK_SECONDS)):
        plan = await town.dispatcher.get(f"/plans/{plan_id}")
        if plan["state"] == "solved":
            for _ in range(seconds + 1 - shown):
                step()
            return plan
        if plan["state"] not in {"queued", "solving"}:
            raise DemoFailed(f"排班没有成功：{plan['failure']}")
        reached = min(seconds, int((plan["progress"] or {}).get("seconds", 0)))
        for _ in range(reached - shown):
            step()
        shown = max(shown, reached)
        await asyncio.sleep(_LOOK_SECONDS)
    raise DemoFailed("排班没有按时完成。")
