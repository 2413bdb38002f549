"""Who asks: for each role and relation one account, logged in, that stands so to the seeded rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from service.accounts.rules import Role
from service.core.dates import moments
from service.core.ids import new_id
from service.core.principal import Principal
from service.patients.models import CareRelation
from tests.access.table import Relation
from tests.world import NOW, World

DOOR_STAFF: Final = (
    Role.doctor, Role.nurse, Role.therapist, Role.pharmacist, Role.public_health_doctor, Role.village_doctor,
)  # fmt: skip
"""Who goes to the door, and is in the crew of every seeded visit under the relation `own_team`."""
STAFF: Final = (
    *DOOR_STAFF, Role.care_worker, Role.driver, Role.dispatcher, Role.phone_agent, Role.care_home_staff, Role.finance,
    Role.inspector, Role.institution_admin,
)  # fmt: skip
REGIONAL: Final = (Role.civil_affairs_reader, Role.region_admin, Role.platform_admin)
_LICENSED: Final = (Role.nurse, Role.therapist, Role.pharmacist, Role.village_doctor)
_LIVE: Final = (Relation.proxied, Relation.proxied_view)
_VIEW: Final = ["view"]
_ALL: Final = ["view", "book", "pay"]
_PERSONAL: Final = (
    Relation.own, Relation.proxied, Relation.proxied_view, Relation.proxied_ended, Relation.stranger,
)  # fmt: skip


@dataclass
class Callers:
    """The accounts of both regions; `near` holds the rows that are asked for, `far` is another region."""

    near: World
    far: World
    elsewhere_id: UUID
    """The other institution of the region."""
    principals: dict[tuple[str, Relation], Principal] = field(default_factory=dict)
    tokens: dict[tuple[str, Relation], str] = field(default_factory=dict)
    helper: Principal = field(init=False)
    """A nurse of the other institution, sent to one door of this one by agreement; she has no column of the table."""
    helper_token: str = ""
    crew: dict[str, UUID] = field(default_factory=dict)
    """Role → the practitioner who is in the crew."""

    async def log_in(self, person_id: UUID, stranger_id: UUID) -> None:
        """Open an account for every role and relation; `person_id` is whom the rows are about."""
        await self._people(person_id, stranger_id)
        await self._staff()
        for role in REGIONAL:
            await self._stand(self.near, role, Relation.own_region)
        client = await self._stand(self.near, Role.service_client, Relation.own_region)
        for relation in _PERSONAL:
            acted_for = self.principals[Role.elder, relation]
            self.principals[Role.service_client, relation] = replace(
                acted_for, client_id=client.account_id, session_id=new_id()
            )
        for role in Role:
            await self._stand(self.far, role, Relation.other_region)
        for stands, principal in self.principals.items():
            world = self.far if stands[1] is Relation.other_region else self.near
            self.tokens[stands] = await world.open_session(principal)

    async def _people(self, person_id: UUID, stranger_id: UUID) -> None:
        own = await self._stand(self.near, Role.elder, Relation.own)
        await self.near.add_relation(person_id, own.account_id)
        for role in (Role.elder, Role.family_proxy):
            for relation in _LIVE:
                proxy = await self._stand(self.near, role, relation)
                rights = _ALL if relation is Relation.proxied else _VIEW
                await self.near.add(_proxy(self.near, person_id, proxy.account_id, rights))
            ended = await self._stand(self.near, role, Relation.proxied_ended)
            over = NOW - timedelta(days=1)
            await self.near.add(_proxy(self.near, person_id, ended.account_id, _ALL, over))
            stranger = await self._stand(self.near, role, Relation.stranger)
            if role is Role.elder:
                await self.near.add_relation(stranger_id, stranger.account_id)
            else:
                await self.near.add(_proxy(self.near, stranger_id, stranger.account_id, _ALL))

    async def _staff(self) -> None:
        for role in STAFF:
            await self._stand(self.near, role, Relation.own_institution, (self.near.institution_id,))
            await self._stand(self.near, role, Relation.other_institution, (self.elsewhere_id,))
        for role in DOOR_STAFF:
            member = await self._stand(self.near, role, Relation.own_team, (self.near.institution_id,))
            licence: str = role if role in _LICENSED else "doctor"
            self.crew[role] = await self.near.add_practitioner(role=licence, account_id=member.account_id)

    async def _stand(
        self, world: World, role: Role, relation: Relation, institution_ids: Iterable[UUID] = ()
    ) -> Principal:
        ids = tuple(institution_ids)
        if relation is Relation.other_region and role in STAFF:
            ids = (world.institution_id,)
        account_id = await world.add_account(role, *ids)
        principal = replace(world.principal(role, account_id, ids), session_id=new_id())
        self.principals[role, relation] = principal
        return principal


def _proxy(
    world: World, person_id: UUID, account_id: UUID, rights: list[str], until: datetime | None = None
) -> CareRelation:
    return CareRelation(
        region_id=world.region_id, person_id=person_id, kind="proxy", account_id=account_id, relation="child",
        rights=rights, during=moments(NOW - timedelta(days=30), until), because="本人授权",
    )  # fmt: skip
