"""Tables of accounts: who may log in, for which institutions, how often it was tried, and the sessions that live."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.accounts import functions, rules
from service.core.db import fences, rows

_RESIDENTS = ", ".join(repr(str(role)) for role in sorted(rules.ACTED_FOR))


class Account(rows.RegionRow, table=True):
    """A log-in. `password_hash` (Argon2id) is null for an account that only a service client acts for.

    Sessions opened before `sessions_from` (real time) are over: the account was disabled, or got another password from
    somebody else, which he then must change first. `bound_client_id` is the one service client that acts for an elder
    or a proxy: the one that opened the account, until the region's administration names another or none.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("region_id", "username", name="accounts_username_once"),
        CheckConstraint(f"role in ({', '.join(repr(str(role)) for role in rules.Role)})", name="role"),
        CheckConstraint("status in ('active', 'disabled')", name="status"),
        rows.refers("bound_client_id", to="accounts"),
        CheckConstraint(f"bound_client_id is null or role in ({_RESIDENTS})", name="only_residents_are_bound"),
    )

    username: str
    role: str
    display_name: str
    password_hash: str | None = None
    status: str = "active"
    created_at: datetime = rows.moment()
    sessions_from: datetime | None = rows.moment(nullable=True, default=None)
    must_change_password: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    bound_client_id: UUID | None = None


class AccountInstitution(SQLModel, table=True):
    """An institution that an account works for."""

    __tablename__ = "account_institutions"
    __table_args__ = (
        rows.refers("account_id", to="accounts"),
        rows.refers("institution_id", to="institutions"),
        Index("ix_account_institutions_colleagues", "region_id", "institution_id"),  # list_accounts of an institution
    )

    region_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    institution_id: UUID = Field(primary_key=True)


class AccountSession(rows.RegionRow, table=True):
    """A log-in that goes on until it expires or is ended; every access token names one, and its refresh tokens do.

    Moments of real time. `last_used_at` is when it last got a token. `client_id` is the service client that acts.
    """

    __tablename__ = "sessions"
    __table_args__ = (
        rows.refers("account_id", to="accounts"),
        rows.refers("client_id", to="accounts"),
        CheckConstraint(f"kind in ({', '.join(repr(str(kind)) for kind in rules.SessionKind)})", name="kind"),
        CheckConstraint("(client_id is not null) = (kind = 'exchange')", name="client_acts"),
        Index("ix_sessions_account", "region_id", "account_id", "expires_at"),  # one's own sessions
        Index("ix_sessions_client", "region_id", "client_id"),  # those that a client opened
    )

    account_id: UUID
    kind: str
    client_id: UUID | None = None
    device: str
    address: str
    created_at: datetime = rows.moment()
    last_used_at: datetime = rows.moment()
    expires_at: datetime = rows.moment()
    revoked_at: datetime | None = rows.moment(nullable=True, default=None)


class RefreshToken(rows.RegionRow, table=True):
    """A refresh token of the session `family_id`: used once; its use a second time ends the session.

    Whoever shows it again, somebody has a copy.
    """

    __tablename__ = "refresh_tokens"
    __table_args__ = (
        rows.refers("account_id", to="accounts"),
        UniqueConstraint("secret_hash", name="refresh_tokens_secret_once"),
        Index("ix_refresh_tokens_family", "region_id", "family_id"),  # revoke_family
    )

    account_id: UUID
    family_id: UUID
    secret_hash: bytes
    issued_at: datetime = rows.moment()
    expires_at: datetime = rows.moment()
    used_at: datetime | None = rows.moment(nullable=True, default=None)
    revoked_at: datetime | None = rows.moment(nullable=True, default=None)


class SecondFactor(SQLModel, table=True):
    """An account's TOTP secret; it counts once a code of it was shown."""

    __tablename__ = "second_factors"
    __table_args__ = (rows.refers("account_id", to="accounts"),)

    region_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    secret_sealed: bytes
    begun_at: datetime = rows.moment()
    confirmed_at: datetime | None = rows.moment(nullable=True, default=None)


class SecondFactorUse(SQLModel, table=True):
    """A TOTP code that was good, by its step of 30 seconds: it is good once."""

    __tablename__ = "second_factor_uses"
    __table_args__ = (rows.refers("account_id", to="accounts"),)

    region_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    step: int = Field(primary_key=True, sa_type=BigInteger)


class RecoveryCode(SQLModel, table=True):
    """A code for the day on which the telephone is lost; good once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (rows.refers("account_id", to="accounts"),)

    region_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    code_hash: bytes = Field(primary_key=True)
    used_at: datetime | None = rows.moment(nullable=True, default=None)


class OldPassword(rows.RegionRow, table=True):
    """A password (Argon2id) that an account had before; not to be used again soon."""

    __tablename__ = "old_passwords"
    __table_args__ = (
        rows.refers("account_id", to="accounts"),
        Index("ix_old_passwords_account", "region_id", "account_id", "replaced_at"),  # the last few
    )

    account_id: UUID
    password_hash: str
    replaced_at: datetime = rows.moment()


class LogInAttempt(SQLModel, table=True):
    """How often a name or an address was tried in vain. Nobody's row: keys are keyed hashes, of unknown names as well.

    Only the functions that take and give back attempts reach it.
    """

    __tablename__ = "log_in_attempts"
    __table_args__ = (Index("ix_log_in_attempts_ends_at", "ends_at"),)  # what is over is cleared away

    key: bytes = Field(primary_key=True)
    failures: int
    ends_at: datetime = rows.moment()


# An institution's administrator sees and adds the accounts of people who work there.
_COLLEAGUE = (
    "exists (select 1 from account_institutions l where l.region_id = accounts.region_id"
    " and l.account_id = accounts.id and l.institution_id = any((select app_institutions())::uuid[]))"
)
_SEES = f"{fences.Fence.region} and (id = (select app_account()) or (select app_region_wide()) or {_COLLEAGUE})"
_REGION = str(fences.Fence.region)
_THEIRS = "institution_id = any((select app_institutions())::uuid[]) or (select app_region_wide())"
# Whoever gets past the application may still not appoint an administrator of the region, or himself anywhere; who
# inspects the institutions or administers the region is not theirs to change, and who founds regions is nobody's.
_REGIONS = ", ".join(repr(str(role)) for role in sorted(rules.BY_THE_REGION))
_APPOINTS = (
    f"{_REGION} and role <> 'platform_admin' and ((select app_region_wide()) or role in ({_RESIDENTS})"
    f" or (role not in ({_REGIONS}) and cardinality((select app_institutions())) > 0))"
    # whoever opens an account for a resident binds it to nobody but himself
    " and (bound_client_id is null or bound_client_id = (select app_account()) or (select app_region_wide()))"
)
_CHANGES = (
    f"{_REGION} and (id = (select app_account()) or (role <> 'platform_admin'"
    f" and ((select app_region_wide()) or (role not in ({_REGIONS}) and {_COLLEAGUE}))))"
)
# Theirs who may change the account: the one himself, and who administers him.
_HIS = " ".join(
    (
        "exists (select 1 from accounts where accounts.region_id = {table}.region_id and accounts.id = account_id and",
        _CHANGES,
        ")",
    )
)

fences.fence(Account, _SEES, adds=_APPOINTS, changes=_CHANGES)
# nobody's role or name changes: another role is another account
fences.statement(Account, f"revoke update on accounts from {fences.APP_ROLE}")
fences.statement(
    Account,
    "grant update (display_name, password_hash, status, sessions_from, must_change_password, bound_client_id)"
    f" on accounts to {fences.APP_ROLE}",
)
fences.fence(
    AccountInstitution,
    f"{_REGION} and ({_THEIRS} or account_id = (select app_account()))",
    adds=f"{_REGION} and ({_THEIRS})",
    verbs="select, insert",
)
_SELF = f"{_REGION} and account_id = (select app_account())"
# Past the application, too, a client opens a session only for one who is bound to it.
_BOUND = (
    "(client_id is null or exists (select 1 from accounts where accounts.region_id = sessions.region_id"
    " and accounts.id = account_id and accounts.bound_client_id = client_id))"
)
fences.fence(RefreshToken, fences.Fence.account)
fences.fence(
    AccountSession,
    f"{_REGION} and {_HIS.format(table='sessions')}",
    adds=f"{_SELF} and {_BOUND}",
    verbs="select, insert, update, delete",
)
fences.fence(
    SecondFactor,
    f"{_REGION} and {_HIS.format(table='second_factors')}",
    adds=_SELF,
    verbs="select, insert, update, delete",
)
fences.fence(SecondFactorUse, _SELF, verbs="select, insert, delete")
fences.fence(
    RecoveryCode,
    f"{_REGION} and {_HIS.format(table='recovery_codes')}",
    adds=_SELF,
    verbs="select, insert, update, delete",
)
fences.fence(OldPassword, f"{_REGION} and {_HIS.format(table='old_passwords')}", verbs="select, insert")
fences.statement(LogInAttempt, "alter table log_in_attempts enable row level security")

functions.create(Account)
