"""Where a day's times and ways come from: each source is changed over HTTP, and the day planned anew is another."""

from typing import Any

import pytest

from tests.fields.town import Town, changed
from tests.routing.scene import DAY, Scene, at, seconds, visits
from tests.routing.test_sources import reasons, starts, who


async def placed(town: Town, person: str, window: dict[str, str] | None = None) -> str:
    """Place an order for the morning, change its window if told to, accept it; return the id."""
    answer = await town.order(person, "BP")
    assert answer.status_code == 201, answer.text
    order = str(answer.json()["order"]["id"])
    if window:
        await changed(town.desk, f"/orders/{order}", window)
    assert (await town.desk.post(f"/orders/{order}/acceptance")).status_code == 200
    return order


async def test_the_window_of_an_order(scene: Scene, town: Town) -> None:
    await town.offer("BP")
    await scene.staff()
    person = await town.elder()
    first = await placed(town, person)
    assert visits(await scene.plan())[first][0][1] <= "09:30"
    # what is accepted keeps its window: it is cancelled, and one like it is changed before it is accepted
    cancelled = await town.desk.post(f"/orders/{first}/cancellation", json={"reason": "改约"})
    assert cancelled.status_code == 200, cancelled.text
    window = {"wished_start": at("14:00").isoformat(), "wished_end": at("15:00").isoformat()}
    second = await placed(town, person, window)
    plan = await scene.plan()
    assert visits(plan).keys() == {second}
    assert "14:00" <= visits(plan)[second][0][1] <= "14:30"


async def test_the_end_of_a_shift(scene: Scene, town: Town) -> None:
    await scene.item("REHAB")
    near, far = await scene.staff(0), await scene.staff(-4)
    order = await scene.order(0.5, "15:00", "16:00", "REHAB")
    assert who(await scene.plan(), order) == {str(near)}
    days = {"from": DAY.isoformat(), "to": DAY.isoformat()}
    told = {
        each: (await town.chief.get(f"/practitioners/{each}/shifts", params=days)).json()["items"][0]["id"]
        for each in (near, far)
    }
    await changed(town.chief, f"/shifts/{told[near]}", {"end": at("15:20").isoformat()})
    assert who(await scene.plan(), order) == {str(far)}
    await changed(town.chief, f"/shifts/{told[far]}", {"end": at("15:20").isoformat()})
    assert set(reasons(await scene.plan())) == {str(order)}


async def test_the_latest_start_of_a_service(scene: Scene, town: Town) -> None:
    await scene.item("BLOOD", 10)
    near, far = await scene.staff(0, shift=("10:00", "17:00")), await scene.staff(-4)
    order = await scene.order(0.5, "08:00", "12:00", "BLOOD")
    assert who(await scene.plan(), order) == {str(near)}
    await changed(town.governor, "/service-items/BLOOD", {"latest_start": "09:30"})
    plan = await scene.plan()
    assert who(plan, order) == {str(far)}
    assert starts(plan, order) <= "09:30"
    await changed(town.governor, "/service-items/BLOOD", {"latest_start": "07:30"})
    assert reasons(await scene.plan()) == {str(order): "window_closed"}


async def test_the_minutes_of_a_service(scene: Scene, town: Town) -> None:
    await scene.item("REHAB", 30)
    await scene.staff()
    ids = [str(await scene.order(km, "08:00", "09:30", "REHAB")) for km in (0.2, 0.3)]

    def stays(plan: dict[str, Any]) -> set[int]:
        return {seconds(end) - seconds(start) for found in visits(plan).values() for _, start, end in found}

    plan = await scene.plan()
    assert (visits(plan).keys(), stays(plan)) == (set(ids), {30 * 60})
    await changed(town.governor, "/service-items/REHAB", {"duration_minutes": 50})
    plan = await scene.plan()
    # two of them are too long for the window
    assert (len(visits(plan)), stays(plan)) == (1, {50 * 60})
    assert set(reasons(plan)) == set(ids) - visits(plan).keys()


async def test_the_detour_of_roads(scene: Scene, town: Town) -> None:
    await scene.item("REHAB")
    await scene.staff()
    ids = [await scene.order(km, *times, "REHAB") for km, times in ((4, ("08:00", "08:55")), (-4, ("09:00", "10:00")))]
    plan = await scene.plan()
    assert plan["unassigned"] == []
    await town.set("travel.detour_factor", "1.9500")
    longer = await scene.plan()
    assert set(reasons(longer)) < {str(each) for each in ids}
    assert len(visits(longer)) == 1
    await town.set("travel.detour_factor", "1.0000", valid_from="2026-01-02")
    short = await scene.plan()
    assert short["unassigned"] == []
    ratio = short["summary"]["travel_metres"] / plan["summary"]["travel_metres"]
    assert ratio == pytest.approx(1 / 1.3, rel=0.01)
