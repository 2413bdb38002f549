"""The process that has the solvers loaded and forks a child for each task: `python -m service.routing.forking SOCKET`.

To load numba and OR-Tools takes longer than to plan a day of thirty visits; a fork has them at once. One thread alone
runs here, so that nothing is held by another when it forks. It ends with the process that started it.
"""

import gc
import itertools
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from service.routing import forked, solver_child
from service.routing.period import child as period_child
from service.routing.solver import is_ready, warm

WORKS: Final[Mapping[str, Callable[[int, int], None]]] = MappingProxyType(
    {
        "day": solver_child.run,
        "period": period_child.run,
    }
)
"""Kinds of work. Each is a word over the socket, comes with two pipes and is answered by a child's number; such a
number ends it. That and `forked.WARM` are answered by themselves.
"""


class _Forks:
    """The children, each with a number of its own, and whether they find compiled code."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._children: dict[int, int] = {}
        self._numbers = itertools.count(1)
        self._loaded = False
        self._compiler: subprocess.Popen[bytes] | None = None

    def hear(self, word: str, pipes: list[int]) -> str:
        """Do what is said, and return the answer."""
        self._children = {number: process for number, process in self._children.items() if _is_there(process)}
        self._load()
        if word in WORKS:
            number = next(self._numbers)
            self._children[number] = self._fork(word, pipes)
            return str(number)
        if word == forked.WARM:
            self._compile()
        else:
            self._end(int(word))
        return word

    def close(self) -> None:
        """End the compiler, if it is still at it: nobody is there any more for whom it works."""
        if self._compiler is not None:
            self._compiler.kill()
            self._compiler.wait()

    def _load(self) -> None:
        if not self._loaded and is_ready():
            warm()
            self._loaded = True
            gc.freeze()  # else the children's collectors would copy all that they share

    def _compile(self) -> None:
        if not self._loaded and self._compiler is None:
            self._compiler = subprocess.Popen([sys.executable, "-m", "service.routing.solver", "--aside"])

    def _fork(self, work: str, pipes: list[int]) -> int:
        process = os.fork()
        if process == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            self._control.close()
            _work(work, pipes)
        for each in pipes:
            os.close(each)
        return process

    def _end(self, number: int) -> None:
        if number in self._children:
            process = self._children.pop(number)
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _work(work: str, pipes: list[int]) -> None:
    """Do a child's work and end the process; nothing of the parent's is cleaned up here."""
    code = 1
    try:
        WORKS[work](*pipes)
        code = 0
    except EOFError:
        pass  # who asked has gone before saying what for
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _is_there(process: int) -> bool:
    # a child that has ended keeps its number until it is waited for: nobody else's is ever killed
    return os.waitpid(process, os.WNOHANG) == (0, 0)


def serve(control: socket.socket) -> None:
    """Fork for each task that comes through the socket, until the other end is closed.

    Raises: nothing.
    """
    forks = _Forks(control)
    try:
        while True:
            word, pipes, _, _ = socket.recv_fds(control, forked.LONGEST, 2)
            if not word:
                return
            control.send(forks.hear(word.decode(), pipes).encode())
    finally:
        forks.close()


def _leave(*_: object) -> None:
    sys.exit(0)


if __name__ == "__main__":
    # whoever stops the service from a terminal stops the parent, which stops this
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    with socket.socket(fileno=int(sys.argv[1])) as at:
        serve(at)
