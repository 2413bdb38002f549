"""`xunzhen openapi`: writes the published contract, or says that the committed one is stale."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from service.cli.app import CommandError
from service.main import build_app

app = typer.Typer(add_completion=False, help="写出 OpenAPI 契约")

CONTRACT: Final = Path(__file__).resolve().parents[2] / "openapi" / "openapi.json"


def render() -> str:
    """Return the contract as it is written: sorted keys, so that a diff shows what changed and nothing else."""
    return json.dumps(build_app().openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


@app.command()
def openapi(check: Annotated[bool, typer.Option("--check", help="只检查是否最新，不写")] = False) -> None:
    """Write openapi/openapi.json; with --check compare only."""
    fresh = render()
    if check:
        if not CONTRACT.exists() or CONTRACT.read_text() != fresh:
            raise CommandError("openapi/openapi.json 不是最新的：请运行 make openapi 并提交。", code=1)
        return
    CONTRACT.parent.mkdir(exist_ok=True)
    CONTRACT.write_text(fresh)
    Console().print(f"{CONTRACT.name} 已写出。")
