"""A plan in figures, beside another one, as a picture and as a workbook, over HTTP."""

import io
from typing import Any
from xml.etree import ElementTree as ET

import openpyxl

from service.accounts.rules import Role
from service.core.dates import moments
from service.core.ids import new_id
from service.routing.models import Appointment
from tests.routing.scene import DAY, Scene, at, visits
from tests.world import World


async def read(scene: Scene, plan: dict[str, Any], what: str, **params: str) -> Any:
    """Read one of the tellings of a plan."""
    answer = await scene.dispatcher.get(f"/plans/{plan['id']}/{what}", params=params)
    assert answer.status_code == 200, answer.text
    return answer


class TestKpis:
    async def test_counts_ways_punctuality_continuity_fairness_and_what_stays_out(
        self, scene: Scene, world: World
    ) -> None:
        await scene.item("REHAB")
        await scene.item("WOUND", skills=("wound",))
        east, west = await scene.staff(3), await scene.staff(-3)
        person = await world.add_patient(home_id=await world.add_home())
        known = await scene.order(3, "08:00", "12:00", "REHAB", person_id=person)
        await scene.order(-3, "08:00", "12:00", "REHAB")
        await scene.order(-3, "08:00", "12:00", "WOUND")
        plan = await scene.plan()
        carer = visits(plan)[str(known)][0][0]
        earlier = DAY.replace(day=1)
        await world.add(
            Appointment(
                region_id=world.region_id, institution_id=world.institution_id, plan_id=plan["id"], order_id=known,
                person_id=person, practitioner_id=carer, practitioner_name="医护", service_on=earlier,
                during=moments(at("08:00", earlier), at("08:30", earlier)), trip_key=new_id(),
            )
        )  # fmt: skip
        told = (await read(scene, plan, "kpis")).json()
        assert {carer for each in visits(plan).values() for carer, *_ in each} == {str(east), str(west)}
        assert (told["travel_metres"], told["service_seconds"]) == (plan["summary"]["travel_metres"], 3600)
        assert told["on_time"] == {"kept": 2, "of": 2, "share": 1.0}
        assert told["same_staff"] == {"kept": 1, "of": 1, "share": 1.0}
        assert told["wished_staff"] == {"kept": 0, "of": 0, "share": None}
        assert told["unassigned"] == {"no_qualified_staff": 1}
        works = [each["travel_seconds"] + each["service_seconds"] for each in plan["routes"]]
        assert told["work"] == {"least": min(works), "greatest": max(works), "mean": sum(works) // 2}


class TestComparison:
    async def test_names_who_is_visited_by_others_or_at_another_time_and_the_difference(self, scene: Scene) -> None:
        await scene.item("REHAB")
        await scene.staff(3)
        kept = await scene.order(3, "08:00", "08:40", "REHAB")
        first = await scene.plan()
        added = await scene.order(3, "10:00", "12:00", "REHAB")
        second = await scene.plan()
        told = (await read(scene, first, "comparison", **{"with": second["id"]})).json()
        [only] = told["differences"]
        assert (only["order_id"], only["staff"], only["minutes"]) == (str(added), [], None)
        assert len(only["other_staff"]) == 1
        assert told["service_seconds"] == 1800
        assert str(kept) not in {each["order_id"] for each in told["differences"]}
        same = (await read(scene, second, "comparison", **{"with": second["id"]})).json()
        assert (same["differences"], same["travel_seconds"], same["cost"]) == ([], 0, 0)

    async def test_refuses_plans_of_different_days(self, scene: Scene) -> None:
        one, other = await scene.plan(), await scene.plan(DAY.replace(day=4))
        answer = await scene.dispatcher.get(f"/plans/{one['id']}/comparison", params={"with": other["id"]})
        assert (answer.status_code, answer.json()["code"]) == (422, "plans-of-different-days")


class TestRenderings:
    async def test_the_picture_has_a_row_per_person_and_the_workbook_a_line_per_stop(self, scene: Scene) -> None:
        await scene.item("REHAB")
        await scene.item("WOUND", skills=("wound",))
        await scene.staff(3, lunch=("11:30", "13:30", 30))
        await scene.order(2, "08:00", "17:00", "REHAB")
        await scene.order(2, "08:00", "17:00", "WOUND")
        plan = await scene.plan()
        picture = await read(scene, plan, "timeline.svg")
        assert picture.headers["content-type"].startswith("image/svg+xml")
        drawn = ET.fromstring(picture.text)
        said = [each.text or "" for each in drawn.iter("{http://www.w3.org/2000/svg}title")]
        assert any(each.startswith("服务") for each in said)
        assert any(each.startswith("午休") for each in said)
        [route] = plan["routes"]
        assert route["practitioner_name"] in [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
        book = openpyxl.load_workbook(io.BytesIO((await read(scene, plan, "plan.xlsx")).content))
        rows = list(book.worksheets[0].iter_rows(values_only=True))
        assert len(rows) == 1 + len(route["stops"]) + 1
        assert rows[1][0] == route["practitioner_name"]
        assert (rows[0][7], rows[1][7]) == ("未排原因", None)
        assert (rows[-1][0], rows[-1][7]) == ("未排", plan["unassigned"][0]["explanation"])
        assert [row[6] for row in rows[1:-1]] == [round(each["travel_metres"] / 1000, 1) for each in route["stops"]]

    async def test_whoever_reads_plans_reads_them_and_strangers_do_not(self, scene: Scene, world: World) -> None:
        plan = await scene.plan()
        nurse, stranger = (
            await world.as_role(Role.nurse),
            await world.as_role(Role.dispatcher, await world.add_institution()),
        )
        for what in ("kpis", "timeline.svg", "plan.xlsx", f"comparison?with={plan['id']}"):
            assert (await nurse.get(f"/plans/{plan['id']}/{what}")).status_code == 200
            assert (await stranger.get(f"/plans/{plan['id']}/{what}")).status_code == 404


class TestExplanation:
    async def test_says_of_every_visit_why_it_is_given_to_whom(self, scene: Scene, world: World) -> None:
        await scene.item("REHAB")
        await scene.item("WOUND", skills=("wound",))
        east, _ = await scene.staff(3, skills=("wound",)), await scene.staff(-3)
        near = await scene.order(3, "08:00", "12:00", "REHAB")
        only = await scene.order(-3, "08:00", "17:00", "WOUND")
        plan = await scene.plan()
        told = {each["order_id"]: each for each in (await read(scene, plan, "explanation")).json()["assignments"]}
        assert (told[str(only)]["because"], told[str(only)]["others"]) == ("only_qualified", 0)
        assert told[str(near)]["practitioner_id"] == str(east)
        assert (told[str(near)]["because"], told[str(near)]["others"]) == ("cheapest", 1)
        assert told[str(near)]["next_added_cost"] > 0
        assert "绕路" in told[str(near)]["explanation"]
        path = f"/plans/{plan['id']}/explanation"
        assert (await (await world.as_role(Role.nurse)).get(path)).status_code == 403
        queued = (await scene.request()).json()["id"]
        assert (await scene.dispatcher.get(f"/plans/{queued}/explanation")).status_code == 409
