"""Tables of accounts: who may log in, for which institutions, and the refresh tokens that can be revoked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.accounts import rules
from service.core.db import fences, rows


class Account(rows.RegionRow, table=True):
    """A log-in. `password_hash` (Argon2id) is null for an account that only a service client acts for.

    Refresh tokens issued before `sessions_from` (real time) are void: the account was disabled or got another password.
    """

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("region_id", "username", name="accounts_username_once"),
        CheckConstraint(f"role in ({', '.join(repr(str(role)) for role in rules.Role)})", name="role"),
        CheckConstraint("status in ('active', 'disabled')", name="status"),
    )

    username: str
    role: str
    display_name: str
    password_hash: str | None = None
    status: str = "active"
    created_at: datetime = rows.moment()
    sessions_from: datetime | None = rows.moment(nullable=True, default=None)


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


class RefreshToken(rows.RegionRow, table=True):
    """A refresh token: used once; its use a second time revokes the whole family (somebody has a copy)."""

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


# An institution's administrator sees and adds the accounts of people who work there.
_COLLEAGUE = (
    "exists (select 1 from account_institutions l where l.region_id = accounts.region_id"
    " and l.account_id = accounts.id and l.institution_id = any((select app_institutions())::uuid[]))"
)
_SEES = f"{fences.Fence.region} and (id = (select app_account()) or (select app_region_wide()) or {_COLLEAGUE})"
_REGION = str(fences.Fence.region)
_THEIRS = "institution_id = any((select app_institutions())::uuid[]) or (select app_region_wide())"
# Whoever gets past the application may still not appoint an administrator of the region, or himself anywhere.
_APPOINTS = (
    f"{_REGION} and ((select app_region_wide()) or role in ('elder', 'family_proxy')"
    " or (role not in ('region_admin', 'service_client') and cardinality((select app_institutions())) > 0))"
)

fences.fence(Account, _SEES, adds=_APPOINTS)
# nobody's role or name changes: another role is another account
fences.statement(Account, f"revoke update on accounts from {fences.APP_ROLE}")
fences.statement(
    Account,
    f"grant update (display_name, password_hash, status, sessions_from) on accounts to {fences.APP_ROLE}",
)
fences.fence(
    AccountInstitution,
    f"{_REGION} and ({_THEIRS} or account_id = (select app_account()))",
    adds=f"{_REGION} and ({_THEIRS})",
    verbs="select, insert",
)
fences.fence(RefreshToken, fences.Fence.account)

# Before anyone is logged in the fence is empty: each of these answers one question, about one account or token.
fences.definer(
    RefreshToken,
    "accounts_works_for(asked_region uuid, asked_account uuid)",
    "uuid[]",
    """
select coalesce(array_agg(l.institution_id order by l.institution_id), '{}') from account_institutions l
where l.region_id = asked_region and l.account_id = asked_account
""",
)
fences.definer(
    RefreshToken,
    "accounts_for_login(asked_region uuid, asked_username text)",
    "table (id uuid, role text, password_hash text, institution_ids uuid[])",
    """
select a.id, a.role, a.password_hash, accounts_works_for(a.region_id, a.id)
from accounts a
where a.region_id = asked_region and a.username = asked_username and a.status = 'active'
""",
)
fences.definer(
    RefreshToken,
    "accounts_standing(asked_region uuid, asked_account uuid)",
    "table (id uuid, role text, status text, sessions_from timestamptz, institution_ids uuid[])",
    """
select a.id, a.role, a.status, a.sessions_from, accounts_works_for(a.region_id, a.id)
from accounts a
where a.region_id = asked_region and a.id = asked_account
""",
)
fences.definer(
    RefreshToken,
    "accounts_token_holder(asked_region uuid, asked_token uuid)",
    "table (account_id uuid, secret_hash bytea)",
    """
select t.account_id, t.secret_hash from refresh_tokens t where t.region_id = asked_region and t.id = asked_token
""",
)
