import io
import json
from datetime import date, timedelta
from typing import Any

import numpy as np
import openpyxl
import pytest

from service.core.geo import Datum
from service.routing import referee
from service.routing.problem import LUNCH, Plan, Route, Stop, Unassigned
from service.routing.readers import station as reader
from service.routing.readers.station import Prices, Travel
from service.routing.writers import station as writer
from service.routing.writers.station import Itinerary

ORDERS = """订单号,姓名,地址,经度,纬度,时长分钟,技能,人数
001,居民001,甲,106.39,39.03,30,护理,1
002,居民002,=1+1,106.40,39.01,45,护理,2
003,居民003,丙,106.41,39.02,30,透析,1
"""
STAFF = """工号,姓名,技能,上班,下班,午休开始,午休结束,午休分钟,出发经度,出发纬度,交通方式
N01,护士01,护理,8:00,17:00,11:30,13:30,60,106.38,39.02,电动车
N02,护士02,护理,8:00,17:00,,,,106.38,39.02,电动车
D01,医师01,医师,8:00,17:00,,,,106.38,39.02,汽车
"""
LINE = np.array([[abs(a - b) for b in range(4)] for a in range(4)], dtype=np.int64)
RIDE, DRIVE = (
    Travel(LINE * 600, LINE * 3000, "osrm"),
    Travel(LINE * 300, LINE * 4000, "great_circle (osrm unreachable)"),
)
EIGHT = 8 * 3600

PLAN = Plan(
    (
        Route(
            0,
            (
                Stop(0, 0, EIGHT + 600, EIGHT + 2400),
                Stop(1, 0, EIGHT + 3600, EIGHT + 6300),
                Stop(1, LUNCH, EIGHT + 12600, EIGHT + 16200),
            ),
        ),
        Route(1, (Stop(1, 1, EIGHT + 3600, EIGHT + 6300),)),
        Route(2, ()),
    ),
    (Unassigned(2, "no_qualified_staff"),),
)


@pytest.fixture(scope="module")
def told() -> tuple[Itinerary, dict[str, int]]:
    day = reader.gather(("o", ORDERS.encode()), ("s", STAFF.encode()), date(2026, 3, 2), Datum.wgs84)
    problem = reader.build_problem(day, (RIDE, DRIVE), Prices(1000, 90))
    verdict = referee.check_plan(problem, PLAN)
    assert verdict.feasible
    return writer.trace(day, problem, PLAN, (RIDE, DRIVE)), verdict.costs


@pytest.fixture(scope="module")
def sheets(told: tuple[Itinerary, dict[str, int]]) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(writer.workbook(told[0])))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book.worksheets}


class TestPlanDocument:
    def test_tells_every_stop_with_its_times_and_its_way(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        document = writer.plan_document(*told)
        assert json.loads(json.dumps(document)) == document
        first = document["routes"][0]
        assert [stop["kind"] for stop in first["stops"]] == ["visit", "visit", "lunch"]
        assert first["stops"][1] == {
            "kind": "visit",
            "order_no": "002",
            "address": "=1+1",
            "lon": 106.40,
            "lat": 39.01,
            "travel_seconds": 600,
            "travel_metres": 3000,
            "arrival": "2026-03-02T08:50:00+08:00",
            "start": "2026-03-02T09:00:00+08:00",
            "end": "2026-03-02T09:45:00+08:00",
        }
        assert (first["departure"], first["back"]) == ("2026-03-02T08:00:00+08:00", "2026-03-02T12:50:00+08:00")
        assert (first["travel_seconds"], first["travel_metres"], first["service_seconds"]) == (2400, 12000, 4500)

    def test_tells_who_stays_at_the_station(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        idle = writer.plan_document(*told)["routes"][2]
        assert (idle["staff_no"], idle["departure"], idle["back"], idle["stops"]) == ("D01", None, None, [])

    def test_tells_why_an_order_is_left_out_and_what_all_costs(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        document = writer.plan_document(*told)
        (left_out,) = document["unassigned"]
        assert (left_out["order_no"], left_out["reason"]) == ("003", "no_qualified_staff")
        assert "资质" in left_out["explanation"]
        assert document["totals"] == {
            "orders": 3,
            "planned": 2,
            "unassigned": 1,
            "travel_seconds": 4800,
            "travel_metres": 24000,
        }
        assert document["cost"]["total"] == 4800 + 5000
        assert (document["cost"]["travel"], document["cost"]["left_out"]) == (4800, 5000)

    @pytest.mark.requirement("R148")
    def test_labels_where_the_travel_times_come_from(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        sources = writer.plan_document(*told)["travel_sources"]
        assert sources == {"ebike": "osrm", "car": "great_circle (osrm unreachable)"}


class TestGeojson:
    def test_the_line_ends_where_the_day_does(self) -> None:
        ends = ("返回经度,返回纬度", "106.40,39.01", ",", ",")
        staff = "\n".join(f"{line},{more}" for line, more in zip(STAFF.split(), ends, strict=True))
        day = reader.gather(("o", ORDERS.encode()), ("s", staff.encode()), date(2026, 3, 2), Datum.wgs84)
        problem = reader.build_problem(day, (RIDE, DRIVE), Prices(1000, 90))
        drawn: dict[str, Any] = writer.geojson(writer.trace(day, problem, PLAN, (RIDE, DRIVE)))
        assert drawn["features"][0]["geometry"]["coordinates"][-1] == [106.40, 39.01]

    def test_draws_a_line_per_person_and_a_point_per_stop(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        drawn: dict[str, Any] = writer.geojson(told[0])
        kinds = [feature["geometry"]["type"] for feature in drawn["features"]]
        assert drawn["type"] == "FeatureCollection"
        assert kinds == ["LineString", "Point", "Point", "Point", "LineString", "Point"]
        line, point = drawn["features"][:2]
        home = [106.38, 39.02]
        assert line["geometry"]["coordinates"] == [home, [106.39, 39.03], [106.40, 39.01], [106.40, 39.01], home]
        assert (line["properties"]["staff_no"], line["properties"]["visits"]) == ("N01", 2)
        assert point["geometry"]["coordinates"] == [106.39, 39.03]
        assert (point["properties"]["sequence"], point["properties"]["order_no"]) == (1, "001")


class TestWorkbook:
    def test_has_the_three_sheets(self, sheets: dict[str, list[tuple[Any, ...]]]) -> None:
        assert list(sheets) == ["路线", "未排", "汇总"]
        assert [len(rows) for rows in sheets.values()] == [5, 2, 5]

    def test_a_line_tells_a_stop_and_an_address_is_never_a_formula(
        self, sheets: dict[str, list[tuple[Any, ...]]]
    ) -> None:
        heading, _, second, lunch, _ = sheets["路线"]
        row = dict(zip(heading, second, strict=True))
        assert (row["工号"], row["顺序"], row["订单号"], row["地址"]) == ("N01", 2, "002", "=1+1")
        assert (row["路程分钟"], row["路程公里"]) == (10, 3)
        assert _clock(row["到达"]) == "08:50"
        assert _clock(row["开始"]) == "09:00"
        assert lunch[heading.index("姓名")] == "午休"

    def test_says_who_was_left_out_and_why(self, sheets: dict[str, list[tuple[Any, ...]]]) -> None:
        assert sheets["未排"][1][0] == "003"
        assert "资质" in sheets["未排"][1][4]

    def test_sums_up(self, sheets: dict[str, list[tuple[Any, ...]]]) -> None:
        *_, idle, total = sheets["汇总"]
        assert (idle[0], idle[3], idle[4], idle[9]) == ("D01", 0, None, "great_circle (osrm unreachable)")
        assert (total[0], total[1], total[3], total[7], total[8]) == ("合计", "订单3，已排2，未排1", 3, 80, 24)

    def test_the_same_plan_makes_the_same_file(self, told: tuple[Itinerary, dict[str, int]]) -> None:
        assert writer.workbook(told[0]) == writer.workbook(told[0])


def _clock(value: Any) -> str:
    """Return a cell's time of day; openpyxl gives a time below 24 hours and a timedelta for [hh]:mm."""
    if isinstance(value, timedelta):
        return f"{value.seconds // 3600:02}:{value.seconds % 3600 // 60:02}"
    return str(value.strftime("%H:%M"))
