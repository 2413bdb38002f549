"""Puts the commands together. A command's module is imported only when it is called, so that `--help` is quick."""

import importlib
import keyword
import sys
from typing import Final

import typer
from rich.console import Console

from service.core import heap
from service.core.audit import doing

COMMANDS: Final = {
    "init": "建库：区域、机构与第一个管理员  (region, institution and first administrator on an empty database)",
    "import": "导入机构、人员、居民、签约的表格  (load an institution's lists, all of them or nothing)",
    "serve": "启动 HTTP 服务  (serve the API)",
    "worker": "启动后台作业  (run the jobs of the queue)",
    "jobs": "作业：列出已搁置的，重新排队  (list the jobs that were given up, hand them out again)",
    "keys": "密钥：列出、轮换、停用  (list, rotate and drop the keys)",
    "accounts": "账号：平台管理员、丢失的动态码  (platform administrators, lost second factors)",
    "migrate": "升级数据库结构  (bring the schema up to date, as its owner)",
    "backup": "备份数据库与文件到一个文件  (back the installation up to one file)",
    "restore": "从备份恢复到空库  (make an installation again from a backup)",
    "doctor": "检查这套安装，并说怎么修  (say what is wrong with an installation and how to mend it)",
    "demo": "演示一个区的一天  (play a district's day through the real API)",
    "plan": "用站点的表格排一天的路线  (plan a day from a station's own files)",
    "bill": "核算一个收费案例  (settle a billing case file)",
    "audit": "核对审计记录  (check that the audit trail is whole)",
    "bench": "公开算例基准  (solve public benchmark instances)",
    "openapi": "写出 OpenAPI 契约  (write the published contract)",
}
"""Command → what it does. `service.cli.<command>` holds a Typer `app` with that one command (or group)."""


INTERRUPTED: Final = 130
"""Exit code of a command that was interrupted, as shells have it."""


class CommandError(Exception):
    """What the user did that cannot be done: one sentence, shown on stderr; exit code 2."""

    def __init__(self, sentence: str, code: int = 2) -> None:
        super().__init__(sentence)
        self.code = code


def _usage() -> None:
    console = Console()
    console.print("xunzhen 巡诊 — 用法 usage: xunzhen COMMAND --help\n")
    for name, what in COMMANDS.items():
        console.print(f"  [bold]{name:8}[/bold] {what}", highlight=False)


def main() -> None:
    """Run the command named first on the command line."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        _usage()
        return
    name = arguments[0]
    if name not in COMMANDS:
        sys.stderr.write(f"没有“{name}”这个命令。xunzhen --help 列出全部命令。\n")
        sys.exit(2)
    # `import` is no name for a module
    module = f"{name}_" if keyword.iskeyword(name) else name
    try:
        with heap.loading():
            app: typer.Typer = importlib.import_module(f"service.cli.{module}").app
        with doing.work(f"xunzhen {name}"):
            app(args=arguments[1:], prog_name=f"xunzhen {name}")
    except CommandError as refused:
        sys.stderr.write(f"{refused}\n")
        sys.exit(refused.code)
    except KeyboardInterrupt:  # while it was loading
        sys.stderr.write("已中断。\n")
        sys.exit(INTERRUPTED)
