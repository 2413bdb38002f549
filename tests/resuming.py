"""Long parts that go on where they were cut short: what is done stands in a small file.

It lies in the directory that XUNZHEN_STORM_DIR names, or in one below .hypothesis; a part that has come to its end
begins anew.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Done:
    """What has come of each piece of a part, by its name."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self.found: dict[str, Any] = json.loads(state.read_text()) if state.exists() else {}

    def __contains__(self, name: object) -> bool:
        return str(name) in self.found

    def keep(self, name: object, found: Any) -> None:
        """Write down what came of a piece: whole, whenever the part is cut short."""
        self.found[str(name)] = found
        draft = self._state.with_suffix(".new")
        draft.write_text(json.dumps(self.found))
        draft.replace(self._state)


@contextmanager
def part(name: str, folder: str = "days") -> Iterator[Done]:
    """Give what earlier runs of a part have done; forget it once the block ends well."""
    state = Path(os.environ.get("XUNZHEN_STORM_DIR", f".hypothesis/{folder}")) / f"{name}.json"
    state.parent.mkdir(parents=True, exist_ok=True)
    yield Done(state)
    state.unlink(missing_ok=True)
