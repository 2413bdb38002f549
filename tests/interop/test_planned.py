"""What the lists say of teams, grids, languages and paces decides the plan of a day, as if it had been typed in."""

import csv
import io
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from tests.interop.desk import Desk, Lists, id_number, outcomes, stopping
from tests.routing.scene import DEGREES_PER_KM, Scene, at, visits
from tests.world import CENTRE

pytestmark = pytest.mark.database

ELDER = id_number(number=1)
NEAR, FAR = "N01", "N02"
HERE, WEST, HOME = [f"{CENTRE[0] + km * DEGREES_PER_KM:.6f},{CENTRE[1]}" for km in (0, -1, 0.5)]

# two nurses, one near an elder and one who lives a kilometre farther and takes twice the time; his family doctor
_SMALL = f"""
stations
institution,code,name,lon,lat
AT,NEAR,近,{HERE}
AT,FAR,远,{WEST}

staff
institution,staff_no,name,sex,role,station,travel_mode,licence_no,licence_from,pace_percent,team,grids,languages
AT,{NEAR},医护01,女,nurse,NEAR,ebike,C-1,2020-01-01,,,,
AT,{FAR},医护02,女,nurse,FAR,ebike,C-2,2020-01-01,200,,,
AT,D01,医护03,女,doctor,NEAR,ebike,C-3,2020-01-01,,,,

homes
institution,home_no,address,lon,lat,grid
AT,H1,示例小区1号,{HOME},

elders
institution,id_number,name,home_no,key_groups,language,language_required
AT,{ELDER},居民01,H1,失能,,

packages
institution,code,name,items,valid_from
AT,P1,基础包,BP*8,2026-01-01

contracts
institution,id_number,package,doctor,signed_on,valid_from,valid_to
AT,{ELDER},P1,D01,2026-03-01,2026-03-01,2027-02-28
"""


def small(institution: str) -> Lists:
    """Return the lists, under English headings."""
    given = {}
    for block in _SMALL.replace("AT,", f"{institution},").strip().split("\n\n"):
        name, content = block.split("\n", 1)
        given[name] = list(csv.DictReader(io.StringIO(content)))
    return given


def say_team(given: Lists) -> None:
    for row in given["staff"][1:]:
        row["team"] = "T01"


def say_grid(given: Lists) -> None:
    given["staff"][1]["grids"] = "CY-02；CY-03"
    given["homes"][0]["grid"] = "CY-03"


def say_language(given: Lists) -> None:
    given["staff"][1]["languages"] = "dong；hui"
    given["elders"][0] |= {"language": "hui", "language_required": "否"}


async def planned(scene: Scene, order: UUID) -> tuple[str, int, dict[str, Any]]:
    """Plan the day; return who goes to an order, for how many minutes, and the plan."""
    plan = await scene.plan()
    [(who, start, end)] = visits(plan)[str(order)]
    minutes = datetime.strptime(end, "%H:%M") - datetime.strptime(start, "%H:%M")  # noqa: DTZ007 — of one day
    return who, round(minutes.total_seconds() / 60), plan


@pytest.mark.parametrize(
    ("say", "because"),
    [
        (say_team, "属于居民签约的家庭医生团队"),
        (say_grid, "负责居民住址所在的网格"),
        (say_language, "会说居民使用的语言"),
    ],
)
async def test_whoever_the_lists_make_the_wished_for_is_sent_and_takes_his_time(
    desk: Desk, say: Any, because: str
) -> None:
    world, scene = desk.world, await Scene.set_up(desk.world)
    [(institution,)] = await desk.rows("select code from institutions where region_id = :region")
    given = small(str(institution))
    desk.put(given)
    assert stopping(await desk.load()) == []
    staff = dict(await desk.rows("select staff_no, id from practitioners where region_id = :region"))
    for no in (NEAR, FAR):
        await world.add_shift(staff[no], at("08:00"), at("17:00"))
    [(person, home)] = await desk.rows("select id, home_id from patients where region_id = :region")
    order = await world.add_order(person, home, start=at("09:00"), end=at("12:00"), items={"BP": 1})
    who, usual, _ = await planned(scene, order)
    assert who == str(staff[NEAR])
    say(given)
    desk.put(given)
    assert outcomes(await desk.load(update=True, passwords="again.csv"))["staff"]["updated"] >= 1
    who, longer, plan = await planned(scene, order)
    assert (who, longer) == (str(staff[FAR]), 2 * usual)
    told = (await scene.dispatcher.get(f"/plans/{plan['id']}/explanation")).json()
    assert because in str(told)


async def test_whom_the_lists_call_infectious_is_visited_last(desk: Desk) -> None:
    world, scene = desk.world, await Scene.set_up(desk.world)
    [(institution,)] = await desk.rows("select code from institutions where region_id = :region")
    given = small(str(institution))
    other = id_number(number=2)
    given["elders"].append(given["elders"][0] | {"id_number": other, "name": "居民02"})
    given["staff"] = [each for each in given["staff"] if each["staff_no"] != FAR]
    desk.put(given)
    assert stopping(await desk.load()) == []
    staff = dict(await desk.rows("select staff_no, id from practitioners where region_id = :region"))
    await world.add_shift(staff[NEAR], at("08:00"), at("17:00"))
    people = await desk.rows("select name, id, home_id from patients where region_id = :region order by name")
    # nobody says so yet: the one whose window opens first is first
    windows = (("09:00", "12:00"), ("09:00", "14:00"))
    orders = [
        await world.add_order(person, home, start=at(start), end=at(end), items={"BP": 1})
        for (_, person, home), (start, end) in zip(people, windows, strict=True)
    ]
    for at_line, last in ((0, 0), (1, 1)):
        for line, row in enumerate(given["elders"]):
            row["precaution"] = "有传染性" if line == at_line else "无"
        desk.put(given)
        assert stopping(await desk.load(update=True, passwords="again.csv")) == []
        told = visits(await scene.plan())
        begins = [told[str(order)][0][1] for order in orders]
        assert begins[last] == max(begins)
        assert begins[0] != begins[1]
