"""Roles and the scopes their work needs, the one table from which every token's rights come; who may appoint whom."""

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
    pharmacist = "pharmacist"
    public_health_doctor = "public_health_doctor"
    village_doctor = "village_doctor"
    care_worker = "care_worker"
    driver = "driver"
    dispatcher = "dispatcher"
    phone_agent = "phone_agent"
    care_home_staff = "care_home_staff"
    finance = "finance"
    inspector = "inspector"
    civil_affairs_reader = "civil_affairs_reader"
    institution_admin = "institution_admin"
    region_admin = "region_admin"
    platform_admin = "platform_admin"
    service_client = "service_client"


SECURES: Final = "accounts:secure"
"""To mend one's own log-in: another password, a second factor. All that a token carries while either is due."""
_SELF: Final = frozenset({"accounts:own", SECURES})
_READS: Final = _SELF | {"institutions:read", "catalog:read"}
_OWN: Final = _READS | {
    "patients:read",
    "diagnoses:read",
    "orders:read",
    "orders:place",
    "orders:cancel",
    "visits:read",
    "visits:consent",
    "files:read",
    "bills:read",
}
_AT_THE_DOOR: Final = _READS | {
    "patients:read",
    "diagnoses:read",
    "practitioners:read",
    "orders:read",
    "visits:read",
    "visits:perform",
    "visits:consent",
    "files:read",
    "files:write",
    "contracts:read",
    "beds:read",
    "plans:read",
}
_BOOKS: Final = frozenset({"orders:read", "orders:place", "orders:cancel", "patients:read"})
_ON_THE_ROAD: Final = _READS | {"plans:read"}

ROLE_SCOPES: Final[Mapping[Role, frozenset[str]]] = {
    Role.elder: _OWN | {"accesses:read", "proxies:grant", "contracts:read", "beds:read"},
    Role.family_proxy: _OWN | {"contracts:read", "beds:read"},
    Role.doctor: _AT_THE_DOOR
    | {
        "contracts:write",
        "entitlements:use",
        "beds:write",
        "patients:write",
        "diagnoses:write",
        "orders:place",
        "orders:cancel",
        "orders:decide",
    },
    Role.nurse: _AT_THE_DOOR,
    Role.therapist: _AT_THE_DOOR,
    # goes to doors as well: a home bed's medicines are guided there
    Role.pharmacist: _AT_THE_DOOR,
    # registers people and asks for their follow-ups; contracts and beds are the treating doctor's
    Role.public_health_doctor: _AT_THE_DOOR | {"patients:write", "diagnoses:write", "orders:place", "orders:cancel"},
    # signs for his village and goes there; a bed is opened and an order decided at the centre he belongs to
    Role.village_doctor: _AT_THE_DOOR
    | {"contracts:write", "entitlements:use", "patients:write", "diagnoses:write", "orders:place", "orders:cancel"},
    Role.care_worker: _ON_THE_ROAD,
    Role.driver: _ON_THE_ROAD,
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
        "files:read",
        "files:write",
        "notices:read",
        "contracts:read",
        "beds:read",
        "bills:read",
    },
    Role.phone_agent: _READS | _BOOKS | {"entitlements:use", "patients:write", "notices:read"},
    Role.care_home_staff: _READS | _BOOKS,
    Role.finance: _READS
    | {
        "catalog:write",
        "visits:read",
        "orders:read",
        "patients:read",
        "bills:read",
        "bills:settle",
        "bills:reverse",
        "statements:read",
    },
    # reads what was done and charged at the institutions named in the account; no person's file
    Role.inspector: _READS | {"practitioners:read", "orders:read", "visits:read", "files:read", "bills:read"},
    Role.civil_affairs_reader: _SELF | {"reports:ratios"},
    Role.institution_admin: _READS
    | {
        "accesses:read",
        "institutions:write",
        "accounts:read",
        "accounts:write",
        "practitioners:read",
        "practitioners:write",
        "patients:read",
        "patients:write",
        "diagnoses:read",
        "proxies:grant",
        "catalog:write",
        "contracts:read",
        "contracts:write",
        "entitlements:use",
        "beds:read",
        "beds:write",
        "orders:read",
        "plans:read",
        "visits:read",
        "files:read",
        "notices:read",
        "bills:read",
        "statements:read",
    },
    Role.region_admin: _READS
    | {"region:write", "institutions:write", "accounts:read", "accounts:write", "reports:ratios"},
    # founds regions; within one he sees nothing
    Role.platform_admin: _SELF | {"platform:read", "platform:write"},
    # of its own it may only make accounts for elders and proxies; everything else it does as the one it acts for
    Role.service_client: _READS | {"accounts:bind"},
}
"""Role → scopes. `region:write` opens the region's own rows (institutions, areas, programmes), never a person's."""

ACTED_FOR: Final = frozenset({Role.elder, Role.family_proxy})
"""Roles without a password of their own: a service client acts for them."""
NEEDS_SECOND_FACTOR: Final = frozenset({Role.region_admin, Role.platform_admin})
"""Roles that may do nothing but enrol a second factor until they have one."""
_STAFF: Final = frozenset(
    {
        Role.doctor,
        Role.nurse,
        Role.therapist,
        Role.pharmacist,
        Role.public_health_doctor,
        Role.village_doctor,
        Role.care_worker,
        Role.driver,
        Role.dispatcher,
        Role.phone_agent,
        Role.care_home_staff,
        Role.finance,
        Role.institution_admin,
    }
)
WORKS_SOMEWHERE: Final = _STAFF | {Role.inspector}
"""Roles whose account names the institutions it works for; an inspector's, those that he inspects."""
BY_THE_REGION: Final = frozenset({Role.inspector, Role.civil_affairs_reader, Role.region_admin, Role.service_client})
"""Roles that only the region gives: nobody appoints the one who inspects him."""
APPOINTS: Final[Mapping[Role, frozenset[Role]]] = {
    Role.region_admin: _STAFF | BY_THE_REGION,
    Role.institution_admin: _STAFF,
    Role.service_client: ACTED_FOR,
}
"""Role → roles of the accounts it may make: never one that may do more than itself.

A platform administrator names the first administrator of each region that he founds; his own account is made at the
server's console. Roles that are not listed appoint nobody.
"""
