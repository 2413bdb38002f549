"""Whole cases with results derived by hand (each NAME.md says how), through the command as a user calls it."""

import json
import re
from pathlib import Path

import pytest

from service.billing import case
from service.cli import app

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(path for path in FOLDER.glob("*.json") if not path.name.endswith(".expected.json"))
MALFORMED = {
    "half-a-fen-of-deductible": '$.patients[0].insurance.deductible_used["2026"]',
    "missing-verified": "$.visits[0].verified",
    "negative-quantity": "$.visits[0].items[0].quantity",
    "no-such-date": "$.contracts[0].to",
    "overlapping-price-rows": "$.price_book[1]",
    "overlapping-tariff-rows": "$.visit_fee_tariff[1]",
    "per-diem-bed-without-a-rate": "$.beds[0].daily_rate",
    "price-is-a-number": "$.price_book[0].unit_price",
    "price-with-five-decimals": "$.price_book[0].unit_price",
    "quantity-is-true": "$.visits[0].items[0].quantity",
}
"""What is wrong with each file, by the place that the command must name."""


def refuse_float(literal: str) -> None:
    raise AssertionError(f"a float: {literal}")


@pytest.fixture
def xunzhen(monkeypatch, capfdbinary):
    def call(path: Path) -> tuple[int, bytes, bytes]:
        monkeypatch.setattr("sys.argv", ["xunzhen", "bill", "--json", str(path)])
        with pytest.raises(SystemExit) as left:
            app.main()
        printed = capfdbinary.readouterr()
        return int(left.value.code or 0), printed.out, printed.err

    return call


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_case_answers_what_the_rule_says_byte_for_byte(path, xunzhen):
    expected = json.loads(path.with_suffix(".expected.json").read_text(encoding="utf-8"), parse_float=refuse_float)
    # one line, keys sorted, nothing between them
    line = json.dumps(expected, sort_keys=True, ensure_ascii=False, separators=(",", ":")) + "\n"
    assert xunzhen(path) == (0, line.encode(), b"")


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_file_is_one_sentence_that_names_the_place_and_nothing_else(name, xunzhen):
    path = FOLDER / "malformed" / f"{name}.json"
    code, out, err = xunzhen(path)
    assert (code, out) == (2, b"")
    assert re.fullmatch(re.escape(f"{path}：{MALFORMED[name]}") + r" ?\S.*。\n", err.decode())
    with pytest.raises(case.Malformed) as wrong:
        case.read_case(path.read_bytes())
    assert wrong.value.path == MALFORMED[name]


def test_every_file_of_the_folder_is_looked_at():
    assert {path.stem for path in (FOLDER / "malformed").iterdir()} == set(MALFORMED)
    assert {path.name for path in FOLDER.glob("*.expected.json")} == {f"{path.stem}.expected.json" for path in CASES}
