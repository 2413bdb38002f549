"""`xunzhen demo`: plays a district's day through the real API on a real PostgreSQL, then stays up."""

import asyncio
import fcntl
import json
import os
import secrets
import shutil
import signal
import socket
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from rich.console import Console

from service.cli import demo_tables
from service.cli.app import CommandError
from service.cli.init import Founding, found, founding
from service.core import embedded
from service.core.clock import LOCAL
from service.core.geo import Datum
from service.core.settings import get_settings
from service.demo import figures
from service.demo.authorities import DISPATCHER
from service.demo.client import Json, Refused
from service.demo.player import FAST, FULL, Player, Size
from service.demo.processes import DemoFailed, Processes, listen
from service.institutions.rules import InstitutionKind

app = typer.Typer(add_completion=False, help="演示一个区的一天")

ADMIN: Final = "demo-admin"
_LOCK: Final = "run.lock"


@dataclass(frozen=True, slots=True)
class _Run:
    """One run of the demo: its own directory, port and password, so that no two runs ever meet."""

    directory: Path
    listener: socket.socket
    password: str
    size: Size


@app.command()
def demo(
    *,
    leave: Annotated[bool, typer.Option("--exit", help="演示完就退出，不保持服务运行")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="十分之一规模，供测试用")] = False,
    port: Annotated[int | None, typer.Option(help="端口，默认 XUNZHEN_PORT；被占用时另选", min=0, max=65535)] = None,
    keep: Annotated[Path | None, typer.Option(help="把数据放到这个新目录，以后也不清理")] = None,
) -> None:
    """从预约到账单演示大武口区的一天：真的 PostgreSQL、服务进程、后台进程，全部经 HTTP。

    Raises:
        CommandError: the directory is not empty, or PostgreSQL cannot run here; with code 1, the demo went wrong.
    """
    console = Console()
    settings = get_settings()
    with directory(settings.data_dir.resolve() / "demo", keep) as (place, alone):
        wished = settings.port if port is None else port
        try:
            # who runs beside another demo leaves the known port to it
            listener = listen(wished if alone or port is not None else 0)
            run = _Run(place, listener, secrets.token_urlsafe(12), FAST if fast else FULL)
            with listener, embedded.running(place / "pg") as server:
                asyncio.run(_play(console, run, server.owner_url, leave=leave))
        except embedded.EmbeddedUnavailable as error:
            raise CommandError(f"{error}") from error
        except (DemoFailed, Refused) as error:
            raise CommandError(f"演示中断：{error}", code=1) from error
        except httpx.HTTPError as error:
            raise CommandError(f"演示中断：服务没有回答（{error!r}），详见 {place / 'demo.log'}。", code=1) from error


async def _play(console: Console, run: _Run, owner_url: str, *, leave: bool) -> None:
    stop = _stop_signal()
    await found(owner_url, run.directory / "keyring.json", _founding(run.password))
    processes = Processes(run.directory, run.listener, run.directory / "demo.log")
    try:
        report = await _report(console, run, processes, stop)
        if report is None:
            raise DemoFailed("已按要求停止。")
        demo_tables.show(console, report)
        if not leave:
            demo_tables.invite(console, processes.base_url, figures.REGION[0], DISPATCHER, run.password)
            await _first(stop.wait(), processes.watch())
            if not stop.is_set():
                raise DemoFailed(f"服务或后台进程意外结束，详见 {processes.log}。")
    finally:
        await processes.stop()


async def _report(console: Console, run: _Run, processes: Processes, stop: asyncio.Event) -> Json | None:
    """Return the report, written down as well, or None when somebody said stop before there was one."""
    with demo_tables.progress(console) as tell:
        player = Player(processes, run.size, ADMIN, run.password, tell)
        playing = asyncio.ensure_future(player.play())
        await _first(stop.wait(), asyncio.wait([playing]))
        if not playing.done():
            playing.cancel()
            with suppress(asyncio.CancelledError):
                await playing
            return None
        report = playing.result()
    (run.directory / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    return report


async def _first(*waited: Coroutine[object, object, object]) -> None:
    """Return when the first of some things has happened."""
    tasks = [asyncio.create_task(each) for each in waited]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _stop_signal() -> asyncio.Event:
    """Return what is set when the terminal or the system says stop."""
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    return stop


def _founding(password: str) -> Founding:
    first = figures.INSTITUTIONS[0]
    return founding(
        region=figures.REGION,
        district=figures.DISTRICT,
        institution=(first.code, first.name),
        kind=InstitutionKind(first.kind),
        address=first.address,
        place=(first.lon, first.lat, Datum.wgs84),
        admin=ADMIN,
        password=password,
    )


@contextmanager
def directory(root: Path, keep: Path | None) -> Iterator[tuple[Path, bool]]:
    """Give a fresh directory, locked for as long as the run lasts, and whether no other run is under way.

    What runs that are over left under `root` is removed first.

    Raises:
        CommandError: `keep` is not a new or empty directory.
    """
    root.mkdir(parents=True, exist_ok=True)
    if keep is not None and keep.exists() and any(keep.iterdir()):
        raise CommandError(f"{keep} 不是空目录：每次演示都用新的数据，请换一个目录。")
    given = keep.resolve() if keep else root / f"{datetime.now(LOCAL):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
    # made and locked out of sight: whoever clears up never finds it without its lock
    making = given if keep else root / f".{given.name}"
    making.mkdir(parents=True, exist_ok=True)
    with (making / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        making.rename(given)
        others = [each for each in root.iterdir() if not each.name.startswith(".") and each != given]
        yield given, not [each for each in others if not _removed(each)]


def _removed(directory: Path) -> bool:
    """Remove what a run left, unless it is still under way or its PostgreSQL runs; return whether it is gone."""
    try:
        handle = os.open(directory / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False  # it is being made at this moment
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        embedded.wait_until_stopped(directory / "pg", seconds=2)
        shutil.rmtree(directory)
    except (BlockingIOError, TimeoutError):
        return False
    finally:
        os.close(handle)
    return True
