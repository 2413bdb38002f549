"""The HTTP server's way out: no request that was accepted is lost, and no client hangs on for ever."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

SETTLE_SECONDS: Final = 1.0
"""How long what was accepted just before the end may take to arrive."""


class Server(uvicorn.Server):
    """uvicorn's server, which would close a connection whose request is on its way: accepted, but not yet read.

    This one stops accepting, asks everybody who is answered to close, and only then lets idle connections go. Requests
    in hand have `timeout_graceful_shutdown` seconds; then they are cancelled, and their transactions rolled back.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT as the word to end; not, as uvicorn does, once more when everything is over.

        The process still has connections to close and an embedded server to let go, and has not failed.
        """
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, answer what is there, end."""
        for server in self.servers:
            server.close()
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        for connection in list(self.server_state.connections):
            # whoever is being answered is told so too: else his next request meets the end
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                connection.shutdown()
        await asyncio.sleep(SETTLE_SECONDS)
        await super().shutdown(sockets)
