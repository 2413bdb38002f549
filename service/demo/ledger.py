"""The end of the day: the dispatcher decides what is in doubt, the worker settles, finance takes one bill back."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from service.demo.client import Json, for_each
from service.demo.figures import SERVICE_ON
from service.demo.processes import DemoFailed
from service.demo.town import Town

_DAY: Final = SERVICE_ON.isoformat()
_PATIENCE_SECONDS: Final = 60
_LOOK_SECONDS: Final = 0.4
REVERSAL_REASON: Final = "演示冲销：财务复核后按原记录重新结算"


async def decide_doubts(town: Town) -> list[Json]:
    """Let the dispatcher approve what keeps visits from being verified; return what was decided.

    Raises:
        Refused: the server does not take it.
    """
    doubtful = [
        each
        for each in await town.dispatcher.every("/visits", service_on=_DAY, state="completed")
        if not each["verified"]
    ]
    step = town.tell.begin("异常：调度核实后批准", len(doubtful))

    async def decide(visit: Json) -> list[Json]:
        read = await town.dispatcher.get(f"/visits/{visit['id']}")
        decided = []
        for each in read["exceptions"]:
            decision = {"decision": "approved", "reason_code": "position_drift", "note": "已电话与家属核实，服务已完成"}
            path = f"/visits/{visit['id']}/exceptions/{each['id']}/decision"
            after = await town.dispatcher.post(path, decision)
            decided.append({"visit": after, "exception": each, "reason_code": decision["reason_code"]})
        return decided

    return [one for each in await for_each(doubtful, decide, step) for one in each]


async def wait_for_bills(town: Town) -> int:
    """Wait until every verified visit is settled; return how many there are.

    Raises:
        DemoFailed: one stays without a bill.
    """
    verified = [each for each in await town.dispatcher.every("/visits", service_on=_DAY) if each["verified"]]
    step, shown = town.tell.begin("结算：后台逐次结算，每次只结一次", len(verified)), 0
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        bills: int = (await totals(town))["bills"]
        _advance(step, bills - shown)
        shown = max(shown, bills)
        if bills == len(verified):
            return bills
        await asyncio.sleep(_LOOK_SECONDS)
    raise DemoFailed(f"{len(verified)} 次已核实的上门只结算了 {shown} 次：{await _why(town, verified)}")


def _advance(step: Callable[[], None], by: int) -> None:
    for _ in range(by):
        step()


async def _why(town: Town, verified: list[Json]) -> str:
    for visit in verified:
        told = await town.finance.get(f"/visits/{visit['id']}/settlement")
        if told["status"] != "settled":
            return str((told["refusal"] or {}).get("reason", told["status"]))
    return "原因不明"


async def totals(town: Town) -> Json:
    """Return the server's own sums of the day.

    Raises:
        Refused: they are not finance's to see.
    """
    return await town.finance.get("/reports/settlement-totals", from_=_DAY, to=_DAY)


async def take_back(town: Town, visits: dict[str, Json]) -> Json:
    """Let finance reverse one bill and settle the visit again; return both bills.

    Raises:
        DemoFailed: the second bill is not the first one again.
    """
    step = town.tell.begin("冲销一张账单并重新结算", 1)
    visit = visits[town.of_story("reversed")[0].order_id]
    first = (await town.finance.get(f"/visits/{visit['id']}/settlement"))["settlement"]
    reversed_ = await town.finance.post(f"/settlements/{first['id']}/reversal", {"reason": REVERSAL_REASON})
    again = await town.finance.post(f"/visits/{visit['id']}/settlement")
    step()
    if (reversed_["reversal"] or {}).get("reason") != REVERSAL_REASON or again["seq"] != first["seq"] + 1:
        raise DemoFailed("冲销后的重新结算没有得到新的一次结算。")
    return {"first": reversed_, "again": again}


async def read_bills(town: Town) -> list[Json]:
    """Return every bill that stands, with its lines.

    Raises:
        Refused: it is not finance's to see.
    """
    standing = [each for each in await town.finance.every("/settlements", service_on=_DAY) if not each["reversed"]]
    step = town.tell.begin("账单：逐张读取核对", len(standing))
    return await for_each(standing, lambda each: town.finance.get(f"/settlements/{each['id']}"), step)


async def read_exhausted(town: Town) -> Json:
    """Return what the elder of the story reads of his contract after the visit that used it up.

    Raises:
        DemoFailed: he has no such contract.
    """
    placed = town.of_story("contract_exhausted")[0]
    elder = town.elder_of(placed.wish)
    resident = town.residents[elder.no]
    api = resident.booker or town.dispatcher
    contracts = await api.every("/contracts", person_id=resident.person_id, on=_DAY)
    code, wanted = placed.wish.items[0]
    item = next((item for each in contracts for item in each["items"] if item["code"] == code), None)
    if item is None:
        raise DemoFailed(f"{elder.name}的签约里没有 {code}。")
    return {
        "elder": elder.no,
        "code": code,
        "performed": wanted,
        "granted": item["quantity"],
        "used": item["used"],
        "remaining": item["remaining"],
    }
