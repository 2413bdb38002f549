"""The lists of a directory come in whole or not at all, and a second time they change nothing."""

import csv
import io
import stat
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from service.interop import importing
from service.interop.importing import Report
from tests.interop.desk import Desk, Lists, id_number, lists, outcomes, stopping
from tests.world import NOW

NEW = {name: {"new": len(rows)} for name, rows in lists().items()}
UNCHANGED = {name: {"unchanged": len(rows)} for name, rows in lists().items()}


def changed(change: Callable[[Lists], None]) -> Lists:
    """Return the sound lists with a change."""
    given = lists()
    change(given)
    return given


def put(name: str, column: str, value: str, at: int = 0) -> Callable[[Lists], None]:
    """Return a change of one cell."""

    def change(given: Lists) -> None:
        given[name][at][column] = value

    return change


async def refused(desk: Desk, given: Lists) -> Report:
    """Load lists that cannot be loaded and see that nothing of them stays."""
    before = await desk.counts()
    desk.put(given)
    report = await desk.load()
    assert not report.kept
    assert await desk.counts() == before
    assert not (desk.directory.parent / "new.csv").exists()
    return report


class TestEverything:
    async def test_is_in_the_rooms_tables_under_the_rooms_own_rules(self, desk: Desk) -> None:
        desk.put(lists())
        report = await desk.load()
        assert (stopping(report), outcomes(report), report.kept) == ([], NEW, True)
        homes = await desk.rows(
            "select home_no, lon, placed, datum, floor from homes where region_id = :region order by 1"
        )
        assert [(*row[:1], *row[2:]) for row in homes] == [
            ("H1", "pinned", "gcj02", 6),
            ("H2", "unplaced", None, 1),
        ]
        assert homes[0][1] != 106.4  # GCJ-02 in, WGS-84 stored
        people = await desk.rows(
            "select p.name, p.sex, h.home_no, i.code, r.kind, r.because, a.username from patients p"
            " join homes h on h.region_id = p.region_id and h.id = p.home_id"
            " join care_relations r on r.region_id = p.region_id and r.person_id = p.id"
            " join institutions i on i.region_id = p.region_id and i.id = r.institution_id"
            " join accounts a on a.region_id = p.region_id and a.id = r.granted_by_account_id"
            " where p.region_id = :region order by 1"
        )
        assert people == [
            ("居民01", "female", "H1", "RM02", "institution", "批量登记", desk.operator),
            ("居民02", "female", "H2", "RM02", "institution", "批量登记", desk.operator),
        ]
        granted = await desk.rows("select code, cap, counting from entitlements where region_id = :region order by 1")
        assert granted == [("BP", 8, "quantity"), ("GLU", 4, "visit")]

    async def test_a_home_without_a_place_waits_to_be_looked_up(self, desk: Desk) -> None:
        desk.put(lists())
        await desk.load()
        (home_id,) = (await desk.rows("select id::text from homes where region_id = :region and placed = 'unplaced'"))[
            0
        ]
        jobs = await desk.rows(
            "select count(*) from pgqueuer where entrypoint = 'home.placed'"
            " and convert_from(payload, 'utf8') like :home",
            home=f"%{home_id}%",
        )
        assert jobs == [(1,)]

    @pytest.mark.requirement("R037")
    async def test_the_same_files_again_change_nothing(self, desk: Desk) -> None:
        desk.put(lists())
        await desk.load()
        before = await desk.counts()
        desk.world.clock.shows = NOW + timedelta(days=40)
        again = await desk.load()
        assert (stopping(again), outcomes(again), again.kept) == ([], UNCHANGED, True)
        assert await desk.counts() == before

    async def test_lists_may_come_one_after_the_other(self, desk: Desk) -> None:
        given = lists()
        for name, rows in given.items():
            for path in desk.directory.iterdir():
                path.unlink()
            desk.put({name: rows})
            report = await desk.load(passwords=f"{name}-new.csv")
            assert (stopping(report), outcomes(report)) == ([], {name: {"new": len(rows)}})

    async def test_a_trial_tells_the_same_and_writes_nothing(self, desk: Desk) -> None:
        before = await desk.counts()
        desk.put(lists())
        report = await desk.load(dry_run=True)
        assert (report.sound, report.kept, outcomes(report)) == (True, False, NEW)
        assert await desk.counts() == before
        assert not (desk.directory.parent / "new.csv").exists()

    async def test_a_load_is_written_down_as_its_operators(self, desk: Desk) -> None:
        desk.put(lists())
        await desk.load()
        rows = await desk.rows(
            "select operation, cardinality(person_ids) > 0 from audit_entries e join accounts a"
            " on a.region_id = e.region_id and a.id = e.account_id where e.region_id = :region and a.username = :name",
            name=desk.operator,
        )
        assert ("xunzhen import", True) in rows


class TestAccounts:
    async def test_first_passwords_are_in_a_file_that_only_the_operator_reads(self, desk: Desk) -> None:
        desk.put(lists())
        report = await desk.load()
        path = desk.directory.parent / "new.csv"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
        assert [(row["机构代码"], row["账号名"]) for row in rows] == [("RM02", "rm.d01"), ("RM02", "rm.a01")]
        assert report.new_accounts == len({row["初始密码"] for row in rows}) == 2
        due = await desk.rows(
            "select username, must_change_password from accounts"
            " where region_id = :region and username like 'rm.%' order by 1"
        )
        assert due == [("rm.a01", True), ("rm.d01", True)]

    async def test_nothing_is_loaded_when_the_passwords_cannot_be_written(self, desk: Desk) -> None:
        desk.put(lists())
        before = await desk.counts()
        (desk.directory.parent / "new.csv").write_text("mine")
        with pytest.raises(importing.PasswordsUnwritten):
            await desk.load()
        assert await desk.counts() == before
        assert (desk.directory.parent / "new.csv").read_text() == "mine"

    async def test_only_an_active_administrator_of_the_region_loads(self, desk: Desk) -> None:
        desk.put(lists())
        await desk.load()
        for name in ("rm.a01", "nobody"):
            desk.operator = name
            with pytest.raises(importing.OperatorUnknown):
                await desk.load(passwords="again.csv")

    async def test_a_name_that_is_somebody_elses_account_is_refused(self, desk: Desk) -> None:
        desk.put(lists())
        await desk.load()
        more = lists()["staff"][1] | {"工号": "A02", "岗位": "财务"}
        report = await refused_again(desk, {"staff": [more]})
        assert stopping(report) == [("staff.csv", 2, "", "这个账号名已是另一角色或另一机构的账号，请换一个账号名")]


async def refused_again(desk: Desk, given: Lists) -> Report:
    """Load lists over sound ones and see that nothing of them stays."""
    before = await desk.counts()
    desk.put(given)
    report = await desk.load(passwords="again.csv")
    assert not report.kept
    assert await desk.counts() == before
    return report


DIFFERENT = [
    ("institutions", "机构名称", "人民路二中心", "机构名称"),
    ("institutions", "电话", "0952-2000003", "电话"),
    ("institutions", "经度", "106.41", "经度"),
    ("institutions", "许可证止", "2029-01-01", "许可证号"),
    ("institutions", "巡诊止", "2029-01-01", "巡诊登记号"),
    ("stations", "站点名称", "二站", "站点名称"),
    ("staff", "姓名", "医护11", "姓名"),
    ("staff", "职称", "副高", "职称"),
    ("staff", "交通方式", "步行", "交通方式"),
    ("staff", "执业证止", "2030-01-01", "执业证号"),
    ("staff", "技能", "catheter:C-S2:2025-01-01", "技能"),
    ("staff", "家庭医生团队", "T02", "家庭医生团队"),
    ("staff", "负责网格", "CY-03；CY-05", "负责网格"),
    ("staff", "语言", "hui", "语言"),
    ("staff", "服务用时百分比", "90", "服务用时百分比"),
    ("homes", "网格", "CY-05", "网格"),
    ("homes", "地址", "示例小区9号", "地址"),
    ("homes", "经度", "106.41", "经度"),
    ("homes", "楼层", "5", "楼层"),
    ("homes", "电梯", "是", "电梯"),
    ("elders", "姓名", "居民11", "姓名"),
    ("elders", "电话", "13900001009", "电话"),
    ("elders", "住址编号", "H2", "住址编号"),
    ("elders", "重点人群", "失能；慢性病；高龄", "重点人群"),
    ("elders", "语言", "dong", "语言"),
    ("elders", "须会该语言", "否", "须会该语言"),
    ("elders", "上门须注意", "有传染性", "上门须注意"),
    ("elders", "上门须注意", "无", "上门须注意"),
]


class TestDifferent:
    @pytest.mark.parametrize(("name", "column", "value", "told"), DIFFERENT, ids=[f"{n}-{c}" for n, c, *_ in DIFFERENT])
    async def test_is_told_and_left_alone_and_changed_only_when_asked(
        self, desk: Desk, name: str, column: str, value: str, told: str
    ) -> None:
        desk.put(lists())
        await desk.load()
        given = changed(put(name, column, value))
        for row in given[name][1:]:
            row.setdefault(column, "")
        report = await refused_again(desk, {name: given[name]})
        assert stopping(report) == [
            (
                f"{name}.csv",
                2,
                "",
                f"与系统中已有的不同：{told}。要保留系统中的，请改正本表；要以本表为准，请加 --update",
            )
        ]
        asked = await desk.load(update=True, passwords="again.csv")
        assert (stopping(asked), outcomes(asked)[name]["updated"]) == ([], 1)
        again = await desk.load(passwords="again.csv")
        assert (stopping(again), set(outcomes(again)[name])) == ([], {"unchanged"})

    @pytest.mark.parametrize(
        ("name", "column", "value", "sentence"),
        [
            ("institutions", "类别", "医院", "已有机构的类别和县区不能改：请改正本表"),
            ("staff", "性别", "男", "已有人员的性别不能改：请改正本表"),
            ("elders", "参保险种", "employee", "已有其他参保记录：请先在系统中终止原记录，再导入"),
            ("packages", "服务包名称", "二号包", "服务包一经开放不再改动"),
            ("contracts", "到期日期", "2027-12-31", "此签约已登记，签约内容不能改动"),
        ],
    )
    async def test_what_no_use_case_changes_stays_even_when_asked(
        self, desk: Desk, name: str, column: str, value: str, sentence: str
    ) -> None:
        desk.put(lists())
        await desk.load()
        desk.put({name: changed(put(name, column, value))[name]})
        report = await desk.load(update=True, passwords="again.csv")
        assert not report.kept
        ((_, line, _, said),) = stopping(report)
        assert (line, sentence in said) == (2, True)

    async def test_a_blank_says_nothing(self, desk: Desk) -> None:
        desk.put(lists())
        await desk.load()
        assert await _planned(desk) == PLANNED
        given = lists()
        for column in ("电话", "住址编号", "重点人群", "参保险种", "语言", "须会该语言", "上门须注意"):
            given["elders"][0][column] = ""
        for column in ("家庭医生团队", "负责网格", "语言", "服务用时百分比"):
            given["staff"][0][column] = ""
        given["staff"][0]["职称"] = "副高"
        given["homes"][0]["网格"] = ""
        desk.put({name: given[name] for name in ("elders", "staff", "homes")})
        done = outcomes(await desk.load(update=True, passwords="again.csv"))
        assert (done["elders"], done["homes"]) == ({"unchanged": 2}, {"unchanged": 2})
        # also where something else of the line is changed
        assert done["staff"] == {"updated": 1, "unchanged": 1}
        assert await _planned(desk) == PLANNED


PLANNED = (
    [("T01", ["CY-03"], ["hui", "dong"], 120)],
    [("CY-03",), (None,)],
    [("hui", True, "immunocompromised"), (None, False, "none")],
)
"""What the sound lists say of whom staff are sent to: of the practitioner, the homes, the elders."""


async def _planned(desk: Desk) -> tuple[list[tuple[object, ...]], ...]:
    return (
        await desk.rows("select team, grids, languages, pace_percent from practitioners where region_id = :region"),
        await desk.rows("select grid from homes where region_id = :region order by home_no"),
        await desk.rows(
            "select language, language_required, precaution from patients where region_id = :region order by name"
        ),
    )


KEEP_OR_UPDATE = "要保留系统中的，请改正本表；要以本表为准，请加 --update"
UNKNOWN = "表和系统里都没有，请核对，或先在"


class TestWrongLines:
    @pytest.mark.parametrize(
        ("name", "column", "value", "told"),
        [
            ("institutions", "县区代码", "640299", ("县区代码", "系统里没有这个县区代码")),
            ("institutions", "许可证起", "2027-01-01", ("", "没有有效的《医疗机构执业许可证》")),
            ("stations", "机构代码", "XX99", ("机构代码", f"机构{UNKNOWN}")),
            ("staff", "站点代码", "S9", ("站点代码", f"站点{UNKNOWN}")),
            ("staff", "执业证起", "2026-03-02", ("", "持有效执业证书的医生")),
            ("homes", "养老机构代码", "RM02", ("养老机构代码", "不是养老机构")),
            ("elders", "住址编号", "H9", ("住址编号", f"住址{UNKNOWN}")),
            ("packages", "计次项目", "XYZ*3", ("", "XYZ")),
            ("packages", "开放起", "2026-03-02", ("服务包代码", "服务包在签约当天没有开放")),
            ("contracts", "身份证号", id_number(number=9), ("身份证号", f"居民{UNKNOWN}")),
            ("contracts", "签约医生工号", "D09", ("签约医生工号", f"人员{UNKNOWN}")),
            ("contracts", "到期日期", "2026-06-30", ("", "签约期限不得少于 12 个月")),
            ("contracts", "签约日期", "2026-03-03", ("", "不能晚于今天")),
        ],
    )
    async def test_a_line_that_refers_to_nothing_or_breaks_a_rooms_rule_is_named(
        self, desk: Desk, name: str, column: str, value: str, told: tuple[str, str]
    ) -> None:
        report = await refused(desk, changed(put(name, column, value)))
        found = [(where, said) for _, line, where, said in stopping(report) if line == 2]
        assert any(where == told[0] and told[1] in said for where, said in found), found

    async def test_one_wrong_line_among_many_leaves_nothing_of_any_list(self, desk: Desk) -> None:
        given = changed(put("contracts", "到期日期", "2026-06-30"))
        report = await refused(desk, given)
        assert outcomes(report)["elders"] == {"new": 2}
        assert len(stopping(report)) == 1

    async def test_what_refers_to_a_wrong_line_is_not_wrong_as_well(self, desk: Desk) -> None:
        report = await refused(desk, changed(put("institutions", "经度", "东经")))
        assert [(file, line, column) for file, line, column, _ in stopping(report)] == [("institutions.csv", 2, "经度")]

    async def test_all_wrong_cells_of_all_files_are_told_at_once(self, desk: Desk) -> None:
        def change(given: Lists) -> None:
            given["elders"][0]["出生日期"] = "1945-02-30"
            given["elders"][1]["电话"] = "12345"
            given["homes"][0]["楼层"] = "很高"

        report = await refused(desk, changed(change))
        assert [(file, line, column) for file, line, column, _ in stopping(report)] == [
            ("elders.csv", 2, "出生日期"),
            ("elders.csv", 3, "电话"),
            ("homes.csv", 2, "楼层"),
        ]

    async def test_two_contracts_of_one_person_at_one_time_are_found_by_line(self, desk: Desk) -> None:
        given = lists()
        given["contracts"].append(
            given["contracts"][0] | {"签约日期": "2026-03-02", "生效日期": "2026-03-02", "到期日期": "2027-03-01"}
        )
        report = await refused(desk, given)
        ((file, line, _, said),) = stopping(report)
        assert (file, line, "已有家庭医生签约" in said) == ("contracts.csv", 3, True)

    async def test_a_certificate_of_two_people_is_found_by_line(self, desk: Desk) -> None:
        given = lists()
        given["staff"].append(given["staff"][0] | {"工号": "D02", "账号名": "", "技能": ""})
        report = await refused(desk, given)
        assert [(file, line) for file, line, _, _ in stopping(report)] == [("staff.csv", 4)]


class TestPeopleKnownElsewhere:
    async def test_a_person_of_another_institution_is_admitted_by_number_and_name(self, desk: Desk) -> None:
        other = await desk.world.add_institution()
        person_id = await desk.world.add_patient(institution_id=other, born_on=date(1950, 1, 1))
        ((name,),) = await desk.rows("select name from patients where region_id = :region")
        given = lists()
        number = await self._number(desk, person_id)
        given["elders"][1] |= {"身份证号": number, "姓名": name, "住址编号": ""}
        desk.put(given)
        report = await desk.load()
        assert (stopping(report), outcomes(report)["elders"]) == ([], {"new": 2})
        assert (await desk.counts())["patients"] == 2
        cared = await desk.rows(
            "select count(*) from care_relations where region_id = :region and person_id = :person", person=person_id
        )
        assert cared == [(2,)]
        assert outcomes(await desk.load())["elders"] == {"unchanged": 2}

    async def test_with_another_name_the_line_is_refused(self, desk: Desk) -> None:
        other = await desk.world.add_institution()
        person_id = await desk.world.add_patient(institution_id=other, born_on=date(1950, 1, 1))
        given = lists()
        given["elders"][1] |= {"身份证号": await self._number(desk, person_id), "姓名": "另一人"}
        report = await refused(desk, given)
        ((file, line, _, said),) = stopping(report)
        assert (file, line, "已由其他机构登记，而姓名不同" in said) == ("elders.csv", 3, True)

    @staticmethod
    async def _number(desk: Desk, person_id: object) -> str:
        ((sealed,),) = await desk.rows("select id_number_sealed from patients where id = :person", person=person_id)
        return desk.world.house.cipher.open(sealed, context="patients.id_number")


class TestTheExample:
    async def test_loads_as_it_stands(self, desk: Desk) -> None:
        desk.directory = Path("docs/examples/first-day").absolute()
        report = await desk.load(passwords="never.csv", dry_run=True)
        assert stopping(report) == []
        assert outcomes(report) == {
            "institutions": {"new": 1},
            "stations": {"new": 2},
            "designations": {"new": 2},
            "staff": {"new": 6},
            "homes": {"new": 10},
            "elders": {"new": 12},
            "packages": {"new": 1},
            "contracts": {"new": 6},
        }


def test_the_report_holds_every_line_and_no_formula() -> None:
    report = Report()
    report.line(importing.Kind.homes, importing.Told("=cmd.csv", 2, "", "new"))
    report.line(importing.Kind.homes, importing.Told("homes.csv", 3, "楼层", "wrong", "要填整数"))
    rows = list(csv.reader(io.StringIO(report.as_csv().decode("utf-8-sig"))))
    assert rows == [
        ["文件", "行", "列", "结果", "说明"],
        ["'=cmd.csv", "2", "", "新增", ""],
        ["homes.csv", "3", "楼层", "有误", "要填整数"],
    ]
