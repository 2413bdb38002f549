"""Tables of accounts: who may log in, for which institutions, and the refresh tokens that can be revoked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from service.core.db import fences, rows


class Account(rows.RegionRow, table=True):
    """A log-in. `password_hash` (Argon2id) is null for an account that only a service client acts for."""

    __tablename__ = "accounts"
    __table_args__ = (
        UniqueConstraint("region_id", "username", name="accounts_username_once"),
        CheckConstraint("status in ('active', 'disabled')", name="status"),
    )

    username: str
    role: str
    display_name: str
    password_hash: str | None = None
    status: str = "active"
    created_at: datetime = rows.moment()


class AccountInstitution(SQLModel, table=True):
    """An institution that an account works for."""

    __tablename__ = "account_institutions"
    __table_args__ = (rows.refers("account_id", to="accounts"), rows.refers("institution_id", to="institutions"))

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
    client_id: UUID | None = None
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
_LINK = f"{_REGION} and (institution_id = any((select app_institutions())::uuid[]) or (select app_region_wide()) or account_id = (select app_account()))"

fences.fence(Account, _SEES, adds=_REGION)
fences.fence(AccountInstitution, _LINK, verbs="select, insert")
fences.fence(RefreshToken, fences.Fence.account)

# Before anyone is logged in the fence is empty: this answers one question, for one name.
fences.definer(
    RefreshToken,
    "accounts_for_login(asked_region uuid, asked_username text)",
    "table (id uuid, role text, password_hash text, institution_ids uuid[])",
    """
select a.id, a.role, a.password_hash,
       coalesce((select array_agg(l.institution_id order by l.institution_id) from account_institutions l
                 where l.region_id = a.region_id and l.account_id = a.id), '{}')
from accounts a
where a.region_id = asked_region and a.username = asked_username and a.status = 'active'
""",
)
