"""What a booking says is what those read who must decide about it."""

from tests.fields.town import DAY, Town, shown


async def test_whoever_decides_about_an_order_reads_why_the_elder_cannot_come(town: Town) -> None:
    await town.offer("BP")
    person = await town.elder()
    for reason in ("偏瘫，无法自行下楼", "骨折卧床"):
        order = (await town.order(person, "BP", mobility_reason=reason)).json()["order"]["id"]
        assert (await shown(town.doctor, f"/orders/{order}"))["mobility_reason"] == reason


async def test_each_quantity_needs_its_time(town: Town) -> None:
    await town.offer("BP")
    person = await town.elder()
    window = [await town.order(person, items=[{"code": "BP", "quantity": units}]) for units in (4, 5)]
    assert [each.status_code for each in window] == [201, 409]
    assert window[1].json()["code"] == "window-too-short"


async def test_a_changed_window_must_hold_the_service_from_its_start_to_its_end(town: Town) -> None:
    await town.offer("BP")
    order = (await town.order(await town.elder(), "BP")).json()["order"]["id"]
    told = []
    for start, end in (("08:00", "08:20"), ("08:10", "08:30"), ("08:00", "08:30")):
        window = {"wished_start": f"{DAY}T{start}:00+08:00", "wished_end": f"{DAY}T{end}:00+08:00"}
        told.append((await town.desk.patch(f"/orders/{order}", json=window)).json().get("code"))
    assert told == ["window-too-short", "window-too-short", None]
