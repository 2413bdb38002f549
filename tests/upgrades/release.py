"""The application as it was before the newest migration: taken from the project's own history."""

import asyncio
import io
import os
import subprocess
import sys
import tarfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests import canaries

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("service", "migrations")


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], check=True, capture_output=True).stdout


def before_the_newest_migration() -> str:
    """Return the last commit without the newest migration, which comes in together with the models it follows."""
    try:
        newest = max((ROOT / "migrations" / "versions").glob("2*.py")).relative_to(ROOT)
        came = _git("log", "--diff-filter=A", "--format=%H", "--", str(newest)).decode().split()
        return _git("rev-parse", f"{came[-1]}~1" if came else "HEAD").decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return pytest.skip("没有版本历史（不是 git 克隆），取不到上一版程序")


def unpack(commit: str, where: Path) -> Path:
    """Put the application of a commit into an empty directory; return it."""
    with tarfile.open(fileobj=io.BytesIO(_git("archive", "--format=tar", commit, *PARTS))) as tar:
        # the filters came with Python 3.11.4
        tar.extractall(where, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return where


@dataclass(frozen=True)
class Installation:
    """A database, its keys, and the sources of one version of the application."""

    sources: Path
    app_url: str
    owner_url: str
    keyring: Path
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """What a process of this version is started with."""
        return {
            **os.environ,
            "PYTHONPATH": str(self.sources),
            "XUNZHEN_DATABASE_URL": self.app_url,
            "XUNZHEN_OWNER_URL": self.owner_url,
            "XUNZHEN_KEYRING": str(self.keyring),
            "XUNZHEN_LOG_LEVEL": "ERROR",
            **self.more,
        }

    async def run(self, *arguments: str, said: str = "", code: int = 0) -> str:
        """Run a command of this version to its end; return what it printed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from service.cli import main; main()", *arguments,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=self.environment, cwd=self.sources,
        )  # fmt: skip
        printed, _ = await process.communicate(said.encode())
        assert process.returncode == code, printed.decode()
        return printed.decode()

    @asynccontextmanager
    async def serving(self, port: int) -> AsyncIterator[httpx.AsyncClient]:
        """Serve this version; give a client of it."""
        with canaries.overheard("serve") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", "from service.cli import main; main()", "serve", "--port", str(port),
                env={**self.environment, "XUNZHEN_LOG_LEVEL": "INFO"}, cwd=self.sources, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                    await self._wait(process, client)
                    yield client
            finally:
                if process.returncode is None:
                    process.terminate()
                await process.wait()

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Let a worker of this version run the jobs of the queue; at the end it finishes what it has in hand."""
        with canaries.overheard("worker") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", "from service.cli import main; main()", "worker",
                env={**self.environment, "XUNZHEN_LOG_LEVEL": "INFO"}, cwd=self.sources, stdout=log, stderr=log,
            )  # fmt: skip
            try:
                yield
            finally:
                assert process.returncode is None, "the worker stopped by itself"
                process.terminate()
                assert await asyncio.wait_for(process.wait(), 60) == 0

    async def _wait(self, process: asyncio.subprocess.Process, client: httpx.AsyncClient) -> None:
        for _ in range(1200):
            assert process.returncode is None, "it does not serve"
            try:
                if (await client.get("/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.1)
        raise AssertionError("it never becomes ready")
