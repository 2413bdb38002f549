"""Shows the demo on the terminal: its progress, the report's tables, where to go from there."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

Json = dict[str, Any]

_SHOWN_PREVENTED: Final = 12
_PAYERS: Final = {
    "public_program": "公共卫生项目",
    "bed_per_diem": "家庭病床床日费",
    "capitation": "签约人头费",
    "contract": "家庭医生签约",
    "included": "已含在其他项目内",
    "excluded": "不能与其他项目同收",
}
_FACT_LABELS: Final = {"distance_metres": "相距 {} 米", "geofence_metres": "围栏 {} 米"}
_BOOKED_BY: Final = {"self": "老人本人", "child": "子女代办", "phone": "电话（调度）"}


class _Terminal:
    """Shows each part of the demo as a bar."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars

    def begin(self, what: str, total: int | None = None) -> Callable[[], None]:
        """Show a new bar; return what moves it on by one."""
        bar = self._bars.add_task(what, total=total)
        return lambda: self._bars.advance(bar)


@contextmanager
def progress(console: Console) -> Iterator[_Terminal]:
    """Show the parts of the demo as they go."""
    columns = (
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(bar_width=24), MofNCompleteColumn(),
        TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as bars:
        yield _Terminal(bars)


def yuan(fen: int) -> str:
    """Return whole fen as yuan."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02}"


def show(console: Console, report: Json) -> None:
    """Print the report."""
    for table in (
        _orders(report), _left_out(report), _day(report), _bills(report), _prevented(report), _events(report),
    ):  # fmt: skip
        console.print(table)
    console.print(Text(f"数目已核对：{'；'.join(report['checks'])}。"))
    spent = "，".join(f"{part} {seconds:.0f}" for part, seconds in report["seconds"].items())
    console.print(Text(f"用时（秒）：{spent}；HTTP 请求 {sum(report['requests'].values())} 个。"))


def _table(title: str, *headings: str, rows: Sequence[Sequence[object]]) -> Table:
    table = Table(title=title, title_justify="left")
    for at, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", justify="left" if at == 0 else "right")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    return table


def _orders(report: Json) -> Table:
    orders, plan, day = report["orders"], report["plan"], report["day"]
    by = "，".join(f"{_BOOKED_BY[who]} {count}" for who, count in orders["by"].items())
    return _table(
        f"{report['service_on']} 大武口区：从预约到上门", "项目", "数",
        rows=[
            ("预约订单", f"{orders['placed']}（{by}）"),
            ("排班前取消", orders["cancelled_before_planning"]),
            ("排上", orders["planned"]),
            ("未排", orders["unassigned"]),
            ("出动人员", f"{plan['staff_used']} / {plan['staff']}"),
            ("路程", f"{plan['travel_km']} 公里，{plan['travel_hours']} 小时（{plan['travel_source']}）"),
            ("服务时间", f"{plan['service_hours']} 小时"),
            ("独立复核", plan["referee"]),
            ("准时（约定时间后 15 分钟内开始）", f"{day['on_time']} / {day['started']}（{day['on_time_share']:.1%}）"),
            ("等到同事才开始", f"{day['waited_for_colleague']} 次（409）"),
        ],
    )  # fmt: skip


def _left_out(report: Json) -> Table:
    return _table(
        "未排订单及原因", "订单号", "老人", "项目", "原因",
        rows=[
            (each["order_no"], each["elder"], "、".join(each["items"]), each["explanation"])
            for each in report["orders"]["unassigned_orders"]
        ],
    )  # fmt: skip


def _day(report: Json) -> Table:
    rows = sorted(report["plan"]["routes"], key=lambda each: -each["stops"])[:10]
    return _table(
        "最忙的十位医护", "姓名", "上门", "公里", "小时",
        rows=[(each["name"], each["stops"], each["km"], each["hours"]) for each in rows],
    )  # fmt: skip


def _bills(report: Json) -> Table:
    bills = report["bills"]
    return _table(
        "账单", "项目", "元",
        rows=[
            (f"合计（{bills['count']} 张）", yuan(bills["gross_fen"])),
            ("其中医药服务价格", yuan(bills["services_fen"])),
            ("其中上门服务费", yuan(bills["visit_fee_fen"])),
            *((f"由{each['label']}支付", yuan(each["amount_fen"])) for each in bills["by_payer"]),
            ("家庭实付", yuan(bills["family_fen"])),
            ("证明复算一致", f"{report['proofs']['equal']}/{report['proofs']['of']}"),
        ],
    )  # fmt: skip


def _prevented(report: Json) -> Table:
    """Return a line per double charge prevented, or per kind of them where they are many."""
    each = report["double_charges_prevented"]
    if len(each) <= _SHOWN_PREVENTED:
        rows: list[tuple[object, ...]] = [
            (one["name"], one["elder"], _PAYERS[one["payer"]], 1, yuan(one["fen"])) for one in each
        ]
    else:
        count: Counter[tuple[str, str]] = Counter()
        fen: Counter[tuple[str, str]] = Counter()
        for one in each:
            count[one["name"], one["payer"]] += 1
            fen[one["name"], one["payer"]] += one["fen"]
        rows = [
            (name, "…", _PAYERS[payer], times, yuan(fen[name, payer])) for (name, payer), times in count.most_common()
        ]
    rows.append(("合计（逐条见 report.json）", "", "", len(each), yuan(sum(one["fen"] for one in each))))
    rows.append(("免收上门服务费（建床期间、已有经费保障）", "", "", len(report["fees_waived"]), ""))
    return _table("避免的重复收费", "项目", "老人", "已由谁支付", "次", "元", rows=rows)


def _events(report: Json) -> Table:
    shared = sorted(report["shared_homes"], key=lambda each: not each["story"])
    exhausted, back, cancelled = report["exhausted_contract"], report["reversal"], report["cancellation"]
    rows: list[tuple[object, ...]] = [
        ("取消", f"老人 {cancelled['elder']}：{cancelled['reason']}（{cancelled['order_no']}）"),
        *(("未遇", f"老人 {elder}：到门无人，不收费") for elder in report["day"]["no_shows"]),
        *(
            ("异常", f"老人 {each['elder']}：{each['text']}（{_facts(each['facts'])}），批准（{each['reason_code']}）")
            for each in report["day"]["exceptions"]
        ),
        *(
            ("同户分摊", f"老人 {each['elders']}：上门服务费 {yuan(each['fee_fen'])}"
             f" = {' + '.join(yuan(fen) for fen in each['shares_fen'])}")
            for each in shared[:3]
        ),
        ("签约用完", f"老人 {exhausted['elder']}：{exhausted['code']} 做 {exhausted['performed']} 次，"
         f"签约共 {exhausted['granted']} 次，余 {exhausted['remaining']} 次"),
        ("冲销", f"老人 {back['elder']}：{yuan(back['reversed_fen'])} 冲销，"
         f"重新结算 {yuan(back['settled_again_fen'])}"),
        *((f"拒绝 {each['status']}", f"{each['what']}：{each['detail']}") for each in report["conflicts"]),
        ("重复提交", f"订单 {report['replay']['order_no']}：同键同体得到同一份回答，"
         f"换内容被拒（{report['replay']['other_body']}）"),
    ]  # fmt: skip
    table = _table("这一天的事", "事", "说明", rows=rows)
    table.columns[1].justify = "left"
    return table


def invite(console: Console, base_url: str, region_code: str, username: str, password: str) -> None:
    """Say where the server is and how to log in."""
    lines = (
        f"服务还在运行：{base_url}/docs",
        f"登录：POST {base_url}/v1/tokens "
        f'{{"grant_type":"password","region_code":"{region_code}","username":"{username}","password":"{password}"}}',
        "按 Ctrl-C 结束。",
    )
    for line in lines:
        console.print(Text(line), soft_wrap=True)


def _facts(facts: Json) -> str:
    return "，".join(_FACT_LABELS.get(name, f"{name} {{}}").format(value) for name, value in facts.items())
