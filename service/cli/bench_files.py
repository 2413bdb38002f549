"""Files of a benchmark run: read an instance, write a solution whole, and know what an earlier run has left."""

import csv
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from service.cli.app import CommandError


def text_of(path: Path) -> str:
    """Read a text file.

    Raises:
        CommandError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"打不开 {path}：{error.strerror}。") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} 不是 UTF-8 文本。") from error


def digest(path: Path) -> str:
    """Return the SHA-256 of a file: whether an instance is the one that was solved before.

    Raises:
        CommandError: it cannot be read.
    """
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CommandError(f"打不开 {path}：{error.strerror}。") from error


def load(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        CommandError: it cannot be read, or is no JSON.
    """
    try:
        return json.loads(text_of(path))
    except ValueError as error:
        raise CommandError(f"{path} 不是合法的 JSON：{error}。") from error


def save(path: Path, text: str) -> None:
    """Write beside the target and rename, so that no half-written solution is ever seen.

    Raises:
        CommandError: it cannot be written.
    """
    handle, draft = _drafted(path)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).replace(path)
    except OSError as error:
        Path(draft).unlink(missing_ok=True)
        raise CommandError(f"写不了 {path}：{error.strerror}。") from error


def refuse_unwritable(path: Path) -> None:
    """Find out that a file could not be written before minutes are spent on what it is to hold.

    Raises:
        CommandError: it could not.
    """
    handle, draft = _drafted(path)
    os.close(handle)
    Path(draft).unlink()


def _drafted(path: Path) -> tuple[int, str]:
    try:
        return tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise CommandError(f"写不了 {path}：{error.strerror}。") from error


def folder(path: Path) -> Path:
    """Make the folder for several solutions, or use the one that is there.

    Raises:
        CommandError: it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"建不了目录 {path}：{error.strerror}。") from error
    return path


def results(path: Path) -> dict[str, Any]:
    """Read what an earlier run has found, by instance; nothing when there was none.

    Raises:
        CommandError: the file is there and is something else.
    """
    if not path.exists():
        return {}
    found = load(path)
    if not isinstance(found, dict) or not all(isinstance(each, dict) and "run" in each for each in found.values()):
        raise CommandError(f"{path} 不是基准的结果文件。")
    return found


def best_known(path: Path | None, column: str = "best_cost") -> dict[str, float]:
    """Read the best-known values from a table with the columns `instance` and `column`, by the instance's name in lower
    case: tables and files differ in it.

    Raises:
        CommandError: the table cannot be read.
    """
    if path is None:
        return {}
    try:
        head, *rows = csv.reader(text_of(path).splitlines())
        name, value = head.index("instance"), head.index(column)
        return {row[name].lower(): float(row[value]) for row in rows if row[value]}
    except (IndexError, ValueError) as error:
        raise CommandError(f"{path} 不是可用的最好值表：要有 instance 和 {column} 两列。") from error
