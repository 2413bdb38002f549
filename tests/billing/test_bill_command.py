"""`xunzhen bill`: one JSON line per file, tables for people, and nothing but one sentence for a file that is wrong."""

import json

import pytest

from service.cli import app
from tests.billing import facts


@pytest.fixture
def write(tmp_path):
    def write_file(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return write_file


@pytest.fixture
def xunzhen(monkeypatch, capfdbinary):
    """Call the command as its entry point does; return exit code, stdout and stderr."""

    def call(*arguments):
        monkeypatch.setattr("sys.argv", ["xunzhen", "bill", *arguments])
        monkeypatch.setenv("COLUMNS", "160")
        with pytest.raises(SystemExit) as left:
            app.main()
        printed = capfdbinary.readouterr()
        return left.value.code, printed.out.decode(), printed.err.decode()

    return call


class TestJson:
    def test_prints_one_line_with_sorted_keys_per_file_in_their_order(self, xunzhen, write):
        first = write("a.json", facts.case_file())
        second = write("b.json", facts.case_file({"settle": "上门一"}))
        code, out, err = xunzhen(second, first, "--json")
        assert (code, err) == (0, "")
        lines = out.splitlines()
        results = [json.loads(line) for line in lines]
        assert [result["events"][0]["status"] for result in results] == ["refused", "settled"]
        assert lines == [
            json.dumps(result, sort_keys=True, ensure_ascii=False, separators=(",", ":")) for result in results
        ]
        assert "上门一" in out


class TestTable:
    def test_says_every_line_and_its_reason_in_chinese(self, xunzhen, write):
        path = write(
            "a.json",
            facts.case_file(
                {"settle": "V1"},
                {"reverse": "V1"},
                {"settle_bed": "B1", "from": "2026-03-10", "to": "2026-03-12"},
                {"settle": "V9"},
                price_book=[facts.price("BP", "5", name="[red]血压测量")],
                contracts=[facts.contract("C1", ("BP", 8, 7))],
                beds=[facts.bed(opened_on="2026-03-05")],
                patients=[{"id": "P1", "insurance": facts.insured()}],
                visit_fee_tariff=[facts.tariff()],
            ),
        )
        code, out, _ = xunzhen(path)
        assert code == 0
        flat = "".join(character for character in out if character not in " │┃\n")
        assert "[red]血压测量由家庭医生签约C1支付，余0次" in flat
        assert "服务项目已有经费保障，免收上门服务费" in flat
        assert "医药服务价格5.00元＋上门服务费0.00元" in flat
        assert "2.冲销V1：退回合计5.00元，其中个人0.00元" in flat
        assert "3.结算床日B1（2026-03-10起，2026-03-12止不计）" in flat
        assert "家庭病床床日费由医保按床日支付152.00元" in flat
        assert "4.结算V9：不予办理（没有这次上门）" in flat
        assert "医保床日支付P12026152.00元" in flat

    def test_names_each_of_several_files(self, xunzhen, write):
        paths = [write("a.json", facts.case_file()), write("b.json", facts.case_file())]
        _, out, _ = xunzhen(*paths)
        assert "a.json" in out
        assert "b.json" in out


class TestRefusal:
    @pytest.mark.parametrize("as_json", [["--json"], []])
    def test_names_file_and_path_and_prints_nothing_else(self, xunzhen, write, as_json):
        good = write("good.json", facts.case_file())
        bad = write("bad.json", facts.case_file(visits=[{**facts.visit(), "verified": 1}]))
        code, out, err = xunzhen(good, bad, good, *as_json)
        assert (code, out) == (2, "")
        assert err.splitlines() == [f"{bad}：$.visits[0].verified 应为 true 或 false。"]

    def test_of_a_file_that_is_not_there_is_one_sentence(self, xunzhen, write, tmp_path):
        code, out, err = xunzhen(str(tmp_path / "none.json"), write("a.json", facts.case_file()), "--json")
        assert (code, out) == (2, "")
        assert len(err.splitlines()) == 1
        assert "none.json" in err

    def test_of_what_is_no_json_is_one_sentence(self, xunzhen, write):
        code, out, err = xunzhen(write("a.json", b'{"format": '), "--json")
        assert (code, out) == (2, "")
        assert "$ 不是 JSON" in err
