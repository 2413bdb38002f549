"""A station's table of vehicles: read, planned with, and told to those who are driven and to the driver."""

import io
import json
from datetime import date
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from typer.testing import CliRunner

from service.cli.plan import app
from service.core.geo import Datum, TravelMode
from service.core.tabular.faults import FilesRefused
from service.routing import referee
from service.routing.problem import Limits, Plan, Route, Stop, Tour, TourStop, Vehicle, Window
from service.routing.readers import station as reader
from service.routing.readers.station import Prices, StationDay, Travel
from service.routing.solver import solve
from service.routing.writers import station as writer
from service.routing.writers.station import Itinerary

ORDERS = """订单号,姓名,地址,经度,纬度,最早,最晚,时长分钟,技能,人数
001,居民001,甲,106.39,39.03,8:30,8:40,30,护理,1
002,居民002,乙,106.40,39.01,8:30,8:40,45,护理,1
"""
STAFF = """工号,姓名,技能,上班,下班,出发经度,出发纬度,交通方式
N01,护士01,护理,8:00,17:00,106.38,39.02,共用车辆
N02,护士02,护理,8:00,17:00,106.38,39.02,shared
"""
VEHICLES = """车牌号,座位数,可用开始,可用结束,停放经度,停放纬度
示A0001,4,7:30,12:00,106.38,39.02
"""
LINE = np.array([[abs(a - b) for b in range(3)] for a in range(3)], dtype=np.int64)
WALK, DRIVE = Travel(LINE * 3600, LINE * 3000, "walked"), Travel(LINE * 300, LINE * 4000, "driven")
HALF = 8 * 3600 + 1800
TOUR = Tour(
    0,
    (
        TourStop(0, HALF - 600, HALF - 600, on=(0, 1)),
        TourStop(1, HALF - 300, HALF - 300, off=(0,)),
        TourStop(2, HALF, HALF + 2700, off=(1,), on=(1,)),
        TourStop(1, HALF + 3000, HALF + 3000, on=(0,)),
        TourStop(0, HALF + 3300, HALF + 3300, off=(0, 1)),
    ),
)
PLAN = Plan(
    (Route(0, (Stop(0, 0, HALF, HALF + 1800),)), Route(1, (Stop(1, 0, HALF, HALF + 2700),))),
    tours=(TOUR,),
)


def gather(vehicles: str | None = VEHICLES, staff: str = STAFF) -> StationDay:
    cars = None if vehicles is None else ("v", vehicles.encode())
    return reader.gather(("o", ORDERS.encode()), ("s", staff.encode()), date(2026, 3, 2), Datum.wgs84, cars)


@pytest.fixture
def told() -> tuple[Itinerary, dict[str, int]]:
    day = gather()
    problem = reader.build_problem(day, (WALK, DRIVE), Prices(36000, 90))
    verdict = referee.check_plan(problem, PLAN)
    assert verdict.feasible
    return writer.trace(day, problem, PLAN, (WALK, DRIVE)), verdict.costs


class TestReading:
    def test_who_shares_walks_or_rides(self) -> None:
        day = gather()
        assert [(row.mode, row.rides) for row in day.staff] == [(TravelMode.walk, True)] * 2
        assert day.modes == (TravelMode.walk, TravelMode.car)
        problem = reader.build_problem(day, (WALK, DRIVE), Prices(36000, 90))
        assert problem.vehicles == (Vehicle("示A0001", 4, 0, 0, Window(27000, 43200), 1),)
        assert all(who.rides and who.matrix == 0 for who in problem.staff)

    def test_sharing_needs_a_table_of_vehicles(self) -> None:
        with pytest.raises(FilesRefused, match="车辆表"):
            gather(None)

    @pytest.mark.parametrize(
        ("changed", "complaint"),
        [
            (VEHICLES.replace(",4,", ",0,"), "座位数"),
            (VEHICLES.replace("12:00", "7:00"), "要晚于可用开始"),
            (VEHICLES + VEHICLES.splitlines()[1] + "\n", "车牌号"),
        ],
    )
    def test_refuses_what_is_no_vehicle(self, changed: str, complaint: str) -> None:
        with pytest.raises(FilesRefused, match=complaint):
            gather(changed)

    def test_seats_and_hours_of_the_table_bind(self) -> None:
        solved = {}
        for name, table in {
            "as it is": VEHICLES,
            "one seat": VEHICLES.replace(",4,", ",1,"),
            "late": VEHICLES.replace("7:30", "10:00"),
        }.items():
            problem = reader.build_problem(gather(table), (WALK, DRIVE), Prices(3600, 90))
            plan = solve(problem, Limits(60, rounds=2), 1)
            assert referee.check_plan(problem, plan).feasible
            solved[name] = (len(plan.unassigned), len(plan.tours))
        # at half past eight both are wanted, five and ten minutes from the station
        assert solved == {"as it is": (0, 1), "one seat": (0, 1), "late": (2, 0)}


class TestTelling:
    def test_the_person_with_which_vehicle_from_when_to_when(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        document = writer.plan_document(*told)
        first = document["routes"][0]
        assert first["stops"][0]["ride"] == {
            "vehicle_no": "示A0001",
            "on": "2026-03-02T08:20:00+08:00",
            "off": "2026-03-02T08:25:00+08:00",
        }
        assert first["stops"][0]["arrival"] == "2026-03-02T08:25:00+08:00"
        assert (first["departure"], first["back"]) == ("2026-03-02T08:20:00+08:00", "2026-03-02T09:25:00+08:00")
        assert first["home_ride"]["on"] == "2026-03-02T09:20:00+08:00"
        assert first["travel_seconds"] == 600

    def test_the_driver_who_gets_on_and_off_where(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        (tour,) = writer.plan_document(*told)["tours"]
        assert [(stop["off"], stop["on"]) for stop in tour["stops"]] == [
            ([], ["N01", "N02"]),
            (["N01"], []),
            (["N02"], ["N02"]),
            ([], ["N01"]),
            (["N01", "N02"], []),
        ]
        assert (tour["travel_seconds"], tour["travel_metres"]) == (1200, 16000)

    def test_a_vehicle_s_way_counts_once(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        document = writer.plan_document(*told)
        assert document["totals"]["travel_metres"] == 16000
        assert document["totals"]["travel_seconds"] == document["cost"]["travel"] == 1200

    def test_the_map(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        found = [each["properties"] for each in writer.geojson(told[0])["features"]]
        assert sum("vehicle_no" in each for each in found) == 6
        assert json.dumps(found)

    def test_the_workbook(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        book = openpyxl.load_workbook(io.BytesIO(writer.workbook(told[0])))
        rows = list(book["路线"].iter_rows(values_only=True))
        assert rows[0][-3:] == ("乘车", "上车", "下车")
        assert rows[1][-3] == "示A0001"
        assert [row[7] for row in rows[1:]] == ["居民001", "返回", "居民002", "返回"]
        assert [row[4:6] for row in book["车辆"].iter_rows(min_row=2, values_only=True)][1] == ("N01", None)
        assert [row[2] for row in book["汇总"].iter_rows(min_row=2, max_row=3, values_only=True)] == ["共用车辆"] * 2

    def test_the_picture(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        drawn = writer.draw(told[0])
        assert "路程 08:20–08:25 乘示A0001" in drawn
        assert ">示A0001<" in drawn

    def test_waiting_for_the_vehicle_is_waiting(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        # N01 is ready at nine and is fetched at twenty past
        assert "等候 09:00–09:20" in writer.draw(told[0])


def test_the_command_plans_with_vehicles(tmp_path: Path) -> None:
    folder = tmp_path
    for name, content in (("o", ORDERS), ("s", STAFF), ("v", VEHICLES)):
        (folder / f"{name}.csv").write_text(content)
    files = [str(folder / "o.csv"), "--staff", str(folder / "s.csv"), "--vehicles", str(folder / "v.csv")]
    done = CliRunner().invoke(app, [*files, "--date", "2026-03-02", "--seconds", "2", "--out", str(folder / "out")])
    assert done.exit_code == 0, done.output
    assert "示A0001" in done.output
    assert json.loads((folder / "out" / "plan.json").read_text())["tours"]
