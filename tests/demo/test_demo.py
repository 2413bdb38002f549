"""`xunzhen demo --fast`, twice at the same time: what the report must show, and that no run sees the other."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.cli import demo
from service.cli.app import CommandError
from service.core import embedded
from service.demo.district import build

pytestmark = [pytest.mark.database, pytest.mark.processes]

SECONDS = 400
Report = dict[str, Any]


def start(data_dir: Path, *options: str) -> subprocess.Popen[str]:
    """Start the command as anyone would."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("XUNZHEN_")}
    return subprocess.Popen(
        [sys.executable, "-m", "service.cli", "demo", *options],
        env=outside | {"XUNZHEN_DATA_DIR": str(data_dir), "COLUMNS": "160"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@dataclass
class Runs:
    """Two runs side by side in one data directory: the first exits by itself, the second stays until Ctrl-C."""

    reports: list[Report]
    said: list[str]
    codes: list[int]
    docs: httpx.Response
    token: httpx.Response


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Both runs, after they are over."""
    data_dir = tmp_path_factory.mktemp("demo")
    exiting, staying = start(data_dir, "--exit", "--fast"), start(data_dir, "--fast")
    watchdog = threading.Timer(SECONDS, lambda: (exiting.kill(), staying.kill()))
    watchdog.start()
    try:
        lines = until_invited(staying)
        docs, token = visit("".join(lines))
        staying.send_signal(signal.SIGINT)
        said = [exiting.communicate()[0], "".join(lines) + staying.communicate()[0]]
    finally:
        watchdog.cancel()
        exiting.kill()
        staying.kill()
    reports = [json.loads(path.read_text()) for path in sorted(data_dir.glob("demo/*/report.json"))]
    return Runs(reports, said, [exiting.wait(), staying.wait()], docs, token)


def until_invited(process: subprocess.Popen[str]) -> list[str]:
    """Return what a run printed up to the words that say how to end it."""
    lines: list[str] = []
    for line in process.stdout or ():
        lines.append(line)
        if "Ctrl-C" in line:
            return lines
    raise AssertionError("".join(lines))


def visit(said: str) -> tuple[httpx.Response, httpx.Response]:
    """Do what a run invites to: read the documentation and log in."""
    docs = re.search(r"http://\S+/docs", said)
    log_in = re.search(r"POST (http://\S+) (\{.*\})", said)
    assert docs, said
    assert log_in, said
    return httpx.get(docs[0]), httpx.post(log_in[1], json=json.loads(log_in[2]))


@pytest.fixture(scope="session")
def report(runs: Runs) -> Report:
    """The report of the first run."""
    assert len(runs.reports) == 2, runs.said
    return runs.reports[0]


class TestOrders:
    def test_every_order_is_planned_unassigned_or_cancelled_before(self, report: Report) -> None:
        orders = report["orders"]
        assert orders["placed"] == len(build(scale=0.1).wishes) == 26
        assert orders["placed"] == orders["planned"] + orders["unassigned"] + orders["cancelled_before_planning"]
        assert orders["planned"] >= 23

    def test_elders_children_and_the_dispatcher_have_booked(self, report: Report) -> None:
        assert set(report["orders"]["by"]) == {"self", "child", "phone"}
        assert set(report["orders"]["kinds"]) == {"home_visit", "home_bed_round", "institution_round"}

    def test_the_unassigned_order_has_its_checked_reason(self, report: Report) -> None:
        left_out = {tuple(each["items"]): each for each in report["orders"]["unassigned_orders"]}
        assert left_out["PICC",]["reason"] == "no_qualified_staff"
        assert "资质" in left_out["PICC",]["explanation"]

    def test_one_was_cancelled(self, report: Report) -> None:
        assert report["orders"]["cancelled_before_planning"] == report["orders"]["states"]["cancelled"] == 1
        assert report["cancellation"]["elder"] == 6


class TestPlan:
    def test_tells_kilometres_hours_and_that_the_referee_passed_it(self, report: Report) -> None:
        plan = report["plan"]
        assert plan["referee"] == "passed"
        assert plan["travel_km"] > 5
        assert plan["service_hours"] > plan["travel_hours"] > 0
        assert 0 < plan["staff_used"] <= plan["staff"] == 8
        assert abs(sum(route["km"] for route in plan["routes"]) - plan["travel_km"]) < 0.1 * len(plan["routes"])


class TestDay:
    def test_every_planned_order_is_settled_or_nobody_was_at_home(self, report: Report) -> None:
        states = report["orders"]["states"]
        assert states["closed"] + states["noshow"] == report["orders"]["planned"]
        assert report["day"]["verified"] == report["bills"]["count"] == states["closed"]

    def test_most_begin_in_time(self, report: Report) -> None:
        assert report["day"]["started"] == report["day"]["verified"]
        assert 0.8 <= report["day"]["on_time_share"] <= 1

    def test_nobody_was_at_home_once(self, report: Report) -> None:
        assert report["day"]["no_shows"] == [5]

    def test_one_arrival_out_of_the_fence_was_approved_with_a_reason(self, report: Report) -> None:
        (exception,) = report["day"]["exceptions"]
        assert (exception["elder"], exception["kind"]) == (7, "out_of_fence")
        assert exception["facts"]["distance_metres"] > exception["facts"]["geofence_metres"]
        assert (exception["reason_code"], exception["verified"]) == ("position_drift", True)

    def test_two_went_together_and_the_first_one_had_to_wait(self, report: Report) -> None:
        assert report["day"]["waited_for_colleague"] >= 1


class TestBills:
    def test_lines_payers_and_bills_are_equal_to_the_fen(self, report: Report) -> None:
        bills = report["bills"]
        assert bills["gross_fen"] == bills["lines_fen"] == bills["payers_fen"] > 0
        assert bills["gross_fen"] == bills["services_fen"] + bills["visit_fee_fen"]
        assert bills["gross_fen"] == sum(each["amount_fen"] for each in bills["by_payer"])

    def test_programme_contract_insurance_and_family_all_pay(self, report: Report) -> None:
        paid = {each["source"]: each["amount_fen"] for each in report["bills"]["by_payer"]}
        assert {"public_program", "contract", "medical_insurance", "self_pay"} <= set(paid)
        assert all(fen > 0 for fen in paid.values())
        assert paid["self_pay"] == report["bills"]["family_fen"]

    def test_each_double_charge_prevented_has_its_own_line(self, report: Report) -> None:
        prevented = report["double_charges_prevented"]
        paid = {each["source"]: each["amount_fen"] for each in report["bills"]["by_payer"]}
        for source in ("public_program", "contract"):
            assert sum(each["fen"] for each in prevented if each["payer"] == source) == paid[source]
        assert {each["code"] for each in prevented if each["payer"] == "included"} == {"BP"}
        assert all(each["fen"] > 0 and 1 <= each["elder"] <= 34 and each["why"] for each in prevented)

    def test_those_of_one_home_share_one_fee(self, report: Report) -> None:
        story = [each for each in report["shared_homes"] if each["story"]]
        assert [sorted(each["elders"]) for each in story] == [[1, 2]]
        assert story[0]["fee_fen"] == sum(story[0]["shares_fen"]) == 3000
        assert story[0]["shares_fen"] == [1500, 1500]

    def test_a_contract_is_exhausted_and_the_rest_is_not_its(self, report: Report) -> None:
        exhausted = report["exhausted_contract"]
        assert (exhausted["granted"], exhausted["used"], exhausted["remaining"]) == (2, 2, 0)
        assert exhausted["performed"] == 3
        paid = [
            each
            for each in report["double_charges_prevented"]
            if each["elder"] == exhausted["elder"] and each["payer"] == "contract" and each["code"] == "BP"
        ]
        assert [each["fen"] for each in paid] == [1000]

    def test_a_bill_was_reversed_and_settled_again(self, report: Report) -> None:
        reversal = report["reversal"]
        assert (reversal["elder"], reversal["seq"]) == (8, 2)
        assert reversal["reversed_fen"] == reversal["settled_again_fen"] > 0


class TestRefusals:
    def test_an_infusion_at_home_and_a_second_family_doctor_are_refused(self, report: Report) -> None:
        infusion, second = report["conflicts"]
        assert (infusion["status"], infusion["code"]) == (409, "item-not-at-home")
        assert "医疗机构内" in infusion["detail"]
        assert (second["status"], second["code"]) == (409, "family-doctor-taken")

    def test_a_repeated_request_is_told_the_same_and_another_body_is_refused(self, report: Report) -> None:
        assert report["replay"]["same_answer"] is True
        assert report["replay"]["other_body"] == "key-reused"

    def test_the_server_never_failed(self, report: Report) -> None:
        assert [status for status in report["requests"] if status >= "500"] == []
        assert set(report["refusals"]) <= {
            "item-not-at-home", "family-doctor-taken", "key-reused", "crew-not-there", "clock-ahead",
        }  # fmt: skip


class TestTwoRuns:
    def test_end_well(self, runs: Runs) -> None:
        assert runs.codes == [0, 0], runs.said

    def test_do_not_mix(self, report: Report, runs: Runs) -> None:
        other = runs.reports[1]
        for same in ("sizes", "conflicts"):
            assert report[same] == other[same]
        assert report["orders"]["placed"] == other["orders"]["placed"]
        assert report["orders"]["by"] == other["orders"]["by"]
        assert report["cancellation"]["elder"] == other["cancellation"]["elder"] == 6
        assert report["sizes"]["elders"] == 34

    def test_say_what_they_did(self, runs: Runs) -> None:
        for said in runs.said:
            assert "避免的重复收费" in said
            assert "未排订单及原因" in said
            assert "Traceback" not in said

    def test_one_stayed_with_its_documentation_and_a_log_in_until_it_was_told_to_stop(self, runs: Runs) -> None:
        assert runs.docs.status_code == 200
        assert "swagger" in runs.docs.text.lower()
        assert runs.token.status_code == 200
        assert runs.token.json()["role"] == "dispatcher"


class TestStop:
    def test_ends_what_it_started_with_one_sentence_when_told_to_stop_in_the_middle(self, tmp_path: Path) -> None:
        run = start(tmp_path, "--fast", "--keep", str(tmp_path / "run"))
        log = tmp_path / "run" / "demo.log"
        deadline = time.monotonic() + SECONDS
        while not log.exists() and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        run.terminate()
        said = run.communicate(timeout=SECONDS)[0]
        assert run.returncode == 1
        assert said.splitlines()[-1] == "演示中断：已按要求停止。"
        assert "Traceback" not in said
        embedded.wait_until_stopped(tmp_path / "run" / "pg", seconds=10)


class TestDirectory:
    def test_clears_up_what_a_run_that_is_over_left(self, tmp_path: Path) -> None:
        with demo.directory(tmp_path, None) as (first, alone):
            (first / "report.json").write_text("{}")
            assert alone
        with demo.directory(tmp_path, None) as (second, alone):
            assert alone
            assert [each.name for each in tmp_path.iterdir()] == [second.name]

    def test_leaves_a_run_under_way_alone(self, tmp_path: Path) -> None:
        with demo.directory(tmp_path, None) as (first, _), demo.directory(tmp_path, None) as (second, alone):
            assert not alone
            assert first.exists()
            assert first != second

    def test_keeps_what_it_was_told_to_keep(self, tmp_path: Path) -> None:
        with demo.directory(tmp_path / "root", tmp_path / "mine") as (kept, _):
            (kept / "report.json").write_text("{}")
        with demo.directory(tmp_path / "root", None):
            assert (tmp_path / "mine" / "report.json").exists()

    def test_refuses_a_directory_with_something_in_it(self, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "letter.txt").write_text("dear")
        with (
            pytest.raises(CommandError, match="不是空目录") as refused,
            demo.directory(tmp_path / "root", tmp_path / "mine"),
        ):
            pass
        assert refused.value.code == 2
        assert [each.name for each in (tmp_path / "mine").iterdir()] == ["letter.txt"]
