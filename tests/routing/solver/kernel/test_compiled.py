"""Where compiled code is kept: only where nobody else can put any."""

import os
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.routing.solver.kernel import compiled


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("package", "home", "temporary"):
        (tmp_path / name).mkdir()
    (tmp_path / "package" / "code.py").write_text("one = 1\n", encoding="utf-8")
    for name in (compiled.PLACE, compiled.DATA):
        monkeypatch.delenv(name, raising=False)
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


def test_is_the_services_data_directory_where_the_user_has_none_of_his_own(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home" / "xunzhen").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv(compiled.DATA, str(tmp_path / "data"))
    assert compiled.place(package).parent == tmp_path / "data" / "compiled"


def test_is_another_once_a_file_was_written_again(package: Path) -> None:
    first = compiled.place(package)
    os.utime(package / "code.py", ns=(0, 0))
    compiled.place.cache_clear()
    assert compiled.place(package) != first


def test_is_ready_once_all_was_compiled_there(package: Path) -> None:
    assert not compiled.is_ready(package)
    with pytest.raises(RuntimeError), compiled.making_ready(package):
        raise RuntimeError
    assert not compiled.is_ready(package)
    with compiled.making_ready(package):
        assert not compiled.is_ready(package)
    assert compiled.is_ready(package)


def test_one_process_compiles_while_the_others_wait(package: Path) -> None:
    turns = list[str]()

    def compile_it(name: str) -> None:
        with compiled.making_ready(package):
            turns.append(name)
            time.sleep(0.05)
            turns.append(name)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(compile_it, "ab"))
    assert turns[0] == turns[1] != turns[2] == turns[3]


def test_is_never_a_directory_that_others_may_write_to(package: Path, tmp_path: Path) -> None:
    compiled.place(package).chmod(0o777)
    compiled.place.cache_clear()
    assert compiled.place(package).is_relative_to(tmp_path / "temporary")


def test_is_the_temporary_directory_where_the_cache_cannot_be_made(package: Path, tmp_path: Path) -> None:
    (tmp_path / "home" / "xunzhen").write_text("in the way", encoding="utf-8")
    assert compiled.place(package).is_relative_to(tmp_path / "temporary")
