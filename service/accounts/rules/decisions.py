"""What is known of accounts and log-ins, and what is decided about them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from service.accounts import errors
from service.accounts.rules.roles import (
    APPOINTS,
    NEEDS_SECOND_FACTOR,
    ROLE_SCOPES,
    SECURES,
    WORKS_SOMEWHERE,
    Role,
)
from service.core import problems


class AccountStatus(StrEnum):
    """Whether an account may log in."""

    active = "active"
    disabled = "disabled"


class SessionKind(StrEnum):
    """How a log-in came about: with a password, as a service client, or by a client for the one it acts for."""

    password = "password"  # noqa: S105 - a word, not a secret
    client = "client"
    exchange = "exchange"


class Due(StrEnum):
    """What somebody must do about his log-in before his token carries what his role may do."""

    change_password = "change-password"  # noqa: S105 - a word, not a secret
    enrol_second_factor = "enrol-second-factor"


class RefreshVerdict(StrEnum):
    """What becomes of a refresh token that is shown."""

    renew = "renew"
    reused = "reused"
    void = "void"


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account; `institution_ids` are those that the one who asks may see."""

    id: UUID
    username: str
    role: Role
    display_name: str
    status: AccountStatus
    institution_ids: tuple[UUID, ...]
    created_at: datetime
    bound_client_id: UUID | None = None
    """The service client that acts for an elder or a proxy."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account is and where it works, all institutions included: for tokens and rights, never shown."""

    id: UUID
    role: Role
    status: AccountStatus
    sessions_from: datetime | None
    institution_ids: tuple[UUID, ...]
    must_change_password: bool = False
    second_factor: bool = False

    @property
    def due(self) -> tuple[Due, ...]:
        """What he must do first."""
        unprotected = self.role in NEEDS_SECOND_FACTOR and not self.second_factor
        asked = ((Due.change_password, self.must_change_password), (Due.enrol_second_factor, unprotected))
        return tuple(due for due, is_due in asked if is_due)

    @property
    def scopes(self) -> frozenset[str]:
        """What a token of his carries today."""
        return frozenset({SECURES}) if self.due else ROLE_SCOPES[self.role]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: the address, and what the device calls itself."""

    address: str
    device: str


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A log-in that goes on; moments of real time. `client_id` is the service client that acts, where one does."""

    id: UUID
    kind: SessionKind
    client_id: UUID | None
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshFacts:
    """What is known of a refresh token and of its session; moments of real time."""

    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    session_ended: bool = False


def refuse_appointment(by: Role, own: Collection[UUID], role: Role, institution_ids: Collection[UUID]) -> None:
    """Refuse an account that the one who makes it may not make.

    `own` are the institutions he works for; an administrator of the region may name any of the region.

    Raises:
        RoleBeyondYours: the role is not his to give.
        InstitutionsDoNotFit: staff without an institution, or a role of the whole region with one.
        problems.NotFound: an institution that is not his.
    """
    if role not in APPOINTS.get(by, frozenset()):
        raise errors.RoleBeyondYours(role=str(role))
    refuse_misfit(role, institution_ids)
    if by is Role.institution_admin and not set(institution_ids) <= set(own):
        raise problems.NotFound(what="机构")


def refuse_misfit(role: Role, institution_ids: Collection[UUID]) -> None:
    """Refuse staff without an institution, and a role of the whole region with one.

    Raises:
        InstitutionsDoNotFit: it is so.
    """
    if bool(institution_ids) != (role in WORKS_SOMEWHERE):
        raise errors.InstitutionsDoNotFit(role=str(role))


def refuse_change(by: Role, own: Collection[UUID], target: Standing) -> None:
    """Refuse to change an account that is not in one's charge.

    An administrator of institutions has charge of staff who work for his institutions and for no other: he could
    otherwise take over the log-in of another institution's administrator.

    Raises:
        problems.NotFound: it is not; existence stays secret.
    """
    if by is Role.region_admin and target.role is not Role.platform_admin:
        return
    works_here_only = bool(target.institution_ids) and set(target.institution_ids) <= set(own)
    if target.role not in APPOINTS.get(by, frozenset()) or not works_here_only:
        raise problems.NotFound(what="账号")


def judge_refresh(token: RefreshFacts, standing: Standing | None, now: datetime) -> RefreshVerdict:
    """Return what becomes of a refresh token at a moment of real time.

    One that was used before means that somebody holds a copy, whatever else is true of it.
    """
    if token.used_at is not None:
        return RefreshVerdict.reused
    if token.session_ended or token.revoked_at is not None or token.expires_at <= now:
        return RefreshVerdict.void
    if standing is None or standing.status is not AccountStatus.active:
        return RefreshVerdict.void
    too_old = standing.sessions_from is not None and token.issued_at < standing.sessions_from
    return RefreshVerdict.void if too_old else RefreshVerdict.renew
