"""`xunzhen serve`: the API on one address, one process; start as many as there are cores."""

import asyncio
import socket
from typing import Annotated

import typer
import uvicorn

from service.cli.app import CommandError
from service.cli.database import addresses, refuse_unfenced_role
from service.core import graceful, heap, keyring, logs
from service.core.db.engine import make_engine
from service.core.settings import get_settings
from service.main import build_app, build_house

app = typer.Typer(add_completion=False, help="启动 HTTP 服务")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="监听地址，默认 XUNZHEN_HOST")] = None,
    port: Annotated[int | None, typer.Option(help="端口，默认 XUNZHEN_PORT", min=0, max=65535)] = None,
    fd: Annotated[int | None, typer.Option(help="用父进程已经监听的套接字（如 systemd 套接字激活）", min=3)] = None,
) -> None:
    """Serve until the process is told to stop; requests in hand are finished."""
    settings = get_settings()
    with addresses(settings) as known:
        asyncio.run(_serve(known.app_url, host or settings.host, settings.port if port is None else port, fd))


async def _serve(url: str, host: str, port: int, fd: int | None) -> None:
    settings = get_settings()
    logs.configure(settings.log_level)
    engine = make_engine(url, pool_size=settings.pool_size)
    try:
        await refuse_unfenced_role(engine)
        house = build_house(settings, engine)
        with heap.loading():
            application = build_app(house)
        config = uvicorn.Config(
            application,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_graceful_shutdown=settings.graceful_seconds,
        )
        heap.freeze()
        await graceful.Server(config).serve(sockets=None if fd is None else [socket.socket(fileno=fd)])
    except (keyring.KeyringMissing, ValueError) as error:
        raise CommandError(str(error)) from error
    finally:
        await engine.dispose()
