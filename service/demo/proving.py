"""The proofs of the bills, redone offline by the command that anyone has: `xunzhen bill --proof`."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Final

from service.demo.client import Json, for_each
from service.demo.processes import DemoFailed
from service.demo.town import Town

_EQUAL: Final = "：一致"


async def prove_bills(town: Town, bills: list[Json], folder: Path) -> int:
    """Keep the proof of each bill in a folder and redo it from the file alone; return how many come out equal.

    Raises:
        DemoFailed: one does not; says which, and where.
        Refused: a proof is not finance's to see.
    """
    step = town.tell.begin("证明：逐张取出，离线复算", len(bills))

    async def keep(bill: Json) -> Path:
        return _write(folder / f"{bill['id']}.json", await town.finance.get(f"/settlements/{bill['id']}/proof"))

    files = await for_each(bills, keep, step)
    said = [] if not files else await _check(files)
    unequal = [line for line in said if not line.endswith(_EQUAL)]
    if unequal:
        raise DemoFailed(f"账单的证明复算不一致：{unequal[0]}")
    return len(said)


def _write(path: Path, told: Json) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    return path


async def _check(files: list[Path]) -> list[str]:
    """Return what the command says of each file."""
    # of one file alone it does not say the name
    argv = [sys.executable, "-m", "service.cli", "bill", "--proof", *map(str, files), str(files[0])]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    pipe = asyncio.subprocess.PIPE
    command = await asyncio.create_subprocess_exec(*argv, env=environment, stdout=pipe, stderr=pipe)
    out, err = await command.communicate()
    if command.returncode not in {0, 1}:
        raise DemoFailed(f"账单的证明无法复算：{err.decode(errors='replace').strip()}")
    return out.decode().splitlines()[: len(files)]
