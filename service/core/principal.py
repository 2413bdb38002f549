"""Who is asking: the facts of a verified access token, and the fence that the database is told about."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Fence:
    """What a transaction may see: set as `app.*` settings that row-level security reads.

    A request's fence comes from its principal, a job's from its payload. `region_wide` opens the region's own rows
    (institutions, programmes, accounts), never an institution's or a person's.
    """

    region_id: UUID | None = None
    institution_ids: tuple[UUID, ...] = ()
    account_id: UUID | None = None
    region_wide: bool = False
    session_id: UUID | None = None
    """The log-in that asks; the transaction is not opened when it is over. None where no log-in is behind it."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A logged-in account. `client_id` is the service client that acts for it; `session_id` the log-in."""

    account_id: UUID
    region_id: UUID
    role: str
    scopes: frozenset[str]
    institution_ids: tuple[UUID, ...] = ()
    client_id: UUID | None = None
    session_id: UUID | None = None
    expires_at: datetime | None = field(default=None, compare=False)

    def may(self, scope: str) -> bool:
        """Return whether the token carries a scope."""
        return scope in self.scopes

    @property
    def fence(self) -> Fence:
        """Return what the database lets this principal's transactions see."""
        return Fence(
            self.region_id,
            self.institution_ids,
            self.account_id,
            region_wide=self.may("region:write"),
            session_id=self.session_id,
        )
