"""`xunzhen bill`: settles billing cases offline, as JSON or as tables that a finance clerk can read."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.billing import case, proof, rules
from service.cli.app import CommandError
from service.core import money

app = typer.Typer(add_completion=False)

Read = TypeVar("Read")
_Line = rules.Line | rules.FeeLine | rules.BedLine

_STATUS: Final = {
    rules.LineStatus.charged: "收费",
    rules.LineStatus.included: "已含",
    rules.LineStatus.excluded: "互斥不收",
    rules.LineStatus.waived: "免收",
}
_EVENTS: Final = {"settle": "结算", "reverse": "冲销", "settle_bed": "结算床日", "reverse_bed": "冲销床日"}
_BALANCES: Final = {
    rules.Balance.program_units: ("公共卫生项目", "次"),
    rules.Balance.contract_units: ("家庭医生签约", "次"),
    rules.Balance.ltci_fen: ("长期护理保险", "元"),
    rules.Balance.deductible_fen: ("医保起付线", "元"),
    rules.Balance.fund_fen: ("医保统筹支付", "元"),
    rules.Balance.per_diem_fen: ("医保床日支付", "元"),
}


@app.command()
def bill(
    files: Annotated[list[Path], typer.Argument(help="收费案例文件 CASE.json，可以多个", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="每个文件输出一行 JSON")] = False,
    as_proof: Annotated[bool, typer.Option("--proof", help="文件是账单的证明：离线复算，核对是否一致")] = False,
) -> None:
    """核算收费案例：每次上门收多少、谁支付、为什么；或用 --proof 复算账单的证明。

    Raises:
        CommandError: a file cannot be read; nothing has been printed then, whatever the other files are.
        typer.Exit: a proof differs from what is redone from it.
    """
    if as_proof:
        _check(files)
        return
    results = [case.run_case(_read(path, case.read_case)) for path in files]
    if as_json:
        # bytes: the same result on every terminal, whatever its encoding
        sys.stdout.buffer.write("".join(f"{case.dump(result)}\n" for result in results).encode())
        sys.stdout.buffer.flush()
        return
    console = Console()
    with console.capture() as tables:
        for path, result in zip(files, results, strict=True):
            if len(files) > 1:
                console.rule(Text(str(path)))
            _print(console, result)
    # a terminal that lacks a character shows another in its place, rather than half of the tables
    sys.stdout.buffer.write(tables.get().encode(sys.stdout.encoding, "replace"))
    sys.stdout.buffer.flush()


def _check(files: Sequence[Path]) -> None:
    """Redo each bill from its proof and say whether it is equal, or the first place where it is not."""
    found = [_read(path, proof.check) for path in files]
    for path, difference in zip(files, found, strict=True):
        said = "一致" if difference is None else _say_difference(difference)
        line = f"{path}：{said}" if len(files) > 1 else said
        sys.stdout.buffer.write(f"{line}\n".encode(sys.stdout.encoding, "replace"))
    sys.stdout.buffer.flush()
    if any(found):
        raise typer.Exit(1)


def _say_difference(found: proof.Difference) -> str:
    told, redone = (json.dumps(value, ensure_ascii=False, default=str) for value in (found.told, found.redone))
    return f"不一致：{found.path} 证明写的是 {told}，复算得 {redone}"


def _read(path: Path, read: Callable[[bytes], Read]) -> Read:
    try:
        return read(path.read_bytes())
    except OSError as cannot:
        raise CommandError(f"{path}：读不到文件（{cannot.strerror}）。") from None
    except case.Malformed as wrong:
        raise CommandError(f"{path}：{wrong}。") from None


def _print(console: Console, result: case.Result) -> None:
    for at, outcome in enumerate(result.outcomes, start=1):
        answer, heading = outcome.answer, f"{at}. {_say_event(outcome.event)}"
        match answer:
            case rules.Refusal():
                console.print(Text(f"{heading}：不予办理（{rules.explain_refusal(answer)}）"))
            case rules.Reversal():
                back = f"退回合计{money.format_yuan(answer.gross_fen)}元"
                console.print(Text(f"{heading}：{back}，其中个人{money.format_yuan(answer.patient_fen)}元"))
            case rules.Bill() | rules.BedSettlement():
                console.print(_table(heading, answer))
    if result.used:
        console.print(_balances(result))


def _table(heading: str, answer: rules.Bill | rules.BedSettlement) -> Table:
    table = Table(title=Text(heading), title_justify="left", show_footer=True, expand=False)
    table.add_column("项目", footer="合计")
    table.add_column("数量", justify="right")
    table.add_column("状态", no_wrap=True)
    table.add_column("金额（元）", footer=money.format_yuan(answer.gross_fen), justify="right", no_wrap=True)
    table.add_column("个人（元）", footer=money.format_yuan(answer.patient_fen), justify="right", no_wrap=True)
    table.add_column("理由", overflow="fold")
    names: dict[str, str] = {}
    if isinstance(answer, rules.Bill):
        names = {line.code: line.price.name for line in answer.lines}
        services, fee = money.format_yuan(answer.services_fen), money.format_yuan(answer.visit_fee_fen)
        table.caption = f"医药服务价格{services}元 ＋ 上门服务费{fee}元"
    for line in _lines(answer):
        table.add_row(*(Text(cell) for cell in _row(line, names)))
    return table


def _lines(answer: rules.Bill | rules.BedSettlement) -> Sequence[_Line]:
    if isinstance(answer, rules.BedSettlement):
        return answer.lines
    return [*answer.lines, answer.fee] if answer.fee else answer.lines


def _row(line: _Line, names: Mapping[str, str]) -> tuple[str, ...]:
    match line:
        case rules.Line():
            head = (f"{line.price.name} {line.code}", str(line.quantity), _STATUS[line.status])
            why = rules.explain_line(line, names)
        case rules.FeeLine():
            head, why = ("上门服务费", "", _STATUS[line.status]), rules.explain_fee(line)
        case rules.BedLine():
            head = (f"床日 {line.year}", str(line.days), _STATUS[rules.LineStatus.charged])
            why = rules.explain_bed_line(line)
    who = [rules.explain_funding(paid, line) for paid in line.funding]
    return *head, money.format_yuan(line.gross_fen), money.format_yuan(line.patient_fen), "；".join([why, *who])


def _say_event(event: case.Event) -> str:
    said = case.event_as_json(event)
    days = f"（{said['from']}起，{said['to']}止不计）" if "from" in said else ""
    kind = next(iter(said))
    return f"{_EVENTS[kind]} {said[kind]}{days}"


def _balances(result: case.Result) -> Table:
    table = Table(title="余额：已使用", title_justify="left")
    for heading in ("来源", "谁", "期间或项目", "已用"):
        table.add_column(heading, justify="right" if heading == "已用" else "left")
    for used_of, used in result.used.items():
        kind, unit = _BALANCES[used_of.balance]
        who = " ".join(part for part in (used_of.patient, used_of.ref) if part)
        which = " ".join(part for part in (used_of.code, used_of.period) if part)
        amount = f"{used}次" if unit == "次" else f"{money.format_yuan(used)}元"
        table.add_row(kind, Text(who), Text(which), amount)
    return table
