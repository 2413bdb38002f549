"""Several statements at once: a prepared statement of the driver takes only one."""

from typing import Any

from alembic import op


def run(script: str) -> None:
    """Run a script inside the migration's transaction."""
    adapter: Any = op.get_bind().connection.dbapi_connection
    adapter.run_async(lambda raw: raw.execute(script))
