"""Children that have the solvers loaded already, one for each task; `forking` is the process that they come from.

The parent hands a task over a pipe and hears the answer over another. When the parent is gone, however it died, the
pipes close and the children end with it.
"""

import asyncio
import atexit
import os
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final, Literal

Work = Literal["day", "period"]
WARM: Final = "warm"
"""The word for compiling what is not compiled."""

LONGEST: Final = 64
"""Bytes of a word over the socket."""


class SolverDied(Exception):
    """The solver's process ended without an answer, or did not end in time; the text says which."""


@dataclass(slots=True)
class _Forks:
    """The process that forks, started when it is first needed, and again if it should have died; for one thread."""

    control: socket.socket | None = None
    process: subprocess.Popen[bytes] | None = None

    def ask(self, word: str, pipes: list[int]) -> tuple[socket.socket, str]:
        """Say a word, with the pipes that come with it and are closed here; return what is answered, and where."""
        try:
            for _ in range(2):
                control = self._running()
                try:
                    socket.send_fds(control, [word.encode()], pipes)
                    said = control.recv(LONGEST)
                except OSError:
                    said = b""
                if said:
                    return control, said.decode()
                self.stop()
        finally:
            for each in pipes:
                os.close(each)
        raise SolverDied("could not be started")

    def end(self, control: socket.socket, number: str) -> None:
        """End a child and wait for it, if what it came from is still there; else it ends with its pipe."""
        if control is self.control:
            try:
                control.send(number.encode())
                control.recv(LONGEST)
            except OSError:
                self.stop()

    def stop(self) -> None:
        """End the process that forks."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
            self.process = None
        if self.control is not None:
            self.control.close()
            self.control = None

    def _running(self) -> socket.socket:
        if self.control is None:
            self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                end = theirs.fileno()
                # nothing of a request is said here; Ctrl-C is for the parent, with which this ends
                argv = [sys.executable, "-m", "service.routing.forking", str(end)]
                self.process = subprocess.Popen(argv, pass_fds=[end], start_new_session=True)  # noqa: S603
        return self.control


_FORKS: Final = _Forks()
_TURN: Final = ThreadPoolExecutor(1, "forks")
"""Words are said one after the other, and never wait behind threads that wait for an answer."""
atexit.register(_FORKS.stop)


async def warm_up(after: float) -> None:
    """Load the solvers `after` seconds, in which a process that has just started does other work that waits, so that
    the first task need not wait for it; and begin to compile what is not compiled yet.

    Raises: nothing; where it cannot be compiled, days are planned without it.
    """
    await asyncio.sleep(after)
    with suppress(SolverDied):
        await asyncio.get_running_loop().run_in_executor(_TURN, lambda: _FORKS.ask(WARM, []))


def stop() -> None:
    """End the process that forks; children that work end when their pipes close. The next task starts another.

    Raises: nothing.
    """
    _TURN.submit(_FORKS.stop).result()


@asynccontextmanager
async def child(work: Work, seconds: float) -> AsyncIterator[tuple[Connection, Connection]]:
    """Give a child's pipes, first the one to tell it and then the one to hear it; it is ended afterwards.

    Raises:
        SolverDied: it could not be started, ended without an answer, or took more than `seconds`.
    """
    loop = asyncio.get_running_loop()
    ours, theirs = os.pipe(), os.pipe()
    with Connection(ours[0], writable=False) as hears, Connection(theirs[1], readable=False) as says:
        forked = await loop.run_in_executor(_TURN, lambda: _FORKS.ask(work, [theirs[0], ours[1]]))
        try:
            async with asyncio.timeout(seconds):
                yield says, hears
        except TimeoutError:
            raise SolverDied("timed out") from None
        except (EOFError, BrokenPipeError):
            raise SolverDied("ended without an answer") from None
        finally:
            await loop.run_in_executor(_TURN, lambda: _FORKS.end(*forked))


def end_with_parent(hears: Connection) -> None:
    """End this process as soon as the other end of a pipe is closed through which nothing more is ever sent.

    Raises: nothing.
    """
    threading.Thread(target=_wait_and_end, args=(hears,), daemon=True).start()


def _wait_and_end(hears: Connection) -> None:
    hears.poll(None)
    os._exit(1)
