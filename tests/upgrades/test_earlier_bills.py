"""Bills that were made before there was a journal: booked, numbered and taken back by the migration that brought it."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal

import asyncpg
import pytest

from service.cli.migrate import upgrade
from service.core import embedded
from service.core.ids import new_id
from tests.upgrades.ledgers import Earlier, put

BEFORE, AFTER = "202611221356", "202611221717"
PATIENT, FUND, PROGRAMME, CONTRACT = "1212.01", "1212.02", "1212.04", "1212.05"
SERVICES, FEE = "4101.01", "4101.04"

pytestmark = pytest.mark.database


@pytest.fixture(scope="module")
async def template(server: embedded.EmbeddedServer) -> AsyncIterator[str]:
    """A database of the revision before there was a journal."""
    name = f"b{uuid.uuid4().hex[:12]}"
    embedded.create_database(server, name)
    await asyncio.to_thread(upgrade, server.url(embedded.OWNER_ROLE, name), BEFORE)
    yield name
    embedded.drop_database(server, name)


@pytest.fixture
async def earlier(server: embedded.EmbeddedServer, template: str) -> AsyncIterator[Earlier]:
    """A region of that revision."""
    name = f"b{uuid.uuid4().hex[:12]}"
    embedded.create_database(server, name, template)
    connection = await asyncpg.connect(server.url("postgres", name).replace("+asyncpg", ""))
    made = Earlier(connection, server.url(embedded.OWNER_ROLE, name))
    await put(connection, "regions", id=made.region_id)
    for code, institution_id in (("NEAR", made.near), ("FAR", made.far)):
        await made.put("institutions", id=institution_id, code=code, kind="community_health_centre")
    yield made
    await connection.close()
    embedded.drop_database(server, name)


def at(day: int, hour: int = 4, *, month: int = 3, year: int = 2026) -> datetime:
    """Return a moment in UTC; in Shanghai it is eight hours later."""
    return datetime(year, month, day, hour, tzinfo=UTC)


class TestJournal:
    async def test_each_bill_is_booked_by_its_payers_on_the_local_day_of_its_posting(self, earlier: Earlier) -> None:
        bill = await earlier.bill(
            at(2, 17),
            ("BP", {"public_program": 500, "contract": 300, "self_pay": 200}),
            ("WOUND", {"medical_insurance": 700, "self_pay": 50}),
            ("VISIT_FEE", {"self_pay": 7800}),
        )
        nothing = await earlier.bill(at(2), ("BP", {}))
        await earlier.upgrade(AFTER)
        on = date(2026, 3, 3)
        assert await earlier.lines("settlement", bill) == [
            ("medical", on, PATIENT, 8050, 0),
            ("medical", on, FUND, 700, 0),
            ("medical", on, PROGRAMME, 500, 0),
            ("medical", on, CONTRACT, 300, 0),
            ("medical", on, SERVICES, 0, 1750),
            ("medical", on, FEE, 0, 7800),
        ]
        assert await earlier.lines("settlement", nothing) == []

    async def test_a_reversal_is_booked_in_red_on_its_own_day(self, earlier: Earlier) -> None:
        bill = await earlier.bill(at(2), ("BP", {"medical_insurance": 800, "self_pay": 200}))
        back = await earlier.reverse(bill, at(31, 16))
        await earlier.upgrade(AFTER)
        booked, red = await earlier.lines("settlement", bill), await earlier.lines("reversal", back)
        assert {row[1] for row in booked} == {date(2026, 3, 2)}
        assert {row[1] for row in red} == {date(2026, 4, 1)}
        assert [(row[2], -row[3], -row[4]) for row in red] == [row[2:] for row in booked]
        (sums,) = await earlier.rows("select sum(debit_fen)::int, sum(credit_fen)::int from journal_lines")
        assert sums == (0, 0)

    async def test_what_is_booked_comes_to_the_bills_of_each_institution(self, earlier: Earlier) -> None:
        for day in range(1, 8):
            where = earlier.far if day % 3 == 0 else earlier.near
            bill = await earlier.bill(
                at(day), ("BP", {"self_pay": 100 * day}), ("EKG", {"contract": 7}), institution_id=where
            )
            if day % 2 == 0:
                await earlier.reverse(bill, at(day, 5))
        await earlier.upgrade(AFTER)
        assert await earlier.rows(
            "select institution_id, sum(credit_fen)::int from journal_lines group by 1 order by 1"
        ) == await earlier.rows(
            "select institution_id, sum(gross_fen)::int from (select institution_id, gross_fen from settlements"
            " union all select institution_id, -gross_fen from reversals) as posted group by 1 order by 1"
        )


class TestInvoices:
    async def test_each_institution_has_its_own_without_a_gap_from_each_local_new_year(self, earlier: Earlier) -> None:
        last = await earlier.bill(at(31, 15, month=12, year=2025), ("BP", {"self_pay": 100}))
        first = await earlier.bill(at(31, 16, month=12, year=2025), ("BP", {"self_pay": 200}))
        await earlier.bill(at(1, month=1), ("BP", {}))
        second = await earlier.bill(at(2, month=1), ("BP", {"self_pay": 300, "contract": 50}))
        elsewhere = await earlier.bill(at(1, month=1), ("BP", {"self_pay": 400}), institution_id=earlier.far)
        back = await earlier.reverse(first, at(2, month=1))
        await earlier.upgrade(AFTER)
        told = await earlier.rows(
            "select institution_id, year, number, source_id, gross_fen, patient_fen from invoices"
            " order by institution_id = $1, year, number",
            earlier.far,
        )
        assert told == [
            (earlier.near, 2025, 1, last, 100, 100),
            (earlier.near, 2026, 1, first, 200, 200),
            (earlier.near, 2026, 2, second, 350, 300),
            (earlier.near, 2026, 3, back, -200, -200),
            (earlier.far, 2026, 1, elsewhere, 400, 400),
        ]
        assert await earlier.rows(
            "select institution_id, year, last_no from invoice_counters order by institution_id = $1, year", earlier.far
        ) == [(earlier.near, 2025, 1), (earlier.near, 2026, 3), (earlier.far, 2026, 1)]

    async def test_a_red_letter_names_its_original_also_of_the_same_moment(self, earlier: Earlier) -> None:
        bill = await earlier.bill(at(2), ("BP", {"self_pay": 100}))
        back = await earlier.reverse(bill, at(2))
        await earlier.upgrade(AFTER)
        assert await earlier.rows(
            "select red.source_id, original.source_id from invoices red"
            " join invoices original on original.region_id = red.region_id and original.id = red.reverses_id"
        ) == [(back, bill)]

    async def test_the_next_bill_goes_on_after_them(self, earlier: Earlier) -> None:
        for day in (1, 2):
            await earlier.bill(at(day), ("BP", {"self_pay": 100}))
        await earlier.upgrade(AFTER)
        # taken back at once: a number without an invoice would not pass the commit
        taking = earlier.connection.transaction()
        await taking.start()
        (number,) = await earlier.rows(
            "update invoice_counters set last_no = last_no + 1 where institution_id = $1 returning last_no",
            earlier.near,
        )
        await taking.rollback()
        assert number == (3,)


class TestBalances:
    async def test_deductibles_and_funds_stand_as_they_stood_and_go_on(self, earlier: Earlier) -> None:
        known = {
            await earlier.entitlement("insurance_deductible", 30_000, ("consume", 12_000), ("reverse", 2000)): 10_000,
            await earlier.entitlement("insurance_fund", 1_200_000, ("consume", 8000)): 8000,
            await earlier.entitlement("public_program", 4, ("consume", 1), ("consume", 1)): 2,
            await earlier.entitlement("contract", 8): 0,
        }
        await earlier.upgrade(AFTER)
        standing = await earlier.rows(
            "select e.id, coalesce((select x.used_after from entitlement_entries x where x.entitlement_id = e.id"
            " order by x.seq desc limit 1), 0) from entitlements e"
        )
        assert dict(standing) == known
        deductible, *_ = known
        goes_on = (
            "insert into entitlement_entries (region_id, entitlement_id, seq, kind, units, used_after, reserved_after,"
            " service_on, posted_at) values ($1, $2, 3, 'consume', $3, $4, 0, '2026-03-09', now())"
        )
        with pytest.raises(asyncpg.CheckViolationError, match="exhausted"):
            await earlier.connection.execute(goes_on, earlier.region_id, deductible, 20_001, 30_001)
        await earlier.connection.execute(goes_on, earlier.region_id, deductible, 20_000, 30_000)


class TestPayers:
    async def test_every_insurance_pays_on_where_there_are_prices_and_packages_are_valid_everywhere(
        self, earlier: Earlier
    ) -> None:
        for plan, begun in (
            ("EMPLOYEE", date(2025, 1, 1)),
            ("EMPLOYEE", date(2026, 1, 1)),
            ("RESIDENT", date(2026, 1, 1)),
        ):
            until = date(2025, 12, 31) if begun.year == 2025 else None
            await earlier.put(
                "insurance_rules",
                id=new_id(),
                plan_code=plan,
                valid_from=begun,
                valid_to=until,
                pay_ratio=Decimal("0.8"),
            )
        await earlier.put("price_rows", id=new_id(), institution_id=earlier.near, code="BP", insurance_class="A")
        await earlier.put("packages", id=new_id(), institution_id=earlier.near)
        await earlier.upgrade(AFTER)
        assert await earlier.rows(
            "select institution_id, plan_code, valid_from, valid_to from institution_designations order by plan_code"
        ) == [
            (earlier.near, "EMPLOYEE", date(2025, 1, 1), None),
            (earlier.near, "RESIDENT", date(2026, 1, 1), None),
        ]
        assert await earlier.rows("select valid_region_wide from packages") == [(True,)]


async def test_bills_of_then_reach_today(earlier: Earlier) -> None:
    bill = await earlier.bill(at(2), ("BP", {"self_pay": 100, "contract": 50}))
    await earlier.reverse(bill, at(3))
    await earlier.upgrade("head")
    assert await earlier.rows("select count(*)::int, sum(gross_fen)::int from journal_entries") == [(2, 0)]
    assert await earlier.rows("select count(*)::int, sum(gross_fen)::int from invoices") == [(2, 0)]
