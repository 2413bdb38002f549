"""Where compiled code is kept: only where nobody else can put any."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.routing.solver.kernel import compiled


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("package", "home", "temporary"):
        (tmp_path / name).mkdir()
    (tmp_path / "package" / "code.py").write_text("one = 1\n", encoding="utf-8")
    monkeypatch.delenv(compiled.PLACE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    compiled.place.cache_clear()
    yield tmp_path / "package"
    compiled.place.cache_clear()


def test_is_the_users_cache_and_other_sources_have_another_place(package: Path, tmp_path: Path) -> None:
    first = compiled.place(package)
    assert first.parent == tmp_path / "home" / "xunzhen"
    assert first.stat().st_mode & 0o077 == 0
    (package / "code.py").write_text("one = 2\n", encoding="utf-8")
    compiled.place.cache_clear()
    assert compiled.place(package) not in {first, None}


def test_is_where_the_environment_says(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiled.PLACE, str(tmp_path / "named"))
    assert compiled.place(package).parent == tmp_path / "named"


def test_is_never_a_directory_that_others_may_write_to(package: Path, tmp_path: Path) -> None:
    compiled.place(package).chmod(0o777)
    compiled.place.cache_clear()
    assert compiled.place(package).is_relative_to(tmp_path / "temporary")


def test_is_the_temporary_directory_where_the_cache_cannot_be_made(package: Path, tmp_path: Path) -> None:
    (tmp_path / "home" / "xunzhen").write_text("in the way", encoding="utf-8")
    assert compiled.place(package).is_relative_to(tmp_path / "temporary")
