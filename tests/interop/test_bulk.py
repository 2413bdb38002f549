"""A whole county's elders at once: 2,000 in every run, 100,000 in the long one."""

import resource
import time
from datetime import date, timedelta

import pytest

from tests.interop.desk import Desk, id_number, lists, outcomes, stopping


def many(count: int) -> dict[str, str]:
    """Return `count` elders, each in a home of his own, as CSV."""
    homes = ["机构代码,住址编号,地址,经度,纬度,楼层,电梯"]
    elders = ["机构代码,身份证号,姓名,性别,电话,住址编号,重点人群,重点人群起,参保险种,参保起"]
    for number in range(count):
        born_on, female = date(1930, 1, 1) + timedelta(days=number // 400), number % 2 == 0
        identity = id_number(born_on, 1 + number % 400, female=female)
        homes.append(f"RM02,H{number},示例小区{number}号,{106 + number % 1000 / 2000},39.02,{number % 6 + 1},否")
        sex, groups = "女" if female else "男", "慢性病,2026-01-01,resident,2026-01-01"
        elders.append(f"RM02,{identity},居民{number},{sex},139{number:08},H{number},{groups}")
    return {"homes": "\n".join(homes), "elders": "\n".join(elders)}


async def prove(desk: Desk, count: int) -> None:
    """Load `count` elders and their homes, and again; then with a last line that is broken: nothing of it may stay."""
    given = lists()
    desk.put({name: given[name] for name in ("institutions", "stations")})
    files = many(count)
    for name, content in files.items():
        desk.put_file(f"{name}.csv", content.encode("gb18030"))
    began = time.monotonic()
    first = await desk.load()
    seconds = time.monotonic() - began
    assert stopping(first) == []
    assert outcomes(first)["elders"] == outcomes(first)["homes"] == {"new": count}
    stands = await desk.counts()
    assert {name: stands[name] for name in ("homes", "patients", "care_relations", "key_group_rows", "coverages")} == (
        dict.fromkeys(("homes", "patients", "care_relations", "key_group_rows", "coverages"), count)
    )
    began = time.monotonic()
    again = await desk.load()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count} elders and homes: {seconds:.1f} s; again {time.monotonic() - began:.1f} s; peak {peak} MB")  # noqa: T201 - the figure that is published
    assert outcomes(again)["elders"] == outcomes(again)["homes"] == {"unchanged": count}
    assert await desk.counts() == stands
    await _prove_whole_or_not_at_all(desk, files, count)


async def _prove_whole_or_not_at_all(desk: Desk, files: dict[str, str], count: int) -> None:
    """Load the same and two more elders, the last of whom lives nowhere: his line is told, nothing of either stays."""
    stands = await desk.counts()
    groups = "失能,2026-01-01,resident,2026-01-01"
    sound = f"RM02,{id_number(date(1929, 5, 1))},新来居民,女,13800000001,H0,{groups}"
    broken = f"RM02,{id_number(date(1929, 5, 2))},末行居民,女,13800000002,H-0,{groups}"
    desk.put_file("elders.csv", "\n".join((files["elders"], sound, broken)).encode("gb18030"))
    report = await desk.load()
    assert not report.kept
    assert [(file, line, column) for file, line, column, _ in stopping(report)] == [
        ("elders.csv", count + 3, "住址编号")
    ]
    assert await desk.counts() == stands
    born = "select count(*) from patients where region_id = :region and name in ('新来居民', '末行居民')"
    assert await desk.rows(born) == [(0,)]


@pytest.mark.requirement("R037")
class TestManyElders:
    async def test_two_thousand_are_loaded_once(self, desk: Desk) -> None:
        await prove(desk, 2000)

    @pytest.mark.long
    async def test_a_hundred_thousand_are_loaded_once(self, desk: Desk) -> None:
        await prove(desk, 100_000)
