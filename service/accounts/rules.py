"""Roles and the scopes their work needs. The one table from which every token's rights come."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


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


_READS: Final = frozenset({"institutions:read", "catalog:read"})
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
