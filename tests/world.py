"""A small region for tests: rows put in as the schema's owner, tokens signed by the test's own keyring.

A room's tests use it for what stands *below* the room; what the room itself does they do over HTTP.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from httpx import ASGITransport, AsyncClient, Auth, Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlmodel import SQLModel

from service.accounts.models import Account, AccountInstitution
from service.accounts.rules import ROLE_SCOPES, WORKS_SOMEWHERE, Role
from service.catalog.models import ServiceItem
from service.catalog.per_diem_models import PerDiemAgreement
from service.core.clock import local_date
from service.core.dates import moments
from service.core.http import ACCESS_AUDIENCE, House, claims_of
from service.core.ids import new_id
from service.core.principal import Principal
from service.institutions.models import District, Institution, Region, ServiceMode, Station
from service.orders.models import Order, OrderItem, OrderMove
from service.patients.models import CareRelation, Home, Patient
from service.patients.numbers import check_digit
from service.practitioners.models import Practitioner, Qualification, Shift
from tests import canaries, refusals
from tests.witness import Witness

CENTRE = (106.38, 39.02)
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Monday 2 March 2026, 09:00 in Shanghai: what the tests' clock shows unless a test sets it."""


# whoever stands for somebody else's principal in a test may have no account yet
_ACCOUNT = text(
    "insert into accounts (region_id, id, username, role, display_name, status, created_at)"
    " values (:region, :account, 'login-' || cast(:account as uuid), :role, '测试', 'active', :now)"
    " on conflict do nothing"
)
_SESSION = text(
    "insert into sessions (region_id, id, account_id, kind, device, address, created_at, last_used_at, expires_at)"
    " values (:region, :session, :account, 'password', 'test', '127.0.0.1', :now, :now, :expires)"
    " on conflict do nothing"
)


class TestClock:
    """A clock that a test sets."""

    __test__ = False

    def __init__(self, now: datetime = NOW) -> None:
        self.shows = now

    def now(self) -> datetime:
        """Return what the test set."""
        return self.shows


class _LogIn(Auth):
    """Opens a principal's session when his client first asks, and shows its token from then on."""

    def __init__(self, world: "World", principal: Principal) -> None:
        self.world, self.principal, self.token = world, principal, ""

    async def async_auth_flow(self, request: Request) -> AsyncGenerator[Request, Response]:
        """Add the token to a request."""
        self.token = self.token or await self.world.open_session(self.principal)
        request.headers["Authorization"] = f"Bearer {self.token}"
        yield request


@dataclass
class World:
    """One region with one institution; every test that asks for it gets a region of its own."""

    owner: AsyncEngine
    house: House
    clock: TestClock
    app: Any
    region_id: UUID = field(default_factory=new_id)
    district_id: UUID = field(default_factory=new_id)
    institution_id: UUID = field(default_factory=new_id)
    station_id: UUID = field(default_factory=new_id)
    region_code: str = field(default_factory=lambda: f"R{new_id().hex[-8:]}")
    witness: Witness = field(default_factory=Witness)
    # attempts in vain are counted by address: no test's are another's
    address: str = field(default_factory=lambda: f"10.{'.'.join(str(each) for each in new_id().bytes[-3:])}")
    _count: int = 0

    async def add(self, *rows: SQLModel) -> None:
        """Put rows in as the owner (no fence), one statement each in the order given."""
        async with AsyncSession(self.owner, expire_on_commit=False) as session, session.begin():
            for row in rows:
                session.add(row)
                await session.flush()

    async def start(self) -> None:
        """Make the region, its district, institution (licensed, both modes registered) and station."""
        await self.add(
            Region(id=self.region_id, code=self.region_code, name="测试统筹区"),
            District(region_id=self.region_id, id=self.district_id, code="640202", name="大武口区"),
        )
        await self.add_institution(self.institution_id, station_id=self.station_id)

    def number(self) -> int:
        """Return a number not given before in this region."""
        self._count += 1
        return self._count

    async def add_institution(
        self,
        institution_id: UUID | None = None,
        *,
        station_id: UUID | None = None,
        kind: str = "community_health_centre",
        modes: tuple[str, ...] = ("round", "home_bed"),
        lon: float = CENTRE[0],
        lat: float = CENTRE[1],
    ) -> UUID:
        """Add a licensed institution with a station at its door; return its id."""
        this, no = institution_id or new_id(), self.number()
        await self.add(
            Institution(
                region_id=self.region_id,
                id=this,
                code=f"I{no}",
                name=f"第{no}社区卫生服务中心",
                kind=kind,
                district_id=self.district_id,
                address="朝阳街",
                lon=lon,
                lat=lat,
                licence_no=f"L{no}",
                licence_from=date(2020, 1, 1),
                licence_to=date(2030, 12, 31),
            ),
            Station(
                region_id=self.region_id,
                institution_id=this,
                id=station_id or new_id(),
                code="S1",
                name="一站",
                lon=lon,
                lat=lat,
            ),
            *(
                ServiceMode(
                    region_id=self.region_id,
                    institution_id=this,
                    mode=mode,
                    registration_no=f"{mode}-{no}",
                    valid_from=date(2020, 1, 1),
                )
                for mode in modes
            ),
        )
        return this

    async def add_account(self, role: Role, *institution_ids: UUID, client_id: UUID | None = None) -> UUID:
        """Add an account without a password, bound to a service client or to none; return its id."""
        account_id = new_id()
        await self.add(
            Account(
                region_id=self.region_id,
                id=account_id,
                username=f"{role}-{self.number()}",
                role=role,
                display_name=str(role),
                created_at=self.clock.now(),
                bound_client_id=client_id,
            ),
            *(
                AccountInstitution(region_id=self.region_id, account_id=account_id, institution_id=each)
                for each in institution_ids
            ),
        )
        return account_id

    def principal(
        self, role: Role, account_id: UUID | None = None, institution_ids: tuple[UUID, ...] | None = None
    ) -> Principal:
        """Return a principal of a role; staff stand in the world's institution unless told otherwise."""
        own = (self.institution_id,) if role in WORKS_SOMEWHERE else ()
        return Principal(
            account_id=account_id or new_id(),
            region_id=self.region_id,
            role=role,
            scopes=ROLE_SCOPES[role],
            institution_ids=own if institution_ids is None else institution_ids,
        )

    async def open_session(self, principal: Principal) -> str:
        """Log a principal in without a password: put in his account if there is none, and a session; return the token.

        The same principal's session is put in once, however often he asks.
        """
        now = datetime.now(UTC)
        asked = {"region": principal.region_id, "account": principal.account_id, "role": principal.role, "now": now}
        session = {"session": principal.session_id, "expires": now + timedelta(days=1)}
        async with self.owner.begin() as connection:
            await connection.execute(_ACCOUNT, asked)
            await connection.execute(_SESSION, asked | session)
        return self.house.signer.sign(claims_of(principal), audience=ACCESS_AUDIENCE, now=now, seconds=600)

    def client(self, principal: Principal | None = None) -> AsyncClient:
        """Return an HTTP client of the application, logged in as `principal`."""
        login = None
        if principal is not None:
            login = _LogIn(self, replace(principal, session_id=principal.session_id or new_id()))
        # errors are answers here too: a 500 must be seen as one
        transport = ASGITransport(self.app, raise_app_exceptions=False, client=(self.address, 4711))
        answered = [canaries.refuse_in_problems, refusals.must_be_declared, self.witness.after]
        heard: dict[str, list[Any]] = {"request": [self.witness.before], "response": answered}
        return AsyncClient(transport=transport, base_url="http://test/v1", auth=login, event_hooks=heard)

    async def as_role(self, role: Role, *institution_ids: UUID) -> AsyncClient:
        """Add an account of a role (in the world's institution by default) and return its client."""
        principal = self.principal(role, institution_ids=institution_ids or None)
        account_id = await self.add_account(role, *principal.institution_ids)
        return self.client(self.principal(role, account_id, principal.institution_ids))

    async def add_home(
        self, *, lon: float = CENTRE[0], lat: float = CENTRE[1], floor: int = 1, has_lift: bool = False
    ) -> UUID:
        """Add a home registered by the world's institution; return its id."""
        home_id = new_id()
        sealed = self.house.cipher.seal(canaries.ADDRESS, context="homes.address")
        await self.add(
            Home(
                region_id=self.region_id,
                id=home_id,
                registered_by_institution_id=self.institution_id,
                address_sealed=sealed,
                lon=lon,
                lat=lat,
                datum="wgs84",
                floor=floor,
                has_lift=has_lift,
            )
        )
        return home_id

    def id_number(self, born_on: date = date(1945, 5, 1), *, male: bool = False) -> str:
        """Return an identity number not given before in this region, 500 of a birthday and sex in each county."""
        county, order = divmod(self.number() * 2, 1000)
        body = f"{640202 + county}{born_on:%Y%m%d}{order + male:03d}"
        return body + check_digit(body)

    async def add_patient(
        self, *, home_id: UUID | None = None, born_on: date = date(1945, 5, 1), institution_id: UUID | None = None
    ) -> UUID:
        """Add an elder, living at `home_id` (a new home by default), cared for by the institution; return the id."""
        person_id, no, by = new_id(), self.number(), institution_id or self.institution_id
        id_number, cipher = self.id_number(born_on), self.house.cipher
        phone = f"+86{canaries.PHONE}{no:04d}"
        await self.add(
            Patient(
                region_id=self.region_id,
                id=person_id,
                registered_by_institution_id=by,
                name=f"居民{no}",
                sex="female",
                born_on=born_on,
                id_number_sealed=cipher.seal(id_number, context="patients.id_number"),
                id_number_index=cipher.blind(id_number, context="patients.id_number"),
                phone_sealed=cipher.seal(phone, context="patients.phone"),
                phone_index=cipher.blind(phone, context="patients.phone"),
                home_id=home_id or await self.add_home(),
                registered_at=self.clock.now(),
            ),
            CareRelation(
                region_id=self.region_id,
                person_id=person_id,
                kind="institution",
                institution_id=by,
                during=moments(self.clock.now() - timedelta(days=30), None),
                because="test",
            ),
        )
        return person_id

    async def add_relation(
        self, person_id: UUID, account_id: UUID, *, kind: str = "self", rights: list[str] | None = None
    ) -> None:
        """Let an account (the elder's own, or a proxy's) act for a person."""
        await self.add(
            CareRelation(
                region_id=self.region_id,
                person_id=person_id,
                kind=kind,
                account_id=account_id,
                rights=rights or ["view", "book", "pay", "grant"],
                during=moments(self.clock.now() - timedelta(days=30), None),
                because="test",
            )
        )

    async def add_practitioner(
        self,
        *,
        role: str = "nurse",
        skills: tuple[str, ...] = (),
        account_id: UUID | None = None,
        institution_id: UUID | None = None,
        station_id: UUID | None = None,
        travel_mode: str = "ebike",
    ) -> UUID:
        """Add a licensed practitioner with skills, valid for years; return the id."""
        practitioner_id, no, at = new_id(), self.number(), institution_id or self.institution_id
        qualifications = [("licence", role), *(("skill", each) for each in skills)]
        await self.add(
            Practitioner(
                region_id=self.region_id,
                institution_id=at,
                id=practitioner_id,
                staff_no=f"N{no}",
                name=f"医护{no}",
                sex="female",
                role=role,
                title="junior",
                station_id=station_id or self.station_id,
                travel_mode=travel_mode,
                account_id=account_id,
            ),
            *(
                Qualification(
                    region_id=self.region_id,
                    institution_id=at,
                    practitioner_id=practitioner_id,
                    kind=kind,
                    code=code,
                    certificate_no=f"C{no}",
                    valid_from=date(2020, 1, 1),
                    valid_to=date(2030, 12, 31),
                )
                for kind, code in qualifications
            ),
        )
        return practitioner_id

    async def add_shift(
        self,
        practitioner_id: UUID,
        start: datetime,
        end: datetime,
        *,
        lunch: tuple[datetime, datetime, int] | None = None,
        institution_id: UUID | None = None,
    ) -> None:
        """Add a shift; `lunch` = (from, to, minutes)."""
        lunch_from, lunch_to, minutes = lunch or (None, None, 0)
        await self.add(
            Shift(
                region_id=self.region_id,
                institution_id=institution_id or self.institution_id,
                practitioner_id=practitioner_id,
                service_on=local_date(start),
                during=moments(start, end),
                lunch_from=lunch_from,
                lunch_to=lunch_to,
                lunch_minutes=minutes,
            )
        )

    async def add_service_item(
        self,
        code: str,
        *,
        name: str = "",
        minutes: int = 30,
        staff_count: int = 1,
        skills: tuple[str, ...] = (),
        kinds: tuple[str, ...] = ("home_visit", "home_bed_round", "institution_round"),
        latest_start: time | None = None,
        refusal_note: str | None = None,
        specimen_minutes: int | None = None,
        parts: tuple[tuple[int, int, int], ...] = (),
    ) -> str:
        """List a service in the region (not at home when it has a refusal note); return its code.

        `parts`: how long each further part takes, and at least and at most how long after the one before.
        """
        await self.add(
            ServiceItem(
                region_id=self.region_id,
                code=code,
                name=name or code,
                duration_minutes=minutes,
                staff_count=staff_count,
                skills=list(skills),
                order_kinds=list(kinds),
                latest_start=latest_start,
                home_allowed=refusal_note is None,
                refusal_note=refusal_note,
                specimen_minutes=specimen_minutes,
                parts=[
                    {"duration_minutes": minutes, "after_min_minutes": least, "after_max_minutes": most}
                    for minutes, least, most in parts
                ],
            )
        )
        return code

    async def add_agreement(
        self,
        *,
        kind: str = "treatment",
        rate: str = "80",
        ratio: str = "0.95",
        cap_fen: int = 1_500_000,
        share: str = "0",
        excluded: tuple[str, ...] = (),
        institution_id: UUID | None = None,
        **more: Any,
    ) -> UUID:
        """Agree for years what a day of a stay costs at an institution; return the agreement's id."""
        row = PerDiemAgreement(
            region_id=self.region_id,
            institution_id=institution_id or self.institution_id,
            kind=kind,
            daily_rate=Decimal(rate),
            pay_ratio=Decimal(ratio),
            year_cap_fen=cap_fen,
            institution_share=Decimal(share),
            excluded_codes=list(excluded),
            **{"valid_from": date(2020, 1, 1), **more},
        )
        await self.add(row)
        return row.id

    async def add_order(
        self,
        person_id: UUID,
        home_id: UUID,
        *,
        start: datetime,
        end: datetime,
        items: dict[str, int] | None = None,
        state: str = "accepted",
        kind: str = "home_visit",
        institution_id: UUID | None = None,
        staff_count: int = 1,
        distance_metres: int | None = 0,
    ) -> UUID:
        """Add an order for a window, in any state; its items need not be listed. Return its id."""
        order_id, at = new_id(), institution_id or self.institution_id
        await self.add(
            Order(
                region_id=self.region_id,
                institution_id=at,
                id=order_id,
                order_no=f"W{self.number()}-{self.number()}",
                kind=kind,
                person_id=person_id,
                home_id=home_id,
                state=state,
                service_on=local_date(start),
                wished=moments(start, end),
                staff_count=staff_count,
                mobility_reason="偏瘫",
                placed_by_account_id=new_id(),
                placed_at=self.clock.now(),
                distance_metres=distance_metres,
            ),
            *(
                OrderItem(region_id=self.region_id, institution_id=at, order_id=order_id, code=code, quantity=quantity)
                for code, quantity in (items or {"REHAB": 1}).items()
            ),
            OrderMove(
                region_id=self.region_id,
                institution_id=at,
                order_id=order_id,
                seq=1,
                to_state=state,
                moved_at=self.clock.now(),
                because="test",
            ),
        )
        return order_id
