"""The demo's processes: what happens when they do not come up, and which port they get."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.demo.processes import ClockKnot, DemoFailed, Processes, listen


class TestStart:
    @pytest.mark.processes
    async def test_says_where_the_log_is_when_the_server_does_not_come_up(self, tmp_path: Path) -> None:
        # nobody has set this data directory up
        listener = listen(0)
        processes = Processes(tmp_path, listener, tmp_path / "demo.log")
        with listener, pytest.raises(DemoFailed, match=r"demo\.log"):
            await processes.start([ClockKnot(0, datetime(2026, 3, 2, 1, 0, tzinfo=UTC))])
        await processes.stop()
        assert processes.running == []
        assert "xunzhen init" in (tmp_path / "demo.log").read_text()


class TestListen:
    def test_gives_the_port_that_was_wished_for(self) -> None:
        with listen(0) as first:
            wished = first.getsockname()[1]
        with listen(wished) as again:
            assert again.getsockname()[1] == wished

    def test_gives_another_one_when_somebody_holds_it(self) -> None:
        with listen(0) as taken, listen(taken.getsockname()[1]) as other:
            assert other.getsockname()[1] not in {0, taken.getsockname()[1]}
