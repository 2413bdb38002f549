"""OSRM in this process, without a server: the `osrm` extra (Python 3.12 or newer) and files made by osrm-extract.

The same table service, asked through a library: same limits, same answers.
"""

import asyncio
import importlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final

from service.core.geo import Point, TravelMode
from service.gateways.maps.blocks import Block, NoAnswer
from service.gateways.maps.great_circle import GreatCircle
from service.gateways.maps.osrm import block_of
from service.gateways.maps.road import Guard, RoadSource

BLOCK: Final = 100
"""Places a side; no server sets a limit here, so this is only for the time limit of a question."""


class OsrmFiles(RoadSource):
    """Road graphs on this machine: `files` names for each mode the `….osrm` whose parts lie beside it."""

    name: ClassVar[str] = "osrm_files"

    def __init__(self, files: Mapping[TravelMode, Path], fallback: GreatCircle, *, guard: Guard | None = None) -> None:
        super().__init__(fallback, block=(BLOCK, BLOCK), guard=guard or Guard())
        self._files = dict(files)

    async def ask(self, origins: Sequence[Point], destinations: Sequence[Point], mode: TravelMode) -> Block:
        """Ask the library for one block, in a thread of its own.

        Raises:
            NoAnswer: it is not installed, the files cannot be used, or it has no table.
            Divide: a place in it has no road.
        """
        if mode not in self._files:
            raise NoAnswer(f"has no file for {mode}", final=True, counts=False)
        try:
            async with asyncio.timeout(self._guard.question_seconds):
                document = await asyncio.to_thread(_table, self._files[mode], tuple(origins), tuple(destinations))
        except TimeoutError:
            raise NoAnswer("timed out") from None
        return block_of(document)


def _table(file: Path, origins: Sequence[Point], destinations: Sequence[Point]) -> Any:
    """Return the library's answer as the server would have given it."""
    library, engine = _opened(file)
    asked = library.TableParameters(
        coordinates=[(round(point.lon, 6), round(point.lat, 6)) for point in (*origins, *destinations)],
        sources=list(range(len(origins))),
        destinations=list(range(len(origins), len(origins) + len(destinations))),
        annotations=["duration", "distance"],
    )
    try:
        answer = engine.Table(asked)
    except RuntimeError as refused:
        # the library raises the text "code - message"
        return {"code": str(refused).split(" ", 1)[0]}
    return {name: _plain(answer[name]) for name in ("code", "durations", "distances", "sources", "destinations")}


@lru_cache(maxsize=8)
def _opened(file: Path) -> tuple[Any, Any]:
    """Return the library and a graph; a graph stays open as long as the process.

    Raises:
        NoAnswer: there is no library or no such graph.
    """
    try:
        library = importlib.import_module("osrm")
    except ImportError:
        raise NoAnswer("is not installed", final=True, counts=False) from None
    try:
        return library, library.OSRM(algorithm="MLD", storage_config=str(file), use_shared_memory=False)
    except RuntimeError:
        raise NoAnswer("cannot read its files", final=True, counts=False) from None


def _plain(value: Any) -> Any:
    """Return the library's own containers as lists and dictionaries."""
    if isinstance(value, str | int | float | None):
        return value
    if type(value).__name__ == "Object":
        return {key: _plain(value[key]) for key in value}
    return [_plain(each) for each in value]
