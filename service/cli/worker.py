"""`xunzhen worker`: runs the jobs of the queue; any number of workers share it through PostgreSQL."""

import asyncio

import asyncpg
import typer
from sqlalchemy.exc import DBAPIError

from service.cli.app import CommandError
from service.cli.database import addresses, refuse_unfenced_role
from service.core import heap, keyring
from service.core.db.engine import make_engine
from service.core.settings import get_settings
from service.worker import run_worker

app = typer.Typer(add_completion=False, help="启动后台作业")


@app.command()
def worker() -> None:
    """Run jobs until the process is told to stop; jobs in hand are finished."""
    with addresses(get_settings()) as known:
        asyncio.run(_run(known.app_url))


async def _run(url: str) -> None:
    settings = get_settings()
    engine = make_engine(url, pool_size=settings.pool_size)
    try:
        await refuse_unfenced_role(engine)
        heap.freeze()
        await run_worker(settings, engine, url)
    except (keyring.KeyringMissing, ValueError) as error:
        raise CommandError(str(error)) from error
    except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        # whoever watches over the process starts it again; what it had in hand is picked up from the queue
        raise CommandError(f"与数据库断开了，作业进程停下：{type(error).__name__}。", code=1) from error
    finally:
        await engine.dispose()
