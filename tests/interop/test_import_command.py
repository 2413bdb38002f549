"""`xunzhen import`: its exit codes, what it shows, and that it touches nothing when it cannot begin."""

import asyncio
import csv
import io
from pathlib import Path

import pytest

from service.cli import app, import_
from service.cli.app import CommandError
from service.core import embedded
from service.core.settings import Settings
from service.interop import importing
from service.interop.importing import Kind, Report, Told, Wishes
from service.interop.importing.files import DirectoryUnreadable, gather
from tests.interop.desk import Desk, lists


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty directory."""
    directory = tmp_path / "lists"
    directory.mkdir()
    return directory


class TestDirectory:
    def test_knows_the_lists_by_their_chinese_and_english_names(self, folder: Path) -> None:
        for name in ("机构.csv", "Stations.CSV", "人员.xlsx", "homes.csv", "居民.csv", "~$居民.xlsx", ".hidden.csv"):
            (folder / name).write_bytes(b"x")
        given = gather(folder)
        assert set(given.files) == {Kind.institutions, Kind.stations, Kind.staff, Kind.homes, Kind.elders}
        assert (list(given.faults), list(given.notes)) == ([], [])

    def test_tells_two_files_of_one_list_and_what_it_does_not_read(self, folder: Path) -> None:
        for name in ("elders.csv", "居民.xlsx", "readme.txt", "other.csv"):
            (folder / name).write_bytes(b"x")
        given = gather(folder)
        assert [(fault.file, fault.sentence) for fault in given.faults] == [
            ("居民.xlsx", "和 elders.csv 是同一张表，只能留一个")
        ]
        assert [note.file for note in given.notes] == ["other.csv", "readme.txt"]

    @pytest.mark.parametrize("name", ["", "missing", "file"])
    def test_that_holds_no_list_is_refused(self, folder: Path, name: str) -> None:
        (folder / "file").write_text("x")
        with pytest.raises(DirectoryUnreadable):
            gather(folder / name)


class TestCommand:
    def test_is_found_under_a_name_that_is_no_module_s(
        self, monkeypatch: pytest.MonkeyPatch, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("sys.argv", ["xunzhen", "import", str(folder), "--admin", "admin"])
        with pytest.raises(SystemExit) as left:
            app.main()
        assert left.value.code == 2
        assert "没有可导入的文件" in capsys.readouterr().err

    def test_shows_a_thousand_lines_and_says_how_many_there_are(self, capsys: pytest.CaptureFixture[str]) -> None:
        report = Report()
        for line in range(1, 1202):
            report.line(Kind.homes, Told("[red]homes.csv", line, "楼层", "wrong", "要填\x1b[31m整数"))
        import_._show(import_.Console(width=100), report, dry_run=False)
        shown = capsys.readouterr().out
        assert "只显示前 1000 条，共 1201 条" in shown
        assert shown.count("[red]homes.csv") == 1000
        assert "\x1b" not in shown
        assert len(list(csv.reader(io.StringIO(report.as_csv().decode("utf-8-sig"))))) == 1202

    async def test_a_region_is_asked_for_where_there_are_several(self, desk: Desk) -> None:
        await desk.world.add_institution()
        house = desk.world.house
        assert await import_._region(house, desk.world.region_code) == desk.world.region_id
        with pytest.raises(CommandError, match="没有编码为"):
            await import_._region(house, "999999")

    async def test_tries_loads_and_loads_again_from_the_command_line(
        self,
        desk: Desk,
        server: embedded.EmbeddedServer,
        database: str,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setenv("XUNZHEN_DATABASE_URL", server.url(embedded.APP_ROLE, database))
        monkeypatch.setenv("XUNZHEN_KEYRING", str(desk.world.house.settings.keyring))
        monkeypatch.setattr(import_, "get_settings", Settings)
        given = lists()
        given["contracts"][0] |= {"签约日期": "2026-01-01", "生效日期": "2026-01-01", "到期日期": "2099-12-31"}
        desk.put(given)
        told = desk.directory.parent / "told.csv"
        shared = [str(desk.directory), "--admin", desk.operator, "--region", desk.world.region_code]
        passwords = ["--passwords", str(desk.directory.parent / "first.csv")]

        async def run(*more: str) -> str:
            await asyncio.to_thread(import_.app, [*shared, *more], standalone_mode=False)
            return capsys.readouterr().out

        before = await desk.counts()
        assert "检查通过" in await run("--dry-run")
        assert await desk.counts() == before
        with pytest.raises(CommandError, match="--passwords") as unwritten:
            await run()
        assert unwritten.value.code == 2
        assert await desk.counts() == before
        assert "已导入，新开账号 2 个。" in await run(*passwords, "--report", str(told))
        assert told.read_text("utf-8-sig").count("新增") == sum(len(rows) for rows in given.values())
        stands = await desk.counts()
        assert "已导入，新开账号 0 个。" in await run()
        given["homes"][0]["楼层"] = "三楼"
        desk.put({"homes": given["homes"]})
        with pytest.raises(CommandError) as wrong:
            await run("--report", str(told))
        assert wrong.value.code == 1
        assert "homes.csv,2,楼层,有误,要填1到150之间的整数，不能是“三楼”" in told.read_text("utf-8-sig")
        with pytest.raises(CommandError, match="没有名为“nobody”"):
            await asyncio.to_thread(
                import_.app,
                [str(desk.directory), "--admin", "nobody", "--region", desk.world.region_code],
                standalone_mode=False,
            )
        assert await desk.counts() == stands

    async def test_nothing_is_lost_of_a_report_when_a_file_is_no_table(self, desk: Desk) -> None:
        desk.put(lists())
        desk.put_file("elders.csv", b"PK\x03\x04 half a zip")
        report = await importing.load(
            desk.world.house,
            region_id=desk.world.region_id,
            operator=desk.operator,
            given=gather(desk.directory),
            wishes=Wishes(),
        )
        told = [(each.file, each.line, each.sentence) for each in report.stopping()]
        assert ("elders.csv", 0, "不是完好的 XLSX 文件") in told
        assert not report.kept
