"""The queue's own tables, as pgqueuer makes them, and what the application's role may do with them."""

from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment

from service.core.db.fences import APP_ROLE


def script() -> str:
    """Return the statements that install the queue; they hold ids only, so no fence is needed."""
    grants = f"""
grant select, insert, update, delete on pgqueuer, pgqueuer_log, pgqueuer_schedules, pgqueuer_statistics to {APP_ROLE};
grant usage, select on all sequences in schema public to {APP_ROLE};
"""
    return QueryBuilderEnvironment().build_install_query() + grants


def removal() -> str:
    """Return the statements that remove the queue."""
    return QueryBuilderEnvironment().build_uninstall_query()
