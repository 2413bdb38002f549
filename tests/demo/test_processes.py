"""The demo's processes: what happens when they do not come up, and which port they get."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.demo.processes import ClockKnot, DemoFailed, Processes, free_port


class TestStart:
    async def test_says_where_the_log_is_when_the_server_does_not_come_up(self, tmp_path: Path) -> None:
        # nobody has set this data directory up
        processes = Processes(tmp_path, free_port(0), tmp_path / "demo.log")
        with pytest.raises(DemoFailed, match=r"demo\.log"):
            await processes.start([ClockKnot(0, datetime(2026, 3, 2, 1, 0, tzinfo=UTC))])
        await processes.stop()
        assert processes.running == []
        assert "xunzhen init" in (tmp_path / "demo.log").read_text()


class TestFreePort:
    def test_gives_the_port_that_was_wished_for(self) -> None:
        wished = free_port(0)
        assert free_port(wished) == wished

    def test_gives_another_one_when_somebody_has_it(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            assert free_port(port) not in {0, port}
