"""The command as a station's clerk uses it, in this process, through its real entry point."""

import functools
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest

from service.cli import plan
from service.cli.app import CommandError
from service.core import settings
from service.routing import referee
from service.routing.problem import Limits
from tests.cli.conftest import Xunzhen
from tests.routing import test_referee as day
from tests.routing.forks import solvers_of
from tests.routing.test_refused_days import TOO_LARGE
from tests.routing.test_validation import CONTRADICTIONS

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
ORDERS, STAFF = EXAMPLES / "orders.csv", EXAMPLES / "staff.csv"


@pytest.fixture
def run(xunzhen: Xunzhen) -> Xunzhen:
    return functools.partial(xunzhen, "plan")


def edited(path: Path, source: Path, *changes: tuple[str, str]) -> Path:
    text = source.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return path


class TestPlan:
    def test_plans_the_example_and_writes_three_files_that_agree(
        self, tmp_path: Path, run: Xunzhen, capsys: pytest.CaptureFixture[str]
    ) -> None:
        out = tmp_path / "day" / "plan"
        assert run(ORDERS, "--staff", STAFF, "--date", "2026-03-02", "--seconds", "1", "--out", out) == 0
        said = capsys.readouterr().out
        assert "护士01（电动车）" in said
        assert "合计：订单12，已排11，未排1" in said
        assert "具备该服务所需资质" in said
        assert "路程依据（汽车）：great_circle" in said
        assert sorted(path.name for path in out.iterdir()) == [
            "plan.json",
            "plan.xlsx",
            "routes.geojson",
            "timeline.svg",
        ]
        document = json.loads((out / "plan.json").read_text("utf-8"))
        assert document["totals"]["planned"] == 11
        assert [one["order_no"] for one in document["unassigned"]] == ["订单012"]
        pair = {
            stop["start"]
            for route in document["routes"]
            for stop in route["stops"]
            if stop["order_no"] == "订单004" and stop["kind"] == "visit"
        }
        assert len(pair) == 1
        visits = [stop for route in document["routes"] for stop in route["stops"]]
        drawn = json.loads((out / "routes.geojson").read_text("utf-8"))["features"]
        assert sum(feature["geometry"]["type"] == "Point" for feature in drawn) == len(visits)
        rows = list(openpyxl.load_workbook(out / "plan.xlsx")["路线"].iter_rows(min_row=2, values_only=True))
        assert len(rows) == len(visits)

    def test_shows_what_the_plan_comes_to(self, run: Xunzhen, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(ORDERS, "--staff", STAFF, "--date", "2026-03-02", "--seconds", "0.3") == 0
        said = capsys.readouterr().out
        figures = said[said.index("指标：") :].splitlines()
        whole = said[said.index("合计：") :].splitlines()[0]
        assert figures[0].removeprefix("指标：路程").split("公里")[0] == whole.split("路程")[1].split("公里")[0]
        work, given, ways = (
            float(figures[0].split(before)[1].split(after)[0])
            for before, after in (("工时", "小时"), ("（服务", "，"), ("，路程", "）"))
        )
        assert work == pytest.approx(given + ways, abs=0.11)
        assert given > 0
        assert "准时11/11；每人工作量：最少" in figures[1]
        assert figures[-1] == "未排1：当天没有（足够的）人员具备该服务所需资质"

    def test_writes_nothing_without_being_told_where(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Xunzhen, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert run(ORDERS, "--staff", STAFF, "--date", "2026-03-02", "--seconds", "0.3") == 0
        assert list(tmp_path.iterdir()) == []
        assert "合计：订单12" in capsys.readouterr().out

    @pytest.mark.requirement("R148")
    def test_says_that_the_road_server_is_unreachable(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Xunzhen, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("XUNZHEN_OSRM_URL", "http://127.0.0.1:1")
        settings.get_settings.cache_clear()
        try:
            assert run(ORDERS, "--staff", STAFF, "--date", "2026-03-02", "--seconds", "0.3", "--out", tmp_path) == 0
        finally:
            monkeypatch.delenv("XUNZHEN_OSRM_URL")
            settings.get_settings.cache_clear()
        assert "路程依据（汽车）：great_circle (osrm unreachable)" in capsys.readouterr().out
        sources = json.loads((tmp_path / "plan.json").read_text("utf-8"))["travel_sources"]
        assert sources["car"] == "great_circle (osrm unreachable)"
        assert sources["ebike"] == "great_circle (osrm has no profile for ebike)"

    def test_names_the_columns_that_it_did_not_use(
        self, tmp_path: Path, run: Xunzhen, capsys: pytest.CaptureFixture[str]
    ) -> None:
        staff = edited(tmp_path / "staff.csv", STAFF, ("交通方式", "交通方式,备注"))
        assert run(ORDERS, "--staff", staff, "--date", "2026-03-02", "--seconds", "0.3") == 0
        assert "没有用到的列：备注" in capsys.readouterr().err


class TestRefusals:
    def test_does_not_even_show_a_plan_that_the_referee_rejects(self) -> None:
        late = day.moved(day.A, 4, 294)
        with pytest.raises(
            CommandError, match="没有通过复核（1处），没有写出任何文件：路上时间不够（任务3、人员A）"
        ) as refused:
            plan._refuse_broken(day.PROBLEM, referee.check_plan(day.PROBLEM, late))
        assert refused.value.code == 1

    @pytest.mark.parametrize(
        ("field", "problem", "said"),
        [(*TOO_LARGE[0], "过大的数值"), (*CONTRADICTIONS[0], "自相矛盾")],
        ids=["too large", "contradiction"],
    )
    def test_a_day_that_cannot_be_planned_is_one_sentence_that_names_the_field(
        self, field: str, problem: day.Problem, said: str
    ) -> None:
        with pytest.raises(CommandError, match=said) as refused:
            plan._solve(problem, Limits(0.3), 1)
        assert f"：{field}: " in str(refused.value)
        assert refused.value.code == 1

    def test_names_every_wrong_cell_and_writes_nothing(
        self, tmp_path: Path, run: Xunzhen, capsys: pytest.CaptureFixture[str]
    ) -> None:
        orders = edited(tmp_path / "o.csv", ORDERS, ("106.3812,39.0205", "39.0205,106.3812"), ("13:30", "下午"))
        out = tmp_path / "out"
        assert run(orders, "--staff", STAFF, "--date", "2026-03-02", "--out", out) == 2
        said = capsys.readouterr()
        assert said.err.splitlines() == [
            "表格有3处错误，请改正后再试：",
            "o.csv 第2行“纬度”：纬度要填 -90 到 90 之间的度数，不能是“106.3812”（经度和纬度是否填反了？）",
            "o.csv 第7行“最早”：要填时刻，例如 8:30，不能是“下午”",
            "o.csv 第10行“最早”：要填时刻，例如 8:30，不能是“下午”",
        ]
        assert said.out == ""
        assert not out.exists()

    def test_shows_the_plan_but_writes_nothing_when_an_order_that_must_be_done_does_not_fit(
        self, tmp_path: Path, run: Xunzhen, capsys: pytest.CaptureFixture[str]
    ) -> None:
        orders = edited(tmp_path / "o.csv", ORDERS, ("腹膜透析,1,否", "腹膜透析,1,是"))
        out = tmp_path / "out"
        arguments = (orders, "--staff", STAFF, "--date", "2026-03-02", "--seconds", "0.3", "--out", out)
        assert run(*arguments) == 1
        said = capsys.readouterr()
        assert "具备该服务所需资质" in said.out
        assert said.err == "必须安排的订单没有排上，没有写出任何文件：订单012。请增加人员或放宽时间。\n"
        assert not out.exists()

    def test_refuses_a_date_that_is_none(self, run: Xunzhen, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(ORDERS, "--staff", STAFF, "--date", "明天") == 2
        assert capsys.readouterr().err == "“明天”不是日期，请写成 2026-03-02 这样。\n"

    def test_refuses_a_file_that_is_not_there(
        self, tmp_path: Path, run: Xunzhen, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(tmp_path / "no.csv", "--staff", STAFF, "--date", "2026-03-02") == 2
        assert "读不到文件" in capsys.readouterr().err

    def test_leaves_nothing_half_written_when_the_directory_is_a_file(
        self, tmp_path: Path, run: Xunzhen, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "out").write_text("taken")
        arguments = (ORDERS, "--staff", STAFF, "--date", "2026-03-02", "--seconds", "0.3", "--out", tmp_path / "out")
        assert run(*arguments) == 2
        assert "写不进去" in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["out"]


def _communicated(command: "subprocess.Popen[str]") -> tuple[str, str]:
    """What a command says until it ends; of one that does not, where each of its threads stands."""
    try:
        return command.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        command.send_signal(signal.SIGABRT)
        _, stands = command.communicate(timeout=30)
        pytest.fail(f"does not end:\n{stands}")


@pytest.mark.processes
def test_whoever_interrupts_it_reads_one_sentence_and_finds_no_file(tmp_path: Path) -> None:
    """Ctrl-C reaches the command and all that it has started."""
    header, *lines = ORDERS.read_text("utf-8").splitlines()
    rows = [line.split(",", 1) for line in lines for _ in range(4)]
    orders = "\n".join([header, *(f"{name}-{at},{rest}" for at, (name, rest) in enumerate(rows))])
    (tmp_path / "o.csv").write_text(orders, "utf-8")
    out = tmp_path / "out"
    command = subprocess.Popen(
        [
            sys.executable, "-X", "faulthandler", "-m", "service.cli", "plan", str(tmp_path / "o.csv"),
            "--staff", str(STAFF), "--date", "2026-03-02", "--seconds", "60", "--out", str(out),
        ],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    last = time.monotonic() + 90
    while not (found := solvers_of(command.pid)):
        assert command.poll() is None, command.communicate()
        assert time.monotonic() < last
        time.sleep(0.05)
    begun = time.monotonic()
    os.killpg(command.pid, signal.SIGINT)
    said, complained = _communicated(command)
    assert time.monotonic() - begun < 15
    assert (command.returncode, said, complained) == (130, "", "已中断，没有写出任何文件。\n")
    assert not out.exists()
    # what it was forked from hears that the command has gone, and takes it along
    while any(Path(f"/proc/{each}").exists() for each in found):
        assert time.monotonic() - begun < 30
        time.sleep(0.05)
