"""The seeded region and how requests name its rows: for each operation one request that must be answered 2xx."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import pyotp
from sqlalchemy import text

from service.accounts.models import RecoveryCode, SecondFactor
from service.accounts.rules import Role
from service.core import passwords
from service.core.http import ACCESS_AUDIENCE, claims_of
from service.routing.schemas import PublicationRead
from tests.access.calls import CALLS, IDS, Call
from tests.access.scene import Scene
from tests.access.table import Relation
from tests.contract.roles import NOBODY, Caller
from tests.world import NOW

PASSWORD: Final = "一二三四五六七八九十"
TOTP_SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RECOVERY_CODE: Final = "aaaa-bbbb-cccc-dddd"
_TOKEN_SECONDS: Final = 600
_HOLE: Final = re.compile(r"(?<!\$)\{(\w+)\}")

_HAS_PASSWORD: Final = Caller(Role.nurse, Relation.own_team)
_HAS_BEGUN: Final = Caller(Role.doctor, Relation.own_team)
_HAS_FACTOR: Final = Caller(Role.therapist, Relation.own_team)

_CALLS: Final[Mapping[str, Call]] = CALLS | {
    "change_own_password": Call(body={"old_password": PASSWORD, "new_password": "十九八七六五四三二一"}),
    "begin_second_factor": Call(),
    "confirm_second_factor": Call(body={"totp_code": "{totp}"}),
    "remove_second_factor": Call(body={"totp_code": RECOVERY_CODE}),
    "register_mode": Call(
        path={"institution_id": "{bare_institution}"},
        body={"mode": "home_bed", "registration_no": "NEW-1", "valid_from": "2026-01-01"},
    ),
    # only a first tariff is entered as it is
    "add_visit_fee_tariff": Call(
        path={"institution_id": "{bare_institution}"}, body=CALLS["add_visit_fee_tariff"].body
    ),
}
"""The requests of the access test; what can be done once in an account's life is asked by one that may still do it."""

_POOLS: Final = {
    "institution_id": ("elsewhere", "bare_institution"), "person_id": ("stranger", "arriving", "unbound"),
    "account_id": ("client", "unbound_account", "new_proxy"), "practitioner_id": ("doctor",),
    "plan_id": ("solved_plan",), "programme_id": ("programme_free",),
    "order_id": (
        "draft_order", "accepted_order", "prepared_order", "arrived_order", "in_service_order", "completed_order",
        "billed_order", "reversed_order",
    ),
    "visit_id": ("prepared_visit", "arrived_visit", "completed_visit", "billed_visit", "reversed_visit"),
    "row_id": ("key_group", "coverage", "setting_row"),
}  # fmt: skip
"""Other rows of the same kind, in other states and relations, by the name of the parameter or field."""


@dataclass(repr=False)
class Seeds:
    """The scene, and what names its rows."""

    scene: Scene
    pools: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _tokens: dict[Caller, tuple[datetime, str]] = field(default_factory=dict)

    @classmethod
    async def sow(cls, scene: Scene) -> "Seeds":
        """Add to the scene what only this needs."""
        scene.keep("bare_institution", await scene.near.add_institution(modes=("round",)))
        seeds = cls(scene)
        await seeds._secure()
        await seeds._tell_publication()
        await seeds._raise_prices()
        seeds._employ()
        main = {name: where for name, where in IDS.items() if where.startswith("{")}
        for name in {*main, *_POOLS}:
            rows = [*([main[name].strip("{}")] if name in main else []), *_POOLS.get(name, ())]
            seeds.pools[name] = tuple(scene.ids[each] for each in rows)
        return seeds

    async def _secure(self) -> None:
        """Give one caller a password, one a second factor that he has not confirmed, one a factor in use."""
        near, principals = self.scene.near, self.scene.callers.principals
        cipher, region, now = near.house.cipher, {"region_id": near.region_id}, datetime.now(UTC)
        change = text("update accounts set password_hash = :hashed where region_id = :region and id = :account")
        asked = {"region": near.region_id, "account": principals[_HAS_PASSWORD.key].account_id}
        async with near.owner.begin() as connection:
            await connection.execute(change, asked | {"hashed": await passwords.hash_password(PASSWORD)})
        for caller, confirmed_at in ((_HAS_BEGUN, None), (_HAS_FACTOR, now)):
            account = {**region, "account_id": principals[caller.key].account_id}
            sealed = cipher.seal(TOTP_SECRET, context="second_factors.secret")
            await near.add(SecondFactor(**account, secret_sealed=sealed, begun_at=now, confirmed_at=confirmed_at))
            if confirmed_at:
                hashed = cipher.blind(RECOVERY_CODE, context="recovery_codes.code")
                await near.add(RecoveryCode(**account, code_hash=hashed))

    async def _tell_publication(self) -> None:
        """Let the published plan say what its publication did, as one that was published over HTTP does."""
        told = PublicationRead(
            plan_id=self.scene.id("plan"), published_at=NOW, orders=1, appointments=6, left_out=[],
            returned_order_ids=[], superseded_plan_id=None,
        )  # fmt: skip
        change = text("update plans set publication = cast(:told as jsonb) where id = :plan")
        async with self.scene.near.owner.begin() as connection:
            await connection.execute(change, {"told": told.model_dump_json(), "plan": told.plan_id})

    async def _raise_prices(self) -> None:
        """Let every price be another one than what was settled, so that settling again changes a bill."""
        change = text("update price_rows set unit_price = unit_price + 1 where region_id = :region")
        async with self.scene.near.owner.begin() as connection:
            await connection.execute(change, {"region": self.scene.near.region_id})

    def _employ(self) -> None:
        """Let those who keep prices keep those of the institution without a tariff too."""
        principals, ids = self.scene.callers.principals, self.scene.ids
        for key, each in list(principals.items()):
            if key[0] in {Role.finance, Role.institution_admin} and UUID(ids["institution"]) in each.institution_ids:
                bare = UUID(ids["bare_institution"])
                principals[key] = replace(each, institution_ids=(*each.institution_ids, bare))

    def headers(self, caller: Caller) -> dict[str, str]:
        """Return the headers of a caller: a token that is still good for half of its life at least."""
        if caller == NOBODY:
            return {}
        now, principal = datetime.now(UTC), self.scene.callers.principals[caller.key]
        signed, token = self._tokens.get(caller, (None, ""))
        if signed is None or (now - signed).total_seconds() > _TOKEN_SECONDS / 2:
            token = self.scene.near.house.signer.sign(
                claims_of(principal), audience=ACCESS_AUDIENCE, now=now, seconds=_TOKEN_SECONDS
            )
            self._tokens[caller] = now, token
        return {"Authorization": f"Bearer {token}"}

    def call(self, operation: str, caller: Caller, path_names: list[str]) -> Call:
        """Return the seeded request of an operation, with every hole filled; `path` holds every path parameter."""
        call, fill = _CALLS.get(operation, Call()), self._filler(caller)
        path = {name: fill(call.path.get(name) or IDS[name]) for name in path_names}
        return replace(call, path=path, query=fill(dict(call.query)), body=fill(call.body))

    def _filler(self, caller: Caller) -> Any:
        principal = self.scene.callers.principals.get(caller.key)
        ids = self.scene.ids | {"totp": pyotp.TOTP(TOTP_SECRET).now()}

        def fill(value: Any) -> Any:
            match value:
                case "@session":
                    return str(principal.session_id) if principal else ids["session"]
                case str():
                    return _HOLE.sub(lambda found: ids[found[1]], value)
                case dict():
                    return {name: fill(each) for name, each in value.items()}
                case list():
                    return [fill(each) for each in value]
            return value

        return fill
