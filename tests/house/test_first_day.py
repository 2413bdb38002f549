"""docs/first-day.md is what happens: its commands are run one after the other in a clean directory."""

import os
import re
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MARK = "\x1e"
SECONDS = 240

pytestmark = [pytest.mark.database, pytest.mark.processes]


@dataclass(frozen=True)
class Step:
    """A command of the page, and what the page says it prints; `…` stands for what differs each time."""

    command: str
    printed: tuple[str, ...]

    def agrees(self, found: list[str]) -> bool:
        """Return whether it printed that."""
        patterns = [re.escape(line).replace("…", ".+") for line in self.printed]
        return len(patterns) == len(found) and all(map(re.fullmatch, patterns, found))


def steps(page: str) -> list[Step]:
    """Return the commands of a page's console blocks."""
    found: list[Step] = []
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], ()))
            else:
                found[-1] = Step(found[-1].command, (*found[-1].printed, line))
    return found


def run(commands: list[str], directory: Path) -> list[list[str]]:
    """Run commands in one shell, as somebody types them; return what each printed, line by line."""
    script = "".join(f"printf '{MARK}\\n'\n{command}\n" for command in commands)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("XUNZHEN_")}
    environ = inherited | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "XUNZHEN_PORT": str(port),
        "COLUMNS": "120",
        "LANG": "C.UTF-8",
        "PYTHONIOENCODING": "utf-8",
    }
    done = subprocess.run(
        ["bash", "-c", script], cwd=directory, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.stderr == "", done.stderr
    return [each.splitlines()[1:] for each in done.stdout.split(MARK)[1:]]


def test_every_command_does_what_the_page_says(tmp_path: Path) -> None:
    page = steps((ROOT / "docs" / "first-day.md").read_text())
    assert len(page) >= 14
    shutil.copytree(ROOT / "docs" / "examples" / "first-day", tmp_path / "docs" / "examples" / "first-day")
    found = run([each.command for each in page], tmp_path)
    for step, printed in zip(page, found, strict=True):
        assert step.agrees(printed), f"{step.command}\n" + "\n".join(printed)
    assert (tmp_path / "first-passwords.csv").stat().st_mode & 0o077 == 0


def test_a_page_that_says_something_else_is_found() -> None:
    page = steps("```console\n$ true\n$ echo a 12 b\na … b\nmore\n```")
    assert [each.command for each in page] == ["true", "echo a 12 b"]
    assert page[0].agrees([])
    assert not page[1].agrees(["a 12 b"])
    assert page[1].agrees(["a 12 b", "more"])
    assert not page[1].agrees(["a 12 c", "more"])
