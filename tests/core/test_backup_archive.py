"""A backup is unpacked into its own directory, and holds files only."""

import io
import tarfile
from pathlib import Path

import pytest

from service.core.backup import archive


def _tar(path: Path, entry: tarfile.TarInfo, content: bytes = b"x") -> Path:
    with tarfile.open(path, "w") as tar:
        entry.size = len(content) if entry.isreg() else 0
        tar.addfile(entry, io.BytesIO(content) if entry.isreg() else None)
    return path


class TestUnpack:
    @pytest.mark.parametrize("name", ["../outside", "/tmp/outside", "files/../../outside"])
    def test_refuses_a_file_that_would_lie_elsewhere_and_writes_nothing(self, tmp_path: Path, name: str) -> None:
        into = tmp_path / "into"
        into.mkdir()
        with pytest.raises(archive.ArchiveDamaged, match="不是完整的备份文件"):
            archive.unpack(_tar(tmp_path / "backup.tar", tarfile.TarInfo(name)), into)
        assert sorted(each.name for each in tmp_path.rglob("*")) == ["backup.tar", "into"]

    @pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
    def test_refuses_what_is_no_file(self, tmp_path: Path, kind: bytes) -> None:
        entry = tarfile.TarInfo("manifest.json")
        entry.type, entry.linkname = kind, "/etc/passwd"
        into = tmp_path / "into"
        into.mkdir()
        with pytest.raises(archive.ArchiveDamaged, match="不是完整的备份文件"):
            archive.unpack(_tar(tmp_path / "backup.tar", entry), into)
        assert list(into.iterdir()) == []
