from datetime import date
from pathlib import Path

import numpy as np
import pytest

from service.core import geo
from service.core.geo import Datum, Point, TravelMode
from service.core.tabular.faults import FilesRefused
from service.routing.problem import Lunch, Window
from service.routing.readers import station
from service.routing.readers.station import Prices, StationDay, Travel

MODES = "步行、自行车、电动车、汽车、共用车辆、shared、walk、bike、ebike、car"
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
DAY = date(2026, 3, 2)
STAFF = (
    "工号,姓名,技能,上班,下班,午休开始,午休结束,午休分钟,出发经度,出发纬度,交通方式\n"
    "N01,护士01,护理；换药,8:00,17:30,11:30,13:30,60,106.38,39.02,电动车\n"
    "D01,医师01,医师,8:00,17:30,,,,106.38,39.02,car\n"
)
ORDERS = (
    "订单号,姓名,地址,经度,纬度,最早,最晚,时长分钟,技能,人数,必须,优先级,首选工号,回避工号\n"
    "001,居民001,甲,106.39,39.03,8:30,10:00,30,护理,1,是,,,\n"
    "002,居民002,乙,106.40,39.01,,,45,医师/护理;换药,2,否,7,D01；N01,\n"
    "003,居民003,丙,106.39,39.03,9:00,9:00,20,,2,,,,N01\n"
)


def gather(orders: str = ORDERS, staff: str = STAFF, datum: Datum = Datum.wgs84) -> StationDay:
    return station.gather(("orders.csv", orders.encode()), ("staff.csv", staff.encode()), DAY, datum)


def complaints(orders: str = ORDERS, staff: str = STAFF) -> list[str]:
    with pytest.raises(FilesRefused) as refused:
        gather(orders, staff)
    return [str(fault) for fault in refused.value.faults]


def order(**cells: str) -> str:
    """Return an orders table of one good line with some cells changed."""
    good = (
        dict(zip(ORDERS.split("\n", maxsplit=1)[0].split(","), ORDERS.split("\n")[1].split(","), strict=True)) | cells
    )
    return ",".join(good) + "\n" + ",".join(good.values()) + "\n"


def person(**cells: str) -> str:
    good = dict(zip(STAFF.split("\n", maxsplit=1)[0].split(","), STAFF.split("\n")[1].split(","), strict=True)) | cells
    return ",".join(good) + "\n" + ",".join(good.values()) + "\n"


class TestGather:
    def test_reads_orders_as_they_stand(self) -> None:
        first, second, third = gather().orders
        assert (first.order_no, first.name, first.address, first.point) == (
            "001",
            "居民001",
            "甲",
            Point(106.39, 39.03),
        )
        assert (first.window, first.duration) == (Window(30600, 36000), 1800)
        assert (first.mandatory, first.priority, first.skills) == (True, 5, (frozenset({"护理"}),))
        assert (second.window, second.priority, second.mandatory) == (Window(0, 86400), 7, False)
        assert second.skills == (frozenset({"医师"}), frozenset({"护理", "换药"}))
        assert second.preferred_staff == ("D01", "N01")
        assert third.skills == (frozenset(), frozenset())
        assert third.forbidden_staff == ("N01",)

    def test_reads_staff_as_they_stand(self) -> None:
        nurse, doctor = gather().staff
        assert (nurse.staff_no, nurse.name, nurse.skills) == ("N01", "护士01", frozenset({"护理", "换药"}))
        assert (nurse.shift, nurse.lunch) == (Window(28800, 63000), Lunch(41400, 48600, 3600))
        assert (nurse.mode, doctor.mode, doctor.lunch) == (TravelMode.ebike, TravelMode.car, None)

    def test_a_day_may_end_elsewhere(self) -> None:
        home = {"返回经度": "106.41", "返回纬度": "39.05"}
        plain = order(首选工号="", 回避工号="")
        day = gather(plain, person(**home))
        assert (day.staff[0].start, day.staff[0].end) == (Point(106.38, 39.02), Point(106.41, 39.05))
        still = np.zeros((3, 3), dtype=np.int64)
        [nurse] = station.build_problem(day, (Travel(still, still, ""),), Prices(1000, 90)).staff
        assert [day.points[each] for each in (nurse.start_point, nurse.end_point)] == [
            Point(106.38, 39.02),
            Point(106.41, 39.05),
        ]
        assert gather(plain, person(返回经度="", 返回纬度="")).staff[0].end == Point(106.38, 39.02)
        [fault] = complaints(plain, person(返回经度="106.41", 返回纬度=""))
        assert "返回纬度" in fault
        assert "不能为空" in fault

    def test_keeps_every_place_once(self) -> None:
        day = gather()
        assert day.points == (Point(106.38, 39.02), Point(106.39, 39.03), Point(106.40, 39.01))
        assert (day.staff_points, day.order_points) == ((0, 0), (1, 2, 1))
        assert day.modes == (TravelMode.ebike, TravelMode.car)

    @pytest.mark.parametrize("datum", [Datum.gcj02, Datum.bd09])
    def test_converts_the_places_of_other_datums(self, datum: Datum) -> None:
        day = gather(datum=datum)
        assert day.points[1] == geo.to_wgs84(106.39, 39.03, datum)
        assert day.points[1] != Point(106.39, 39.03)

    def test_reads_the_examples_of_the_documentation(self) -> None:
        files = (
            ("orders.csv", (EXAMPLES / "orders.csv").read_bytes()),
            ("staff.csv", (EXAMPLES / "staff.csv").read_bytes()),
        )
        day = station.gather(*files, DAY, Datum.wgs84)
        assert (len(day.orders), len(day.staff), day.ignored) == (12, 4, ())
        assert all(int(metres) < 12_000 for metres in geo.great_circle_metres(day.points).flat)

    def test_names_columns_that_it_does_not_use(self) -> None:
        assert gather(order(备注="带轮椅")).ignored == ("备注",)

    def test_accepts_what_input_methods_and_spreadsheets_make_of_digits(self) -> None:
        day = gather(order(最早="０８：３０", 最晚="10:00:00", 时长分钟="３０", 必须="Ｙ"))
        assert (day.orders[0].window, day.orders[0].duration, day.orders[0].mandatory) == (
            Window(30600, 36000),
            1800,
            True,
        )


class TestRefusals:
    @pytest.mark.parametrize(
        ("cells", "complaint"),
        [
            ({"订单号": ""}, "“订单号”：不能为空"),
            ({"地址": ""}, "“地址”：不能为空"),
            ({"经度": "", "纬度": "39"}, "“经度”：经度要填 -180 到 180 之间的度数，不能为空"),
            ({"纬度": "106.38"}, "“纬度”：纬度要填 -90 到 90 之间的度数，不能是“106.38”（经度和纬度是否填反了？）"),
            ({"最早": "8点半"}, "“最早”：要填时刻，例如 8:30，不能是“8点半”"),
            ({"最晚": "24:01"}, "“最晚”：要填时刻，例如 8:30，不能是“24:01”"),
            ({"最早": "11:00"}, "“最晚”：不能早于最早时间"),
            ({"时长分钟": "半小时"}, "“时长分钟”：要填1到720之间的整数，不能是“半小时”"),
            ({"时长分钟": "0"}, "“时长分钟”：要填1到720之间的整数，不能是“0”"),
            ({"时长分钟": ""}, "“时长分钟”：要填1到720之间的整数，不能为空"),
            ({"人数": "5"}, "“人数”：要填1到4之间的整数，不能是“5”"),
            ({"技能": "医师/护理", "人数": "3"}, "“人数”：技能一列用“/”写了2个人的要求，人数却是3"),
            ({"必须": "也许"}, "“必须”：要填“是”或“否”，不能是“也许”"),
            ({"优先级": "10"}, "“优先级”：要填1到9之间的整数，不能是“10”"),
            ({"首选工号": "N01;X9"}, "“首选工号”：人员表里没有工号“X9”"),
            ({"回避工号": "X8"}, "“回避工号”：人员表里没有工号“X8”"),
        ],
    )
    def test_names_the_cell_of_an_order_that_is_wrong(self, cells: dict[str, str], complaint: str) -> None:
        assert complaints(order(**cells)) == [f"orders.csv 第2行{complaint}"]

    @pytest.mark.parametrize(
        ("cells", "complaint"),
        [
            ({"工号": ""}, "“工号”：不能为空"),
            ({"上班": ""}, "“上班”：要填时刻，例如 8:30，不能为空"),
            ({"下班": "8:00"}, "“下班”：要晚于上班时间"),
            ({"午休结束": ""}, "“午休结束”：要填时刻，例如 8:30，不能为空"),
            ({"午休分钟": ""}, "“午休分钟”：要填1到240之间的整数，不能为空"),
            ({"午休分钟": "121"}, "“午休分钟”：午休开始到午休结束之间放不下这么长的午休"),
            (
                {"出发纬度": "north"},
                "“出发纬度”：纬度要填 -90 到 90 之间的度数，不能是“north”（经度和纬度是否填反了？）",
            ),
            (
                {"交通方式": "飞机"},
                "“交通方式”：要填步行、自行车、电动车、汽车、共用车辆、shared、walk、bike、ebike、car之一，不能是“飞机”",
            ),
        ],
    )
    def test_names_the_cell_of_a_person_that_is_wrong(self, cells: dict[str, str], complaint: str) -> None:
        assert complaints(order(), person(**cells))[:1] == [f"staff.csv 第2行{complaint}"]

    def test_names_all_faults_of_both_files_at_once(self) -> None:
        orders = ORDERS.replace("002,居民002,乙,106.40", "001,居民002,,x") + "004,,丁,106.3,39.0,,,30,,1,,,,\n"
        staff = STAFF.replace("电动车", "飞机").replace("D01", "N01")
        assert complaints(orders, staff) == [
            "orders.csv 第3行“地址”：不能为空",
            "orders.csv 第3行“经度”：经度要填 -180 到 180 之间的度数，不能是“x”（经度和纬度是否填反了？）",
            "orders.csv 第3行“订单号”：“001”在第2行已经出现过",
            f"staff.csv 第2行“交通方式”：要填{MODES}之一，不能是“飞机”",
            "staff.csv 第3行“工号”：“N01”在第2行已经出现过",
            "orders.csv 第3行“首选工号”：人员表里没有工号“D01”",
        ]

    def test_a_table_that_cannot_be_read_does_not_hide_the_faults_of_the_other(self) -> None:
        assert complaints("什么,都,不是\n", person(交通方式="")) == [
            "orders.csv：没有找到表头，至少要有这些列：订单号、地址、经度、纬度、时长分钟",
            f"staff.csv 第2行“交通方式”：要填{MODES}之一，不能为空",
        ]

    def test_an_empty_table_is_a_fault(self) -> None:
        assert complaints(ORDERS.split("\n", maxsplit=1)[0], STAFF.split("\n", maxsplit=1)[0]) == [
            "orders.csv：表头下面没有任何订单",
            "staff.csv：表头下面没有任何人员",
        ]


class TestBuildProblem:
    def test_makes_the_day_of_the_rows(self) -> None:
        day = gather()
        ride, drive = (np.full((3, 3), value, dtype=np.int64) for value in (60, 30))
        travel = [Travel(ride, ride, "ride"), Travel(drive, drive, "drive")]
        problem = station.build_problem(day, travel, Prices(left_out_per_priority=1000, not_preferred=90))
        nurse, doctor = problem.staff
        first, second, third = problem.jobs
        assert (problem.points, problem.matrices[nurse.matrix][0, 1], problem.matrices[doctor.matrix][0, 1]) == (
            3,
            60,
            30,
        )
        assert (nurse.id, nurse.start_point, nurse.end_point, nurse.shift) == ("N01", 0, 0, Window(28800, 63000))
        assert [job.drop_penalty for job in problem.jobs] == [None, 7000, 5000]
        assert [job.point for job in problem.jobs] == [1, 2, 1]
        assert [service.skills for service in second.services] == [{"医师"}, {"护理", "换药"}]
        assert (first.preferred_staff, second.preferred_staff) == (None, frozenset({0, 1}))
        assert (second.forbidden_staff, third.forbidden_staff) == (frozenset(), frozenset({0}))
        assert (problem.rules.not_preferred, problem.rules.tardiness, problem.rules.missed_lunch) == (90, None, None)
