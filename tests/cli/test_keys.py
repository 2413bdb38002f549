"""`xunzhen keys`: what it shows, what it changes, and what it says when it cannot."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli import keys
from service.cli.app import CommandError
from service.core import keyring
from service.core.settings import get_settings


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation of the test's own, with keys."""
    monkeypatch.setenv("XUNZHEN_KEYRING", str(tmp_path / "keyring.json"))
    get_settings.cache_clear()
    keyring.create(tmp_path / "keyring.json")
    yield tmp_path / "keyring.json"
    get_settings.cache_clear()


def run(*arguments: str) -> str:
    done = CliRunner().invoke(keys.app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


class TestKeys:
    def test_a_key_is_rotated_listed_and_dropped(self, path: Path) -> None:
        [old] = keyring.load(path).signing
        assert old.kid in run("list")
        run("rotate", "signing")
        fresh, kept = keyring.load(path).signing
        assert kept.kid == old.kid
        shown = run("list")
        assert shown.index(fresh.kid) < shown.index(old.kid)
        run("drop", old.kid)
        assert [each.kid for each in keyring.load(path).signing] == [fresh.kid]

    def test_no_secret_is_shown(self, path: Path) -> None:
        shown = run("list")
        assert not any(secret in shown for secret in path.read_text().split('"') if len(secret) > 20)

    @pytest.mark.parametrize("kid", ["00000000", "signing"])
    def test_one_that_is_not_there_is_said(self, path: Path, kid: str) -> None:
        with pytest.raises(CommandError, match="没有名为"):
            run("drop", kid)

    def test_the_one_that_signs_stays(self, path: Path) -> None:
        with pytest.raises(CommandError, match="正在签发"):
            run("drop", keyring.load(path).signing[0].kid)

    @pytest.mark.parametrize("arguments", [("list",), ("rotate", "signing"), ("drop", "x")])
    def test_without_keys_one_sentence_is_said(self, path: Path, arguments: tuple[str, ...]) -> None:
        path.unlink()
        with pytest.raises(CommandError, match="xunzhen init"):
            run(*arguments)
        path.write_text("{")
        with pytest.raises(CommandError, match="读不出来"):
            run(*arguments)
        assert path.read_text() == "{"
