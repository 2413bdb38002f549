"""The command line in this process, through its real entry point."""

import sys
from collections.abc import Callable

import pytest

from service.cli import app

Xunzhen = Callable[..., int]


@pytest.fixture
def xunzhen(monkeypatch: pytest.MonkeyPatch) -> Xunzhen:
    """Run `xunzhen …` and return its exit code."""

    def run(*arguments: object) -> int:
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.setattr(sys, "argv", ["xunzhen", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            app.main()
        return int(ended.value.code or 0)

    return run
