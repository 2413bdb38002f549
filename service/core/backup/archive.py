"""The backup's one file: a tar of the dump, the kept files and a manifest with the SHA-256 of each."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Final

from service.core.backup.contents import TableContents

MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"
FILES: Final = "files/"
FORMAT: Final = 1


class ArchiveDamaged(Exception):
    """The file is not a backup, or not all of it is there as it was written."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself."""

    made_at: datetime
    revision: str
    tables: dict[str, TableContents]
    members: dict[str, str]
    """Member of the tar → SHA-256."""

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "format": FORMAT,
            "made_at": self.made_at.isoformat(),
            "revision": self.revision,
            "tables": {name: each.to_json() for name, each in self.tables.items()},
            "members": self.members,
        }

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Manifest":
        """Return the manifest that `to_json` wrote.

        Raises:
            ArchiveDamaged: it is of another format.
        """
        if raw.get("format") != FORMAT:
            raise ArchiveDamaged("它是另一个版本的备份格式")
        tables = {name: TableContents(**each) for name, each in raw["tables"].items()}
        return cls(datetime.fromisoformat(raw["made_at"]), raw["revision"], tables, raw["members"])


def write(
    path: Path, *, dump: Path, files: Path, made_at: datetime, revision: str, tables: dict[str, TableContents]
) -> Manifest:
    """Write a backup beside its final name and move it there when it is whole; return its manifest.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    unfinished = path.with_name(f".{path.name}.part")
    members: dict[str, str] = {}
    try:
        # the database may hold what the keys open: nobody else reads it
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as raw, tarfile.open(fileobj=raw, mode="w") as tar:
            for name, source in _members(dump, files):
                members[name] = digest(source)
                tar.add(source, arcname=name, recursive=False)
            manifest = Manifest(made_at, revision, tables, members)
            _add_manifest(tar, manifest)
            tar.close()
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return manifest


def _members(dump: Path, files: Path) -> Iterator[tuple[str, Path]]:
    yield DUMP, dump
    # `ab/ab34…`: what is still being written lies elsewhere
    for each in sorted(files.glob("[0-9a-f][0-9a-f]/*")):
        yield FILES + each.relative_to(files).as_posix(), each


def _add_manifest(tar: tarfile.TarFile, manifest: Manifest) -> None:
    written = json.dumps(manifest.to_json(), ensure_ascii=False, indent=1).encode()
    entry = tarfile.TarInfo(MANIFEST)
    entry.size, entry.mode = len(written), 0o600
    tar.addfile(entry, io.BytesIO(written))


def digest(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpack_file(tar: tarfile.TarFile, member: tarfile.TarInfo, into: Path) -> None:
    """Write one file of a backup; a backup holds files of its own directory, and nothing else.

    By hand, because the filters of `extractall` came with Python 3.11.4 and Debian 12 has an older one.

    Raises:
        tarfile.TarError: it is a link or a device, or leads out of the directory.
    """
    name = PurePosixPath(member.name)
    source = tar.extractfile(member) if member.isreg() else None
    if source is None or name.is_absolute() or ".." in name.parts:
        raise tarfile.ExtractError(member.name)
    target = into / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, target.open("xb") as sink:
        shutil.copyfileobj(source, sink)


def unpack(path: Path, into: Path) -> Manifest:
    """Unpack a backup into an empty directory and check every byte of it; return its manifest.

    Raises:
        ArchiveDamaged: it is not a backup, or something in it is missing, added or changed.
    """
    try:
        with tarfile.open(path, mode="r:") as tar:
            for member in tar:
                _unpack_file(tar, member, into)
        manifest = Manifest.from_json(json.loads((into / MANIFEST).read_text()))
    except (tarfile.TarError, OSError, ValueError, KeyError, TypeError) as error:
        raise ArchiveDamaged(f"{path.name} 不是完整的备份文件") from error
    found = {each.relative_to(into).as_posix(): each for each in into.rglob("*") if each.is_file()}
    found.pop(MANIFEST)
    if set(found) != set(manifest.members):
        raise ArchiveDamaged(f"{path.name} 里多了或少了文件")
    for name, sha256 in manifest.members.items():
        if digest(found[name]) != sha256:
            raise ArchiveDamaged(f"{path.name} 里的 {name} 已损坏")
    return manifest
