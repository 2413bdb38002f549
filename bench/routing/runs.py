"""What the benches keep of their runs: a file that is gone on with where it stopped."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Figures = dict[str, Any]


class Runs:
    """The figures of all runs in a file, by what was run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._figures: dict[str, Figures] = json.loads(path.read_text()) if path.exists() else {}

    def of(self, key: str, run: Callable[[], Figures]) -> Figures:
        """Return the figures of a run; run it only if the file does not know it, and write them down at once."""
        if key not in self._figures:
            self._figures[key] = run()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft = self._path.with_suffix(".new")
            draft.write_text(json.dumps(self._figures, indent=1))
            draft.replace(self._path)
        return self._figures[key]


def numbers(text: str) -> list[int]:
    """Read numbers divided by commas."""
    return [int(part) for part in text.split(",")]
