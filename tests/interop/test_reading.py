"""What people do to files: every kind of bad input is told by file, line and column, and never a traceback."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.tabular.faults import Fault, FilesRefused
from service.core.tabular.tables import Merged, Table, read_table
from service.interop.importing import contracts, elders, institutions, openings, prices, staff
from service.interop.importing.columns import COLUMNS
from service.interop.importing.files import Kind
from service.interop.importing.reading import Read
from service.patients.rules import KeyGroup, Sex
from tests.interop.desk import as_csv, as_xlsx, id_number, lists

TODAY = date(2026, 3, 2)
READERS = {
    Kind.institutions: institutions.read_institutions,
    Kind.stations: institutions.read_stations,
    Kind.designations: prices.read_designations,
    Kind.prices: prices.read_prices,
    Kind.staff: staff.read_staff,
    Kind.homes: elders.read_homes,
    Kind.elders: lambda table, faults: elders.read_elders(table, TODAY, faults),
    Kind.packages: contracts.read_packages,
    Kind.contracts: contracts.read_contracts,
    Kind.openings: openings.read_openings,
}
HEADING = ["机构代码", "身份证号", "姓名", "性别", "出生日期", "电话"]
NUMBER = id_number(number=1)
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def table_of(kind: Kind, data: bytes) -> Table:
    return read_table(f"{kind}.x", data, COLUMNS[kind], Merged.refuse)


def read(kind: Kind, data: bytes) -> tuple[Read[Any], list[tuple[int, str, str]]]:
    faults: list[Fault] = []
    rows = READERS[kind](table_of(kind, data), faults)
    return rows, sorted((fault.line, fault.column, fault.sentence) for fault in faults)


def read_people(*rows: Sequence[Any], **sheet: Any) -> tuple[Read[Any], list[tuple[int, str, str]]]:
    return read(Kind.elders, as_xlsx([HEADING, *rows], **sheet))


def cell(kind: Kind, column: str, value: str) -> list[tuple[int, str, str]]:
    """Return what is wrong when one cell of a sound line is `value`."""
    row = lists()[str(kind)][0] | {column: value}
    return read(kind, as_csv([row]))[1]


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_reads_what_offices_write(self, encoding: str) -> None:
        rows, faults = read(Kind.elders, as_csv(lists()["elders"], encoding))
        assert (faults, [row.name for row in rows.rows]) == ([], ["居民01", "居民02"])

    def test_names_the_byte_at_which_a_file_is_no_text(self) -> None:
        data = as_csv(lists()["elders"]) + b"\xff\xff"
        with pytest.raises(FilesRefused) as refused:
            table_of(Kind.elders, data)
        (fault,) = refused.value.faults
        assert f"第 {len(data) - 1} 个字节" in fault.sentence


class TestIdentityNumbers:
    @pytest.mark.parametrize("written", [NUMBER, f" {NUMBER[:6]} {NUMBER[6:]} ", NUMBER.translate(FULL_WIDTH)])
    def test_are_the_same_however_written(self, written: str) -> None:
        rows, faults = read_people(["RM02", written, "居民01"])
        assert (faults, rows.rows[0].key) == ([], NUMBER)

    def test_of_fifteen_places_are_the_same_as_of_eighteen(self) -> None:
        rows, faults = read_people(["RM02", NUMBER[:6] + NUMBER[8:17], "居民01"])
        assert (faults, rows.rows[0].key, rows.rows[0].number.sex) == ([], NUMBER, Sex.female)

    def test_twice_in_a_list_are_told_with_both_lines_in_whatever_form(self) -> None:
        with_x = next(each for each in (id_number(number=n) for n in range(2, 99)) if each.endswith("X"))
        rows, faults = read_people(
            ["RM02", NUMBER, "居民01"],
            ["RM02", with_x, "居民02"],
            ["RM02", NUMBER[:6] + NUMBER[8:17], "居民03"],
            ["RM02", with_x.lower(), "居民04"],
        )
        assert faults == [
            (4, "身份证号", "同一个号码在第2行已经出现过"),
            (5, "身份证号", "同一个号码在第3行已经出现过"),
        ]
        assert [row.line for row in rows.rows] == [2, 3]

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            (1.10101194505010e17, "长数字被 Excel 改成了科学计数法"),
            (int(id_number(number=2)), "长数字被 Excel 改成了科学计数法"),
            ("6.40202E+17", "长数字被 Excel 改成了科学计数法"),
            (NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1"), "校验码不符"),
            ("640202194513010025", "校验码不符"),
            ("19" + NUMBER[2:], "地区码不存在"),
            ("12345", "应为 18 位"),
            (None, "不能为空"),
        ],
    )
    def test_that_cannot_be_are_refused_and_never_repeated(self, written: Any, said: str) -> None:
        _, ((line, column, sentence),) = read_people(["RM02", written, "居民01"])
        assert (line, column, said in sentence) == (2, "身份证号", True)
        assert not any(digits in sentence for digits in (NUMBER[:10], "12345", "6.40202"))

    def test_that_say_something_else_than_the_line_are_told_by_column(self) -> None:
        _, faults = read_people(["RM02", NUMBER, "居民01", "男", "1945-05-02", ""])
        assert [(line, column) for line, column, _ in faults] == [(2, "出生日期"), (2, "性别")]

    def test_of_somebody_not_born_yet_are_refused(self) -> None:
        _, faults = read_people(["RM02", id_number(date(2026, 3, 3)), "居民01"])
        assert faults == [(2, "身份证号", "出生日期晚于今天，请核对证件后重新填写")]


class TestDays:
    @pytest.mark.parametrize(
        "written",
        ["1945-05-01", "1945/5/1", "1945.5.1", "19450501", "1945年5月1日", "１９４５-０５-０１", date(1945, 5, 1)],
    )
    def test_are_read_in_the_forms_people_and_excel_write(self, written: Any) -> None:
        _, faults = read_people(["RM02", NUMBER, "居民01", "女", written, ""])
        assert faults == []

    @pytest.mark.parametrize(
        ("written", "said"),
        [
            ("2026-02-30", "没有这一天"),
            ("2025-02-29", "没有这一天"),
            ("2026-13-01", "没有这一天"),
            ("0000-01-01", "没有这一天"),
            ("1-5-1945", "年在前"),
            ("昨天", "年在前"),
            ("16558", "Excel 的日期序号"),
            ("1812-01-01", "日期要在"),
        ],
    )
    def test_that_cannot_be_are_told(self, written: str, said: str) -> None:
        ((line, column, sentence),) = cell(Kind.contracts, "签约日期", written)
        assert (line, column, said in sentence) == (2, "签约日期", True)

    def test_an_end_before_its_beginning_is_told(self) -> None:
        assert cell(Kind.contracts, "到期日期", "2026-02-01") == [(2, "到期日期", "不能早于“生效日期”（2026-03-01）")]


class TestSheets:
    def test_merged_cells_are_refused_by_their_range(self) -> None:
        rows, faults = read_people(["RM02", NUMBER, "居民01"], [None, id_number(number=2), "居民02"], merge=["A2:A3"])
        assert [(line, column, "A2:A3 是合并单元格" in said) for line, column, said in faults] == [
            (2, "机构代码", True),
            (3, "机构代码", False),
        ]
        assert rows.rows == []

    def test_merged_cells_above_the_heading_are_a_title(self) -> None:
        data = as_xlsx([["居民表"], HEADING, ["RM02", NUMBER, "居民01"]], merge=["A1:F1"])
        assert read(Kind.elders, data)[1] == []

    def test_a_formula_nobody_calculated_is_refused(self) -> None:
        _, faults = read_people(["RM02", NUMBER, '=CONCATENATE("居民",1)'])
        assert (2, "姓名", "是没有算出结果的公式：请用 Excel 打开保存一次，或改成数值") in faults

    def test_hidden_lines_are_read_and_told(self) -> None:
        data = as_xlsx([HEADING, ["RM02", NUMBER, "居民01"]], hide=[2])
        table = table_of(Kind.elders, data)
        assert [note.sentence for note in table.notes] == ["有 1 行是隐藏的（第2行），一样会读入"]
        assert len(table.lines) == 1

    def test_a_phone_that_excel_made_a_number_is_a_phone(self) -> None:
        rows, faults = read_people(["RM02", NUMBER, "居民01", "女", "", 13900001001.0])
        assert (faults, rows.rows[0].phone) == ([], "+8613900001001")


class TestCells:
    @pytest.mark.parametrize(
        ("kind", "column", "value", "said"),
        [
            (Kind.institutions, "类别", "诊所", "要填社区卫生服务中心"),
            (Kind.institutions, "机构代码", "人民路", "要填字母、数字"),
            (Kind.institutions, "经度", "390.1", "经度要填"),
            (Kind.institutions, "纬度", "106.39", "是否填反了"),
            (Kind.institutions, "巡诊登记号", "", "不能为空"),
            (Kind.institutions, "电话", "保密", "要填电话号码"),
            (Kind.institutions, "机构名称", "人" * 201, "最多 200 个字"),
            (Kind.staff, "岗位", "院长", "要填医生"),
            (Kind.staff, "岗位", "财务", "这个岗位不出诊"),
            (Kind.staff, "交通方式", "", "要填步行"),
            (Kind.staff, "技能", "wound_care", "每项技能写成"),
            (Kind.staff, "技能", "wound_care:C:2026-02-30", "每项技能写成"),
            (Kind.staff, "技能", "a:b:2026-01-01:2025-01-01", "每项技能写成"),
            (Kind.staff, "家庭医生团队", "一团队", "要填字母、数字"),
            (Kind.staff, "负责网格", "CY-03；朝阳", "每一项要填字母、数字"),
            (Kind.staff, "负责网格", "；".join(f"G{each}" for each in range(51)), "最多 50 项，现在有 51 项"),
            (Kind.staff, "语言", "回族话", "每一项要填字母、数字"),
            (Kind.staff, "语言", "；".join(f"l{each}" for each in range(11)), "最多 10 项，现在有 11 项"),
            (Kind.staff, "服务用时百分比", "49", "50到300之间"),
            (Kind.staff, "服务用时百分比", "1.2", "50到300之间"),
            (Kind.homes, "网格", "朝阳网格", "要填字母、数字"),
            (Kind.elders, "语言", "hui；dong", "要填字母、数字"),
            (Kind.elders, "语言", "", "“语言”也要填"),
            (Kind.elders, "须会该语言", "看情况", "要填“是”或“否”"),
            (Kind.elders, "上门须注意", "发热", "要填无、免疫力低下、有传染性"),
            (Kind.staff, "执业证起", "", "不能为空"),
            (Kind.staff, "账号名", "医护", "要填 3 到 64 个"),
            (Kind.homes, "楼层", "0", "1到150之间"),
            (Kind.homes, "电梯", "坏了", "要填“是”或“否”"),
            (Kind.homes, "坐标系", "北京54", "要填wgs84"),
            (Kind.homes, "纬度", "", "不能为空"),
            (Kind.elders, "姓名", "", "不能为空"),
            (Kind.elders, "姓名", "居\x00民", "含有空字符"),
            (Kind.elders, "重点人群", "失能；富裕", "每一项要填失能"),
            (Kind.elders, "电话", "110", "电话号码有误"),
            (Kind.packages, "计次项目", "BP", "每项写成"),
            (Kind.packages, "计次项目", "BP*0", "greater than"),
            (Kind.packages, "计次项目", "BP*1；BP*2", "只能出现一次"),
            (Kind.packages, "开放起", "", "不能为空"),
            (Kind.contracts, "到期日期", "", "不能为空"),
        ],
    )
    def test_a_wrong_cell_is_told_where_it_is_and_how_to_mend_it(
        self, kind: Kind, column: str, value: str, said: str
    ) -> None:
        faults = cell(kind, column, value)
        assert faults
        assert all(line == 2 for line, _, _ in faults)
        assert any(said in sentence for _, _, sentence in faults), faults

    def test_what_names_a_person_is_never_repeated(self) -> None:
        row = lists()["elders"][0] | {"姓名": "张" * 201, "电话": "1390000", "出生日期": "1945-02-31"}
        _, faults = read(Kind.elders, as_csv([row]))
        assert len(faults) == 3
        assert not any(word in said for _, _, said in faults for word in ("张张", "1390000", "1945-02-31"))

    def test_sound_lines_are_read_as_they_mean(self) -> None:
        rows, _ = read(Kind.elders, as_csv(lists()["elders"]))
        first, second = rows.rows
        assert (first.groups, first.plan_code, first.home) == (
            frozenset({KeyGroup.disabled, KeyGroup.chronic}),
            "resident",
            ("RM02", "H1"),
        )
        assert (second.phone, second.groups, second.plan_code) == (None, frozenset(), None)

    def test_a_line_with_a_fault_is_left_out_and_its_key_is_doubtful(self) -> None:
        rows = lists()["elders"]
        rows[0]["电话"] = "1"
        found, _ = read(Kind.elders, as_csv(rows))
        assert ([row.line for row in found.rows], found.doubtful) == ([3], {NUMBER})


def _never_more_than_faults(kind: Kind, data: bytes) -> None:
    try:
        table = table_of(kind, data)
    except FilesRefused:
        return
    faults: list[Fault] = []
    found = READERS[kind](table, faults)
    assert len(found.rows) <= len(table.lines)
    assert faults or found.rows


class TestAnything:
    @settings(max_examples=80, deadline=None)
    @given(kind=st.sampled_from(Kind), data=st.binary(max_size=400))
    def test_random_bytes_are_refused_or_read(self, kind: Kind, data: bytes) -> None:
        _never_more_than_faults(kind, data)

    @settings(max_examples=100, deadline=None)
    @given(data=st.data(), kind=st.sampled_from(Kind))
    def test_random_cells_are_faults_never_a_traceback(self, data: st.DataObject, kind: Kind) -> None:
        row = lists()[str(kind)][0]
        strange = st.one_of(
            st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30),
            st.text(alphabet="0123456789-/:.*；;Ee+ 年月日xX", max_size=24),
            st.sampled_from(list(row.values())),
        )
        columns = data.draw(st.lists(st.sampled_from(list(row)), unique=True))
        changed = row | {name: data.draw(strange) for name in columns}
        _never_more_than_faults(kind, as_csv([changed]))
