"""Roles and the scopes their work needs, the one table from which every token's rights come; who may appoint whom."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from service.accounts import errors
from service.core import problems


class Role(StrEnum):
    """Who people are to the system."""

    elder = "elder"
    family_proxy = "family_proxy"
    doctor = "doctor"
    nurse = "nurse"
    therapist = "therapist"
    dispatcher = "dispatcher"
    finance = "finance"
    institution_admin = "institution_admin"
    region_admin = "region_admin"
    service_client = "service_client"


_READS: Final = frozenset({"accounts:own", "institutions:read", "catalog:read"})
_OWN: Final = _READS | {"patients:read", "orders:read", "orders:place", "orders:cancel", "visits:read", "bills:read"}
_AT_THE_DOOR: Final = _READS | {
    "patients:read",
    "practitioners:read",
    "orders:read",
    "visits:read",
    "visits:perform",
    "contracts:read",
    "beds:read",
    "plans:read",
}

ROLE_SCOPES: Final[Mapping[Role, frozenset[str]]] = {
    Role.elder: _OWN | {"proxies:grant", "contracts:read", "beds:read"},
    Role.family_proxy: _OWN | {"contracts:read", "beds:read"},
    Role.doctor: _AT_THE_DOOR
    | {"contracts:write", "beds:write", "patients:write", "orders:place", "orders:cancel", "orders:decide"},
    Role.nurse: _AT_THE_DOOR,
    Role.therapist: _AT_THE_DOOR,
    Role.dispatcher: _READS
    | {
        "patients:read",
        "patients:write",
        "proxies:grant",
        "practitioners:read",
        "orders:read",
        "orders:place",
        "orders:cancel",
        "orders:decide",
        "plans:read",
        "plans:write",
        "visits:read",
        "visits:decide",
        "contracts:read",
        "beds:read",
        "bills:read",
    },
    Role.finance: _READS
    | {"catalog:write", "visits:read", "orders:read", "patients:read", "bills:read", "bills:settle", "bills:reverse"},
    Role.institution_admin: _READS
    | {
        "institutions:write",
        "accounts:read",
        "accounts:write",
        "practitioners:read",
        "practitioners:write",
        "patients:read",
        "patients:write",
        "proxies:grant",
        "catalog:write",
        "contracts:read",
        "contracts:write",
        "beds:read",
        "beds:write",
        "orders:read",
        "plans:read",
        "visits:read",
        "bills:read",
    },
    Role.region_admin: _READS
    | {"region:write", "institutions:write", "accounts:read", "accounts:write", "catalog:write"},
    # of its own it may only make accounts for elders and proxies; everything else it does as the one it acts for
    Role.service_client: _READS | {"accounts:bind"},
}
"""Role → scopes. `region:write` opens the region's own rows (institutions, areas, programmes), never a person's."""

ACTED_FOR: Final = frozenset({Role.elder, Role.family_proxy})
"""Roles without a password of their own: a service client acts for them."""
_STAFF: Final = frozenset(
    {Role.doctor, Role.nurse, Role.therapist, Role.dispatcher, Role.finance, Role.institution_admin}
)
APPOINTS: Final[Mapping[Role, frozenset[Role]]] = {
    Role.region_admin: _STAFF | {Role.region_admin, Role.service_client},
    Role.institution_admin: _STAFF,
    Role.service_client: ACTED_FOR,
}
"""Role → roles of the accounts it may make: never one that may do more than itself."""


class AccountStatus(StrEnum):
    """Whether an account may log in."""

    active = "active"
    disabled = "disabled"


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


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account is and where it works, all institutions included: for tokens and rights, never shown."""

    id: UUID
    role: Role
    status: AccountStatus
    sessions_from: datetime | None
    institution_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class RefreshFacts:
    """What is known of a refresh token; moments of real time."""

    issued_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None


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
    if bool(institution_ids) != (role in _STAFF):
        raise errors.InstitutionsDoNotFit(role=str(role))
    if by is Role.institution_admin and not set(institution_ids) <= set(own):
        raise problems.NotFound(what="机构")


def refuse_change(by: Role, own: Collection[UUID], target: Standing) -> None:
    """Refuse to change an account that is not in one's charge.

    An administrator of institutions has charge of staff who work for his institutions and for no other: he could
    otherwise take over the log-in of another institution's administrator.

    Raises:
        problems.NotFound: it is not; existence stays secret.
    """
    if by is Role.region_admin:
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
    if token.revoked_at is not None or token.expires_at <= now:
        return RefreshVerdict.void
    if standing is None or standing.status is not AccountStatus.active:
        return RefreshVerdict.void
    too_old = standing.sessions_from is not None and token.issued_at < standing.sessions_from
    return RefreshVerdict.void if too_old else RefreshVerdict.renew
