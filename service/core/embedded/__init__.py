"""The embedded PostgreSQL: a real server in a directory, shared by every process that asks for it.

`with embedded.running(data_dir) as server:` starts PostgreSQL when nobody has yet, joins it when somebody has, and lets
go at the end; the server stops by itself, cleanly, soon after its last client has left or died. It listens on a unix
socket only. For development, tests, the demo and one small site; a larger one sets XUNZHEN_DATABASE_URL and
XUNZHEN_OWNER_URL. Nothing outside the standard library is imported here.
"""

from service.core.embedded.client import EmbeddedServer, running, wait_until_stopped
from service.core.embedded.errors import EmbeddedUnavailable, StatementRefused
from service.core.embedded.provision import APP_ROLE, DATABASE, OWNER_ROLE, SUPERUSER, create_database, drop_database

__all__ = [
    "APP_ROLE",
    "DATABASE",
    "OWNER_ROLE",
    "SUPERUSER",
    "EmbeddedServer",
    "EmbeddedUnavailable",
    "StatementRefused",
    "create_database",
    "drop_database",
    "running",
    "wait_until_stopped",
]
