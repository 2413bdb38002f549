"""What a booking says is what those read who must decide about it."""

from tests.fields.town import Town, shown


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
