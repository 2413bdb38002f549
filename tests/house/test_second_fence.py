"""The second fence: past the application's own checks, nobody's row of another institution or region is reached.

The rows are those of the access test; everything here is plain SQL, or a room's repository, as the application's role.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from service import schema
from service.accounts.models import OldPassword, SecondFactorUse
from service.accounts.rules import Role
from service.billing.models import SettlementRefusal
from service.core import embedded, problems
from service.core.audit.models import AuditCheck, AuditSeal
from service.core.db.fences import APP_ROLE
from service.core.db.session import raise_fence
from service.core.http import House
from service.core.principal import Fence, Principal
from tests.access import repositories
from tests.access.scene import Scene, found
from tests.access.table import Relation
from tests.house.test_fences import UNFENCED
from tests.world import NOW

pytestmark = pytest.mark.database

OPEN = {
    "districts": "the region's map",
    "institutions": "the directory: where one can be treated",
    "stations": "the directory",
    "service_modes": "what an institution's licence names is public",
    "setting_rows": "the rules by which people are served",
    "service_items": "the region's list of services",
    "programmes": "who pays for what",
    "programme_items": "who pays for what",
    "insurance_rules": "who pays for what",
    "ltci_rules": "who pays for what",
    "institution_designations": "where an insurance pays is published",
    "institution_levels": "which price book holds is published",
    "per_diem_agreements": "who pays for what",
    "price_limits": "how often something is charged is published",
    "reduction_rules": "what is taken off for whom is published",
    "price_rows": "prices are displayed (明码标价)",
    "visit_fee_tariffs": "prices are displayed",
    "tariff_proposals": "a change of the visit fee is published before it is made",
    "packages": "what one can sign",
    "package_items": "what one can sign",
    "dispatch_areas": "which institutions plan together",
    "overflow_agreements": "who helps whom out",
    "notice_templates": "the words that everybody is told",
}
"""Tables that everybody of the region reads, and why; only their owner writes them."""

REGIONS_OWN = {
    "accounts", "account_institutions", "sessions", "refresh_tokens", "second_factors", "recovery_codes",
    "old_passwords", "audit_seals", "audit_checks",
}  # fmt: skip
"""What the region's administration reaches besides: log-ins, and whether the audit trail is whole; nobody's care."""

NAMES_NOBODY = {("accounts", "elsewhere"): "an account names no institution; the row of account_institutions does"}
"""Rows that may be added by design although they look like another's."""

_NURSES = "account_id = :account"
_ELDERS = "account_id = :elder"
_PLANS = "plan_id = :plan"
WHOSE = {
    "institutions": "id = :institution", "overflow_agreements": "giving_institution_id = :institution",
    "accounts": "id = :account",
    "sessions": _NURSES, "refresh_tokens": _NURSES, "second_factors": _NURSES, "second_factor_uses": _NURSES,
    "recovery_codes": _NURSES, "old_passwords": _NURSES,
    "notice_contacts": _ELDERS, "idempotent_answers": _ELDERS, "audit_entries": _ELDERS,
    "patients": "id = :person", "homes": "id = :home", "home_reviews": "home_id = :home",
    "plans": "id = :plan", "plan_routes": _PLANS, "plan_stops": _PLANS, "plan_unassigned": _PLANS, "plan_tours": _PLANS,
    "period_plans": ":institution = any(institution_ids)",
    "entitlement_entries": "entitlement_id in (select id from entitlements where person_id = :person)",
    "care_relations": "person_id = :person",
    **dict.fromkeys(
        ("audit_seals", "audit_checks", "districts", "service_items", "programmes", "programme_items",
         "insurance_rules", "ltci_rules", "price_limits", "dispatch_areas", "notice_templates"),
        "true",
    ),
}  # fmt: skip
"""Table → which rows are the institution's, its elder's or its nurse's, where no column `institution_id` says so."""

HELPED = {
    "appointments": "order_id = :order", "orders": "id = :order", "order_items": "order_id = :order",
    "order_moves": "order_id = :order", "homes": "id = :home", "visits": "order_id = :order",
    "visit_staff": "visit_id = :visit", "visit_events": "visit_id = :visit", "visit_items": "visit_id = :visit",
    "visit_parts": "visit_id = :visit", "trips": "id = :trip",
}  # fmt: skip
"""What a neighbour's nurse reaches who is sent to one door, and the condition that all of it meets."""

WRITES_HELPED = {"orders", "visits", "trips"}
"""Of these she changes rows: the order moves on, the visit is made, her stay ends. To others she only adds."""

TABLES = sorted(set(schema.METADATA.tables) - set(UNFENCED))


@dataclass(frozen=True, slots=True)
class Yard:
    """The scene, and who looks over the fence."""

    scene: Scene
    owner: AsyncEngine
    application: AsyncEngine
    superuser: AsyncEngine
    """Who may become the application's role and, before all is undone, sees every row again."""
    fences: dict[str, Fence]
    helper: Fence = field(default_factory=Fence)
    """Who is sent to one door by agreement."""
    stood: dict[str, str] = field(default_factory=dict)
    """Table → what the institution's rows of it are before anybody comes."""

    @property
    def names(self) -> dict[str, Any]:
        """Return what the conditions of `WHOSE` ask for."""
        elder = self.scene.callers.principals[Role.elder, Relation.own]
        known = {name: self.scene.id(name) for name in ("institution", "person", "home", "plan", "account")}
        return {**known, "elder": elder.account_id, "region": self.scene.near.region_id}

    async def row(self, table: Table) -> dict[str, Any] | None:
        """Return one row of the institution's, as the owner sees it; of numbered ones the first."""
        first = "order by number" if "number" in table.columns else ""
        async with self.owner.connect() as connection:
            query = text(f"select * from {table.name} where {where(table)} {first} limit 1")
            return next((dict(each) for each in (await connection.execute(query, self.names)).mappings()), None)

    async def changed(self, connection: AsyncConnection) -> set[str]:
        """Return the tables of which a transaction, the superuser's by now, has written the institution's rows."""
        touched = set((await connection.execute(_TOUCHED)).scalars()) & set(TABLES)
        return {name for name in touched if await self._sum(connection, name) != await self._stood(name)}

    async def _stood(self, name: str) -> str:
        if name not in self.stood:
            async with self.superuser.connect() as connection:
                self.stood[name] = await self._sum(connection, name)
        return self.stood[name]

    async def _sum(self, connection: AsyncConnection, name: str) -> str:
        """Return how many rows of a table are the institution's, and a checksum of all they hold."""
        query = text(
            f"select count(*) || ' ' || md5(coalesce(string_agg(r::text, E'\\n' order by r::text), ''))"
            f" from {name} r where {where(schema.METADATA.tables[name])}"
        )
        return str(await connection.scalar(query, self.names))


# a transaction that has written nothing has no number: the view, which counts for each of all tables, need not be asked
_TOUCHED = text(
    "select relname from pg_stat_xact_user_tables"
    " where pg_current_xact_id_if_assigned() is not null and n_tup_ins + n_tup_upd + n_tup_del > 0"
)


def where(table: Table) -> str:
    """Return the condition on a table's rows that are the institution's, of this region."""
    column = "institution_id = :institution" if "institution_id" in table.columns else "person_id = :person"
    return f"region_id = :region and {WHOSE.get(table.name, column)}"


@pytest.fixture(scope="module")
async def superuser(server: embedded.EmbeddedServer, database: str) -> AsyncIterator[AsyncEngine]:
    """The database's superuser."""
    engine = create_async_engine(server.url(embedded.SUPERUSER, database))
    yield engine
    await engine.dispose()


@pytest.fixture(scope="module")
async def yard(owner_engine: AsyncEngine, app_engine: AsyncEngine, superuser: AsyncEngine, house: House) -> Yard:
    """A row in every table, and four who have nothing to do with it."""
    scene = await found(owner_engine, house)
    near, account = scene.region, {"account_id": scene.id("account")}
    await scene.near.add(
        OldPassword(**near, **account, password_hash="x", replaced_at=NOW),
        SecondFactorUse(**near, **account, step=1),
        AuditSeal(**near, lane=0, seq=1, hash=b"0", sealed_at=NOW, token="x"),
        AuditCheck(**near, checked_at=NOW, entries=1, wrong=0, sound=True),
        SettlementRefusal(
            **scene.own, visit_id=scene.id("completed_visit"), code="x", facts={}, reason="x", refused_at=NOW
        ),
    )
    principals = scene.callers.principals
    fences = {
        "elsewhere": principals[Role.institution_admin, Relation.other_institution].fence,
        "stranger": principals[Role.elder, Relation.stranger].fence,
        "administration": principals[Role.region_admin, Relation.own_region].fence,
        "outside": principals[Role.institution_admin, Relation.other_region].fence,
        "other administration": principals[Role.region_admin, Relation.other_region].fence,
        "nobody": Fence(),
    }
    return Yard(scene, owner_engine, app_engine, superuser, fences, scene.callers.helper.fence)


async def _raise(connection: AsyncConnection, fence: Fence) -> None:
    # committed, or the fence would go with the savepoint
    async with AsyncSession(connection, join_transaction_mode="create_savepoint") as session, session.begin():
        await raise_fence(session, fence, NOW)


async def _try(yard: Yard, fence: Fence, sql: str, values: dict[str, Any]) -> int | str:
    """Return how many rows a statement reaches behind a fence, or the SQLSTATE with which it is refused; undo it."""
    async with yard.application.connect() as connection, connection.begin() as undone:
        await _raise(connection, fence)
        try:
            done = await connection.execute(text(sql), values)
            reached: int | str = len(done.all()) if done.returns_rows else done.rowcount
        except DBAPIError as error:
            reached = str(getattr(error.orig, "sqlstate", error))
        await undone.rollback()
    return reached


DENIED = "42501"
"""insufficient_privilege: the role has no such grant, or the policy refuses the row."""


def _may_read(who: str, table: str) -> bool:
    if who in ("elsewhere", "stranger"):
        return table in OPEN
    return who == "administration" and table in OPEN.keys() | REGIONS_OWN


class TestEveryTable:
    def test_has_a_row_of_somebody_or_is_known_to_be_nobody_s(self) -> None:
        assert set(OPEN) | set(WHOSE) | REGIONS_OWN <= set(TABLES)

    async def test_has_a_row_that_the_fence_must_hide(self, yard: Yard) -> None:
        empty = [name for name in TABLES if await yard.row(schema.METADATA.tables[name]) is None]
        assert empty == [], "seed a row: what is not there cannot be hidden"

    @pytest.mark.parametrize("name", TABLES)
    async def test_is_not_read_by_others(self, name: str, yard: Yard) -> None:
        sql = f"select 1 from {name} where {where(schema.METADATA.tables[name])}"
        for who, fence in yard.fences.items():
            reached = await _try(yard, fence, sql, yard.names)
            if _may_read(who, name):
                assert isinstance(reached, int), who
                assert reached > 0, f"{who} reads {name} by design"
            else:
                assert reached in (0, DENIED), who

    @pytest.mark.parametrize("name", TABLES)
    async def test_is_not_changed_or_removed_by_others(self, name: str, yard: Yard) -> None:
        table = schema.METADATA.tables[name]
        column = await _updatable(yard, table)
        for who in ("elsewhere", "stranger", "outside", "other administration", "nobody"):
            changed = await _try(
                yard, yard.fences[who], f"update {name} set {column} = {column} where {where(table)}", yard.names
            )
            assert changed in (0, DENIED), who
            removed = await _try(yard, yard.fences[who], f"delete from {name} where {where(table)}", yard.names)
            assert removed in (0, DENIED), who

    @pytest.mark.parametrize("name", TABLES)
    async def test_takes_no_row_of_the_institution_from_others(self, name: str, yard: Yard) -> None:
        table = schema.METADATA.tables[name]
        row = await yard.row(table)
        assert row is not None
        if "id" in row:
            row["id"] = uuid4()
        for who in ("elsewhere", "stranger", "outside", "other administration", "nobody"):
            refused = await _insert(yard, yard.fences[who], table, row)
            if (name, who) not in NAMES_NOBODY:
                assert refused == DENIED, who


class TestWhoHelpsOut:
    """She is at one door of the institution's, by agreement: behind her fence there is that visit and nothing else."""

    @pytest.mark.parametrize("name", sorted(set(TABLES) - set(OPEN)))
    async def test_reads_that_visit_and_nothing_else(self, name: str, yard: Yard) -> None:
        table, helped = schema.METADATA.tables[name], _helped(yard)
        every = f"select 1 from {name} where {where(table)}"
        reached = await _try(yard, yard.helper, every, yard.names)
        if name not in HELPED:
            assert reached in (0, DENIED)
        else:
            assert isinstance(reached, int)
            assert reached > 0
            assert reached == await _try(yard, yard.helper, f"{every} and {HELPED[name]}", yard.names | helped)

    @pytest.mark.parametrize("name", TABLES)
    async def test_changes_what_happens_at_that_door_and_nothing_else(self, name: str, yard: Yard) -> None:
        table, helped = schema.METADATA.tables[name], _helped(yard)
        column = "state" if name == "orders" else await _updatable(yard, table)
        change = f"update {name} set {column} = {column} where {where(table)}"
        changed = await _try(yard, yard.helper, change, yard.names)
        if name in WRITES_HELPED:
            assert changed == 1
            assert await _try(yard, yard.helper, f"{change} and {HELPED[name]}", yard.names | helped) == 1
        else:
            assert changed in (0, DENIED)
        removed = await _try(yard, yard.helper, f"delete from {name} where {where(table)}", yard.names)
        assert removed in (0, DENIED) or (name, removed) in {("visit_staff", 1), ("visit_parts", 1)}

    async def test_takes_nothing_over_and_adds_nothing_to_other_visits(self, yard: Yard) -> None:
        helped = _helped(yard) | {"theirs": yard.scene.callers.elsewhere_id, "other": yard.scene.id("in_service_visit")}
        orders = [each.name for each in schema.METADATA.tables["orders"].columns if each.name != "state"]
        for sql in (
            *(f"update orders set {column} = {column} where id = :order" for column in orders),
            "update visits set institution_id = :theirs where id = :visit",
            "update trips set institution_id = :theirs where id = :trip",
            "insert into visit_items select region_id, institution_id, :other, 'X', 1, null, false, performed_by_id,"
            " performed_at from visit_items where visit_id = :visit",
            "insert into order_items select region_id, institution_id, order_id, 'X', 1 from order_items"
            " where order_id = :order",
        ):
            assert await _try(yard, yard.helper, sql, helped) == DENIED, sql

    async def test_is_shown_it_by_her_own_account_only(self, yard: Yard) -> None:
        see = "select 1 from orders where id = :order"
        assert await _try(yard, yard.helper, see, _helped(yard)) == 1
        nurses = Fence(yard.helper.region_id, yard.helper.institution_ids)
        assert await _try(yard, nurses, see, _helped(yard)) == 0, "a job of her institution's is nobody's visit"


def _helped(yard: Yard) -> dict[str, Any]:
    scene = yard.scene
    return {
        "order": scene.id("helped_order"),
        "visit": scene.id("helped_visit"),
        "trip": scene.id("helped_trip"),
        "home": scene.id("home"),
    }


async def _updatable(yard: Yard, table: Table) -> str:
    """Return a column that the application's role may write at all, so that it is the policy that refuses."""
    async with yard.application.connect() as connection:
        for column in table.columns:
            asked = text("select has_column_privilege(current_user, :table, :column, 'update')")
            if await connection.scalar(asked, {"table": table.name, "column": column.name}):
                return column.name
    return next(iter(table.columns)).name


async def _insert(yard: Yard, fence: Fence, table: Table, row: dict[str, Any]) -> str:
    async with yard.application.connect() as connection, connection.begin() as undone:
        await _raise(connection, fence)
        try:
            await connection.execute(table.insert().values({table.columns[name]: value for name, value in row.items()}))
        except DBAPIError as error:
            return str(getattr(error.orig, "sqlstate", error))
        finally:
            await undone.rollback()
    return "added"


async def test_log_in_attempts_are_reached_by_no_statement(yard: Yard) -> None:
    for sql in ("select 1 from log_in_attempts", "delete from log_in_attempts"):
        assert await _try(yard, yard.fences["administration"], sql, {}) == DENIED


@dataclass(frozen=True, slots=True)
class Found:
    """What came of asking a function behind a fence: the ids that it told, the tables whose rows it changed."""

    told: set[Any]
    changed: set[str]


class TestEveryRepository:
    async def test_is_asked_or_is_known_not_to_be_and_why(self, yard: Yard) -> None:
        not_askable = {}
        for name, function in repositories.functions():
            try:
                repositories.arguments(function, yard.scene, _own(yard))
            except repositories.NotAskable as missing:
                not_askable[name] = str(missing)
        assert not_askable == repositories.not_askable()

    async def test_brings_back_and_changes_nothing_of_another_institution_s_or_region_s(self, yard: Yard) -> None:
        scene, wrong, told, changed = yard.scene, [], 0, 0
        strangers = {scene.id("stranger"), scene.id("stranger_home")}
        for name, function in repositories.functions():
            if name in repositories.not_askable():
                continue
            asked = repositories.arguments(function, scene, _own(yard))
            seen = await _ask(yard, _own(yard).fence, function, asked)
            for who in ("elsewhere", "stranger", "outside", "nobody"):
                found = await _ask(yard, yard.fences[who], function, asked)
                leaked = seen.told & found.told - strangers
                wrong += [f"{name} tells {who}"] if leaked and name not in TELLS_ANYBODY else []
                wrong += [f"{name} lets {who} change {table}" for table in sorted(found.changed)]
            told, changed = told + bool(seen.told - strangers), changed + bool(seen.changed)
        assert wrong == []
        assert told >= _ASKED, "too few repositories were asked for rows that are there"
        assert changed >= _CHANGING, "too few repositories changed a row of their own"


TELLS_ANYBODY = {
    "service.accounts.repository.find_standing": "asked at a log-in, before there is a fence: role and institutions",
    "service.accounts.session_repository.find_token_holder": "asked at a refresh, before there is a fence: whose it is",
    "service.contracts.closing_repository.close_due": "the night's sweep of the region: where the next batch begins",
    "service.institutions.repository.list_regions": "the public directory of regions",
    "service.institutions.repository.list_region_ids": "the public directory of regions",
}
_ASKED = 50
"""So many functions at least bring rows back to those whose they are; the others make or change, or take no ids."""
_CHANGING = 3
"""So many at least change rows of those whose they are: most of what is written goes through the session instead."""


def _own(yard: Yard) -> Principal:
    return yard.scene.callers.principals[Role.institution_admin, Relation.own_institution]


async def _ask(yard: Yard, fence: Fence, function: Any, asked: dict[str, Any]) -> Found:
    """Return what a function tells behind a fence, besides the ids it was given, and what it does to the rows."""
    given = {each for value in asked.values() for each in repositories.ids_in(value, ())}
    async with yard.superuser.connect() as connection, connection.begin() as undone:
        await connection.execute(text(f"set local role {APP_ROLE}"))
        await _raise(connection, fence)
        async with AsyncSession(connection, join_transaction_mode="create_savepoint") as session:
            try:
                answer = await function(session, **asked)
                await session.flush()
                told = set(repositories.ids_in(answer, OPEN)) - given
                await connection.execute(text("reset role"))
                return Found(told, await yard.changed(connection))
            except (DBAPIError, problems.Refusal):
                return Found(set(), set())
            finally:
                await session.close()
                await undone.rollback()
