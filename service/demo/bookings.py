"""The evening before, last part: elders, children and the dispatcher book; what must be refused is refused."""

from service.demo import pace
from service.demo.client import Api, Json, Refused, for_each
from service.demo.figures import SERVICE_ON
from service.demo.people import Elder, Wish
from service.demo.processes import DemoFailed
from service.demo.residents import contract
from service.demo.town import Placed, Town

_REASONS = ("偏瘫，无法自行下楼", "高龄独居，行动不便", "骨折术后，不能久站")


async def book_day(town: Town) -> None:
    """Place the day's orders, each by the elder, his child, or by phone; the dispatcher accepts them.

    Raises:
        Refused: the server does not take one.
    """
    wishes = town.district.wishes
    step = town.tell.begin("预约：资格、登记方式、报价、占用额度；调度接单", 2 * len(wishes))

    async def place(wish: Wish) -> Placed:
        by, api = _booker(town, town.elder_of(wish))
        booking, _ = await api.post_keyed("/orders", order(town, wish), _key(wish))
        return Placed(wish, by, booking)

    async def accept(placed: Placed) -> None:
        await town.dispatcher.post(f"/orders/{placed.order_id}/acceptance")

    town.placed = await for_each(wishes, place, step)
    await for_each(town.placed, accept, step)


async def meet_refusals(town: Town) -> None:
    """Ask for what must be refused, repeat a request, cancel an order; remember what the server said.

    Raises:
        DemoFailed: the server took what it must refuse.
    """
    step = town.tell.begin("该拒绝的被拒绝：输液、第二位家庭医生；重复提交；取消", 4)
    town.told["conflicts"] = [await _infusion(town)]
    step()
    town.told["conflicts"].append(await _second_doctor(town))
    step()
    town.told["replay"] = await _replay(town)
    step()
    town.told["cancellation"] = await _cancel(town)
    step()


def order(town: Town, wish: Wish) -> Json:
    """Return the body of an order; those of a shared home wish for the same nurse.

    Raises: nothing.
    """
    elder = town.elder_of(wish)
    together = wish.story == "shared_home"
    return {
        "institution_id": town.institutions[elder.institution],
        "person_id": town.residents[elder.no].person_id,
        "kind": wish.kind,
        "wished_start": pace.at(SERVICE_ON, wish.earliest).isoformat(),
        "wished_end": pace.at(SERVICE_ON, wish.latest).isoformat(),
        "items": [{"code": code, "quantity": quantity} for code, quantity in wish.items],
        "mobility_reason": _REASONS[elder.no % len(_REASONS)],
        "preferred_practitioner_id": town.nurse_of(elder.institution).id if together else None,
    }


def _booker(town: Town, elder: Elder) -> tuple[str, Api]:
    booker = town.residents[elder.no].booker
    return ("phone", town.dispatcher) if booker is None else (elder.books, booker)


async def refused(what: str, api: Api, path: str, body: Json) -> Json:
    """Ask for what must be refused, and return what the server said.

    Raises:
        DemoFailed: it was not refused.
    """
    try:
        await api.post(path, body)
    except Refused as problem:
        return {"what": what, "status": problem.status, "code": problem.code, "detail": problem.problem.get("detail")}
    raise DemoFailed(f"{what}：应当被拒绝，却成功了。")


async def _infusion(town: Town) -> Json:
    wish = next(each.wish for each in town.placed if each.by == "self" and not each.wish.story)
    asked = order(town, wish) | {"kind": "home_visit", "items": [{"code": "INFUSION", "quantity": 1}]}
    _, api = _booker(town, town.elder_of(wish))
    return await refused(f"{town.elder_of(wish).name}预约上门静脉输液", api, "/orders", asked)


async def _second_doctor(town: Town) -> Json:
    elder = town.elder_of(town.of_story("contract_exhausted")[0].wish)
    other = next(
        each.worker.institution for each in town.staff.values() if each.worker.institution != elder.institution
    )
    admin, person_id = town.admins[other], town.residents[elder.no].person_id
    admission = {"institution_id": town.institutions[other], "id_number": elder.id_number, "name": elder.name}
    await admin.post("/patients/admissions", admission | {"because": "居民到本机构咨询签约"})
    asked = contract(town, other, "ELDER-BASIC", person_id)
    return await refused(f"{elder.name}在第二家机构再签家庭医生", admin, "/contracts", asked)


async def _replay(town: Town) -> Json:
    """Send an order once more under its key: no second order, the first answer told again; another body is refused."""
    placed = next(each for each in town.placed if each.by != "phone" and not each.wish.story)
    _, api = _booker(town, town.elder_of(placed.wish))
    asked = order(town, placed.wish)
    answer, replayed = await api.post_keyed("/orders", asked, _key(placed.wish))
    if not replayed or answer != placed.booking:
        raise DemoFailed("同一 Idempotency-Key 的第二次提交没有得到同一份回答。")
    try:
        await api.post_keyed("/orders", asked | {"mobility_reason": "另一个原因"}, _key(placed.wish))
    except Refused as problem:
        return {"order_no": placed.order_no, "same_answer": True, "other_body": problem.code}
    raise DemoFailed("同一 Idempotency-Key 换了内容却没有被拒绝。")


def _key(wish: Wish) -> str:
    return f"order-{wish.elder}"


async def _cancel(town: Town) -> Json:
    placed = town.of_story("cancelled")[0]
    _, api = _booker(town, town.elder_of(placed.wish))
    answer = await api.post(f"/orders/{placed.order_id}/cancellation", {"reason": "老人临时住院"})
    if answer["state"] != "cancelled":
        raise DemoFailed(f"取消后的订单状态是 {answer['state']}。")
    return {"order_no": placed.order_no, "elder": town.elder_of(placed.wish).no, "reason": "老人临时住院"}
