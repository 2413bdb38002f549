"""The town whose visits are settled: that of `bench.api`, with finance staff, crews, and proven visits to be billed.

Every visit stands for one that was booked by the service (with the quote that the family accepted, a reserved unit of a
programme), was made on a trip of its own and is proven. More of them are poured in between the turns, unmeasured.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from bench.api import town
from service.accounts.models import Account, AccountInstitution, AccountSession
from service.accounts.rules import ROLE_SCOPES, Role
from service.contracts import rules as contracts
from service.contracts.models import Entitlement
from service.core.clock import at_local, local_date
from service.core.http import ACCESS_AUDIENCE, claims_of
from service.core.ids import new_id
from service.core.keyring import load
from service.core.principal import Principal
from service.core.signing import Signer
from service.practitioners.models import Practitioner, Qualification

DAYS = 60
"""Visits lie on the days before today: of a person one a day, and a second one only after the last of these."""
ITEMS = (("REHAB", 1), ("WOUND", 1))
METRES = 1500
_STATES = ("submitted", "accepted", "scheduled", "in_progress", "done")
_STEPS = ("depart", "arrive", "start", "complete", "leave")
_COLUMNS = {
    "orders": "region_id institution_id id order_no kind person_id home_id state service_on wished staff_count"
    " mobility_reason distance_metres placed_by_account_id placed_at",
    "order_items": "region_id institution_id order_id code quantity",
    "order_moves": "region_id institution_id order_id seq from_state to_state moved_at because",
    "quotes": "region_id institution_id id order_id person_id service_on distance_metres gross_fen patient_fen bill"
    " quoted_at accepted_at",
    "trips": "region_id institution_id id home_id crew_key arrived_at left_at",
    "visits": "region_id institution_id id order_id person_id home_id mode service_on planned_start_at planned_end_at"
    " trip_key trip_id state started_at ended_at verified",
    "visit_events": "region_id institution_id id visit_id kind practitioner_id happened_at received_at"
    " home_distance_metres",
    "visit_items": "region_id institution_id visit_id code quantity performed_by_id performed_at",
}
_RESERVE = """
select entitlement_post(e.id, 'reserve', 1, asked.order_id, null, null, asked.on_day)
from unnest($1::uuid[], $2::uuid[], $3::date[]) as asked (order_id, person_id, on_day)
join entitlements e on e.region_id = app_region() and e.person_id = asked.person_id and e.source = 'public_program'
    and e.period = to_char(asked.on_day, 'YYYY')
"""


@dataclass(frozen=True)
class Elder:
    """Somebody who is visited."""

    id: UUID
    home_id: UUID


@dataclass
class Till:
    """One institution as the clients need it: a token of its finance staff, who goes out, who is visited."""

    id: UUID
    token: str
    account_id: UUID
    nurse_id: UUID
    elders: list[Elder]
    turn: "count[int]" = field(default_factory=count)


@dataclass(frozen=True)
class Waiting:
    """A proven visit that nobody has settled, and the token of who may."""

    visit_id: str
    token: str


@dataclass
class Town:
    """The institutions, and what the visits that are poured in have in common."""

    owner: asyncpg.Connection
    region_id: UUID
    tills: list[Till]
    quote: Any = None
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    async def pour(self, visits: int) -> list[Waiting]:
        """Add so many proven visits, in turn at all institutions."""
        waiting = []
        for no, till in enumerate(self.tills):
            share = (visits + no) // len(self.tills)
            waiting.append(await self.pour_at(till, share))
        return [each for turn in zip(*waiting, strict=False) for each in turn]

    async def analyse(self) -> None:
        """Let the planner know what has been poured in."""
        await self.owner.execute("vacuum analyze")

    async def pour_at(self, till: Till, visits: int) -> list[Waiting]:
        """Add so many proven visits at an institution, to one elder after the other."""
        filled: dict[str, list[tuple[Any, ...]]] = {table: [] for table in _COLUMNS}
        asked: list[tuple[UUID, UUID, date]] = []
        waiting = []
        for _ in range(visits):
            turn, person = divmod(next(till.turn), len(till.elders))
            elder, on = till.elders[person], local_date(datetime.now(UTC)) - timedelta(days=1 + turn % DAYS)
            visit_id, order_id = new_id(), new_id()
            for table, row in self._rows(till, elder, on, visit_id, order_id):
                filled[table].append(row)
            asked.append((order_id, elder.id, on))
            waiting.append(Waiting(str(visit_id), till.token))
        async with self.owner.transaction():
            for table, rows in filled.items():
                await self.owner.copy_records_to_table(table, records=rows, columns=_COLUMNS[table].split())
            for name, value in (("region_id", str(self.region_id)), ("institution_ids", f"{{{till.id}}}")):
                await self.owner.execute("select set_config($1, $2, true)", f"app.{name}", value)
            await self.owner.execute(_RESERVE, *(list(column) for column in zip(*asked, strict=True)))
        return waiting

    def _rows(
        self, till: Till, elder: Elder, on: date, visit_id: UUID, order_id: UUID
    ) -> list[tuple[str, tuple[Any, ...]]]:
        own, trip_id, start = (self.region_id, till.id), new_id(), at_local(on, time(9))
        end, placed = start + timedelta(minutes=45), start - timedelta(days=1)
        moves = zip(range(1, 6), (None, *_STATES), _STATES, strict=False)
        who, where = (elder.id, elder.home_id), (elder.id, on, METRES)
        return [
            ("orders", (*own, order_id, f"B{next(self.numbers)}", "home_visit", *who, "done", on,
                        asyncpg.Range(start, end), 1, "偏瘫，无法自行下楼", METRES, till.account_id, placed)),
            *(("order_items", (*own, order_id, *item)) for item in ITEMS),
            *(("order_moves", (*own, order_id, *move, placed, "预约")) for move in moves),
            ("quotes", (*own, new_id(), order_id, *where, self.quote["gross_fen"], self.quote["patient_fen"],
                        self.quote["bill"], placed, placed)),
            ("trips", (*own, trip_id, elder.home_id, trip_id.hex, start, end)),
            ("visits", (*own, visit_id, order_id, *who, "home_visit", on, start, end, trip_id, trip_id, "completed",
                        start, end, True)),
            *(("visit_events", (*own, new_id(), visit_id, step, till.nurse_id, start, start, 0)) for step in _STEPS),
            *(("visit_items", (*own, visit_id, *item, till.nurse_id, end)) for item in ITEMS),
        ]  # fmt: skip


async def build(owner_url: str, keyring: Path) -> tuple[Town, list[town.Desk]]:
    """Make the schema and the town in an empty database; return it and the desks that book."""
    desks = await town.build(owner_url, keyring)
    owner = await asyncpg.connect(owner_url.replace("+asyncpg", ""))
    region_id = await owner.fetchval("select id from regions")
    signer, rows, tills = Signer(load(keyring)), [], []
    for desk in desks:
        till, own = await _till(owner, region_id, desk, signer)
        tills.append(till)
        rows += own
    engine = create_async_engine(owner_url)
    async with engine.begin() as connection:
        await town.put_in(connection, rows)
    await engine.dispose()
    return Town(owner, region_id, tills), desks


async def _till(
    owner: asyncpg.Connection, region_id: UUID, desk: town.Desk, signer: Signer
) -> tuple[Till, list[SQLModel]]:
    """Return an institution's till and the rows that it adds."""
    institution_id, account_id, nurse_id, now = UUID(desk.id), new_id(), new_id(), datetime.now(UTC)
    own: dict[str, Any] = {"region_id": region_id, "institution_id": institution_id}
    station_id = await owner.fetchval("select id from stations where institution_id = $1", institution_id)
    found = await owner.fetch(
        "select id, home_id from patients where registered_by_institution_id = $1 order by id", institution_id
    )
    elders = [Elder(row["id"], row["home_id"]) for row in found]
    session = AccountSession(
        region_id=region_id, account_id=account_id, kind="password", device="bench", address="127.0.0.1",
        created_at=now, last_used_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    rows: list[SQLModel] = [
        Account(
            region_id=region_id, id=account_id, username=f"till-{desk.id}", role=Role.finance, display_name="财务",
            created_at=now,
        ),
        AccountInstitution(region_id=region_id, account_id=account_id, institution_id=institution_id),
        session,
        Practitioner(
            **own, id=nurse_id, staff_no="N1", name="护士", sex="female", role="nurse", title="junior",
            station_id=station_id, travel_mode="ebike",
        ),
        Qualification(
            **own, practitioner_id=nurse_id, kind="licence", code="nurse", certificate_no=str(nurse_id),
            valid_from=town.SINCE - timedelta(days=365),
        ),
        *_caps(region_id, elders, local_date(now)),
    ]  # fmt: skip
    principal = Principal(
        account_id=account_id, region_id=region_id, role=Role.finance, scopes=ROLE_SCOPES[Role.finance],
        institution_ids=(institution_id,), session_id=session.id,
    )  # fmt: skip
    token = signer.sign(claims_of(principal), audience=ACCESS_AUDIENCE, now=now, seconds=86_400)
    return Till(institution_id, token, account_id, nurse_id, elders), rows


def _caps(region_id: UUID, elders: Sequence[Elder], today: date) -> list[SQLModel]:
    """Return what the ledger knows of the months and years in which visits lie, so that none begins one.

    What the town itself writes for tomorrow is left out.
    """
    days = [today - timedelta(days=each) for each in range(1, DAYS + 2)]
    tomorrow = today + timedelta(days=1)
    months = {contracts.month_of(day) for day in days} - {contracts.month_of(tomorrow)}
    return [
        Entitlement(
            region_id=region_id, person_id=elder.id, source="ltci", ref_id=elder.id, code="", period=month,
            cap=town.LTCI_CAP_FEN,
        )
        for elder in elders
        for month in sorted(months)
    ]  # fmt: skip


async def keep_quote(world: Town, order_id: str) -> None:
    """Let every visit that is poured in have been booked on the quote of an order."""
    row = await world.owner.fetchrow(
        "select gross_fen, patient_fen, bill from quotes where order_id = $1", UUID(order_id)
    )
    world.quote = dict(row)
