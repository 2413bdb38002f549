"""What a new cluster is given: the roles, the database and its extensions; and databases for tests.

The service connects as `xunzhen_app`, which owns nothing, creates nothing and is bound by row-level security;
`xunzhen_owner` owns the database and runs the migrations. Extensions go into template1, so that every new database has
them. The statements are psql's: `:"name"` is a quoted identifier, `:'name'` a quoted text.
"""

from pathlib import Path
from typing import Final, Protocol

from service.core.embedded import binaries, layout, programs
from service.core.embedded.errors import StatementRefused

SUPERUSER: Final = "postgres"
OWNER_ROLE: Final = "xunzhen_owner"
APP_ROLE: Final = "xunzhen_app"
DATABASE: Final = "xunzhen"
VERSION: Final = "1"
"""Counts up when the statements change; an older cluster is then brought up to date at its next start."""

ROLES: Final = r"""
SELECT format('CREATE ROLE %I', role) FROM (VALUES (:'owner'), (:'app')) wanted (role)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) \gexec
ALTER ROLE :"owner" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
ALTER ROLE :"app" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
"""
CONTENTS: Final = """
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
GRANT USAGE ON SCHEMA public TO :"app";
"""
FIRST_DATABASE: Final = r"""
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'owner')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
"""
CREATE: Final = 'CREATE DATABASE :"name" OWNER :"owner" TEMPLATE :"template";'
DROP: Final = 'DROP DATABASE IF EXISTS :"name" WITH (FORCE);'
OPEN_TO_APP: Final = """
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO :"app";
"""


class Reachable(Protocol):
    """A server's address."""

    @property
    def socket_dir(self) -> Path:
        """The directory of its socket."""

    @property
    def port(self) -> int:
        """The number in the socket's name."""


def provision(home: layout.Home) -> None:
    """Give the running cluster its roles, database and extensions, unless it has them; may be interrupted and repeated.

    Raises:
        StatementRefused: PostgreSQL refused, for example because it was built without the extensions.
    """
    if home.provisioned.exists() and home.provisioned.read_text() == VERSION:
        return
    in_template = f"{ROLES}\\connect template1\n{CONTENTS}"
    in_database = f'\\connect :"name"\n{CONTENTS}'
    script = f"{in_template}\\connect {SUPERUSER}\n{FIRST_DATABASE}{OPEN_TO_APP}{in_database}"
    _psql(home.socket_dir(), layout.PORT, script, name=DATABASE)
    home.provisioned.write_text(VERSION)


def create_database(server: Reachable, name: str, template: str | None = None) -> None:
    """Create a database owned by the owner role and open to the app role, as a copy of `template` (default: template1).

    Raises:
        StatementRefused: the name is taken, or somebody is connected to the template.
    """
    _psql(server.socket_dir, server.port, CREATE + OPEN_TO_APP, name=name, template=template or "template1")


def drop_database(server: Reachable, name: str) -> None:
    """Drop a database together with every connection to it; one that does not exist counts as dropped.

    Raises:
        StatementRefused: PostgreSQL refused.
    """
    _psql(server.socket_dir, server.port, DROP, name=name)


def _psql(socket_dir: Path, port: int, script: str, **names: str) -> None:
    psql = [str(binaries.find() / "psql"), "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1"]
    where = ["-h", str(socket_dir), "-p", str(port), "-U", SUPERUSER, "-d", SUPERUSER]
    variables = [f"{name}={value}" for name, value in {"owner": OWNER_ROLE, "app": APP_ROLE, **names}.items()]
    try:
        programs.run([*psql, *where, *(part for variable in variables for part in ("-v", variable))], given=script)
    except programs.ProgramFailed as refused:
        raise StatementRefused(str(refused)) from refused
