"""Invoice numbers raced on real connections: no gap and no double, whoever rolls back and when."""

import asyncio
import dataclasses
import random
from collections.abc import AsyncIterator
from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from service.billing.ledger import rules, usecases
from service.billing.ledger.rules import Account, Book, LedgerSource, Posting
from service.core import embedded
from service.core.db.engine import make_sessions
from service.core.db.refusals import constraint_of
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.core.problems import Refusal
from tests.world import NOW, World

CONNECTIONS = 8
ISSUED = 200
TODAY = date(2026, 3, 2)
POSTINGS = (
    Posting(Book.medical, Account.owed_by_patient, 700, 0),
    Posting(Book.medical, Account.service_income, 0, 700),
)


class Thrown(Exception):
    """Rolls a transaction back after its number was taken."""


@pytest.fixture
async def raced(world: World, server: embedded.EmbeddedServer, database: str) -> AsyncIterator[World]:
    """A region, and a connection for every racer."""
    engine = create_async_engine(server.url(embedded.APP_ROLE, database), pool_size=CONNECTIONS)
    world.house = dataclasses.replace(world.house, sessions=make_sessions(engine))
    yield world
    await engine.dispose()


def fence(world: World) -> Fence:
    return Fence(world.region_id, (world.institution_id,))


async def numbers(world: World) -> list[int]:
    async with transaction(world.house.sessions, fence(world), NOW) as session:
        found = await session.execute(text("select number from invoices order by number"))
        return list(found.scalars())


async def test_two_hundred_at_once_leave_no_gap_and_no_double(raced: World) -> None:
    dice = random.Random(20260302)
    todo = [dice.random() < 0.2 for _ in range(ISSUED)]

    async def issue(fails: bool) -> str | None:
        try:
            async with transaction(raced.house.sessions, fence(raced), NOW) as session:
                number = await usecases.post(
                    session,
                    region_id=raced.region_id,
                    institution_id=raced.institution_id,
                    source=LedgerSource.settlement,
                    source_id=new_id(),
                    on=TODAY,
                    now=NOW,
                    postings=POSTINGS,
                )
                if fails:
                    raise Thrown
        except Thrown:
            return None
        return number

    given = [number for number in await asyncio.gather(*(issue(fails) for fails in todo)) if number]
    kept = todo.count(False)
    assert 0 < kept < ISSUED
    assert sorted(given) == [rules.invoice_no(2026, each) for each in range(1, kept + 1)]
    assert await numbers(raced) == list(range(1, kept + 1))


async def test_the_trigger_alone_keeps_the_numbers_whole_without_the_counter(raced: World) -> None:
    """Everybody computes the next number himself and holds nothing: the constraints are all there is."""
    insert = text(
        "insert into invoices (region_id, id, institution_id, year, number, source, source_id, gross_fen, patient_fen,"
        " issued_on, issued_at) values (:region, :id, :institution, 2026, :number, 'settlement', :id, 100, 0,"
        " '2026-03-02', now())"
    )

    async def issue(at: int) -> str:
        dice = random.Random(at)
        try:
            async with transaction(raced.house.sessions, fence(raced), NOW) as session:
                seen = (await session.execute(text("select coalesce(max(number), 0) from invoices"))).scalar_one()
                said = {"region": raced.region_id, "institution": raced.institution_id, "id": new_id()}
                await session.execute(insert, {**said, "number": seen + dice.choice([1, 1, 1, 2])})
                if dice.random() < 0.2:
                    raise Thrown
        except Thrown:
            return "thrown"
        except (Refusal, DBAPIError) as error:
            return constraint_of(error) or "?" if isinstance(error, DBAPIError) else error.code()
        return "won"

    outcomes = await asyncio.gather(*(issue(at) for at in range(ISSUED)))
    won = outcomes.count("won")
    assert won > 0
    assert set(outcomes) <= {"won", "thrown", "invoices_follow", "invoices_one_number"}
    assert await numbers(raced) == list(range(1, won + 1))


async def test_one_source_is_booked_once_by_whoever_is_first(raced: World) -> None:
    source_id = new_id()

    async def book() -> str:
        try:
            async with transaction(raced.house.sessions, fence(raced), NOW) as session:
                await usecases.post(
                    session,
                    region_id=raced.region_id,
                    institution_id=raced.institution_id,
                    source=LedgerSource.settlement,
                    source_id=source_id,
                    on=TODAY,
                    now=NOW,
                    postings=POSTINGS,
                )
        except Refusal as refusal:
            return refusal.code()
        return "won"

    outcomes = await asyncio.gather(*(book() for _ in range(16)))
    assert sorted(outcomes) == ["journaled-already"] * 15 + ["won"]
    assert await numbers(raced) == [1]


async def test_one_invoice_is_not_taken_back_twice_from_two_years(raced: World) -> None:
    """The two hold different counters; what is left of the invoice is looked at one after the other."""
    original = new_id()

    async def post(source: LedgerSource, on: date, postings: tuple[Posting, ...], **more: object) -> str:
        try:
            async with transaction(raced.house.sessions, fence(raced), NOW) as session:
                await usecases.post(
                    session,
                    region_id=raced.region_id,
                    institution_id=raced.institution_id,
                    source=source,
                    on=on,
                    now=NOW,
                    postings=postings,
                    **{"source_id": new_id(), **more},
                )
        except Refusal as refusal:
            return refusal.code()
        return "won"

    assert await post(LedgerSource.bed_days, TODAY, POSTINGS, source_id=original) == "won"
    back, red = LedgerSource.bed_days_reversal, rules.red(POSTINGS)
    years = [date(2026 + at % 2, 12, 31) for at in range(8)]
    outcomes = await asyncio.gather(*(post(back, on, red, reverses_id=original) for on in years))
    assert sorted(outcomes) == ["invoice-taken-back"] * 7 + ["won"]
