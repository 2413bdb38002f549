"""The month-end statement against a plain GROUP BY of the same rows, `--lines 1000000` for a large month.

A scratch database gets bill lines of one institution's month, with their payers and with the journal that the ledger
makes of them. Then the monthly statement is asked for as finance asks for it
(behind the fence, checked, made into JSON), in turns with

* `lines`: `GROUP BY` over the bill lines alone, as the tables' owner: no fence, no join, no payers;
* `payers`: the same joined with who paid, which is what a report written straight from the bills would ask.

Times are medians; the ratio is the statement's time over the other's, so smaller is better.
"""

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from service import schema
from service.accounts.rules import ROLE_SCOPES, Role
from service.billing.ledger import rules, schemas, statements
from service.billing.ledger.kinds import StatementKind
from service.core import embedded
from service.core.db.engine import make_sessions
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Principal
from service.institutions.models import District, Institution, Region

LINES = 200_000
LINES_OF_A_BILL = 4
CHUNK = 25_000
"""Bills to a COPY."""
RUNS = 7
FIRST = date(2026, 3, 1)
DAYS = 31
GOAL, GOAL_LINES = 1.5, 1_000_000
"""The fence, the checks and the JSON cost the same however many lines there are: fewer make the ratio worse."""
PAYERS = (
    "self_pay",
    "self_pay",
    "contract",
    "contract",
    "medical_insurance",
    "medical_insurance",
    "ltci",
    "public_program",
)
REGION, INSTITUTION = new_id(), new_id()
LOADED = ("settlements", "bill_lines", "bill_fundings", "journal_entries", "journal_lines")
COLUMNS = {
    "settlements": (
        "region_id", "institution_id", "id", "visit_id", "person_id", "trip_round", "seq", "service_on", "gross_fen",
        "patient_fen", "facts", "journaled", "settled_at",
    ),
    "bill_lines": (
        "region_id", "institution_id", "settlement_id", "line_no", "code", "name", "quantity", "charged_quantity",
        "status", "gross_fen", "patient_fen", "reason", "income_class",
    ),
    "bill_fundings": (
        "region_id", "institution_id", "settlement_id", "line_no", "funding_no", "source", "units", "amount_fen",
        "reason",
    ),
    "journal_entries": (
        "region_id", "institution_id", "id", "book", "source", "source_id", "booked_on", "gross_fen", "posted_at",
    ),
    "journal_lines": (
        "region_id", "institution_id", "entry_id", "line_no", "book", "booked_on", "account", "debit_fen",
        "credit_fen",
    ),
}  # fmt: skip
PLAIN = {
    "lines": "select income_class, status, count(*), sum(gross_fen), sum(patient_fen) from bill_lines"
    " where region_id = $1 and institution_id = $2 group by income_class, status",
    "payers": "select l.income_class, f.source, count(*), sum(f.amount_fen) from bill_lines l"
    " join bill_fundings f using (region_id, settlement_id, line_no)"
    " where l.region_id = $1 and l.institution_id = $2 group by l.income_class, f.source",
}


def charges(dice: random.Random) -> list[rules.Charge]:
    """Return the lines of a bill: services paid by the patient's payer and himself, and the visit fee.

    Who pays for a patient is the same for all lines of his bill; a tenth of the bills are care (单列备查).
    """
    payer, income = dice.choice(PAYERS), rules.Income("memorandum" if dice.random() < 0.1 else "unified")
    made = []
    for _ in range(LINES_OF_A_BILL - 1):
        gross = dice.randint(100, 30_000)
        part = dice.randint(0, gross)
        shares = {"self_pay": gross} if payer == "self_pay" else {payer: part, "self_pay": gross - part}
        parts = tuple(rules.Part(source, fen) for source, fen in shares.items() if fen)
        made.append(rules.Charge(f"C{dice.randint(1, 60)}", income, parts))
    return [*made, rules.Charge("VISIT_FEE", income, (rules.Part("self_pay", 7800),))]


def rows_of(dice: random.Random) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the rows of one bill and of its journal: (table, values)."""
    own, bill = (REGION, INSTITUTION), new_id()
    on = FIRST + timedelta(days=dice.randrange(DAYS))
    at = datetime(on.year, on.month, on.day, 2, tzinfo=UTC)
    lines = charges(dice)
    postings = rules.postings_of(lines)
    gross, patient = rules.gross_fen(postings), rules.patient_fen(postings)
    yield "settlements", (*own, bill, new_id(), new_id(), 1, 1, on, gross, patient, "{}", True, at)
    for no, line in enumerate(lines, start=1):
        whole = line.gross_fen
        own_part = sum(part.amount_fen for part in line.parts if part.source == "self_pay")
        said = (line.code, "项目", 1, 1, "charged", whole, own_part, "", line.income.income_class)
        yield "bill_lines", (*own, bill, no, *said)
        for part_no, part in enumerate(line.parts, start=1):
            yield "bill_fundings", (*own, bill, no, part_no, part.source, None, part.amount_fen, "")
    for book in dict.fromkeys(each.book for each in postings):
        of_book, entry = [each for each in postings if each.book is book], new_id()
        total = rules.gross_fen(of_book)
        yield "journal_entries", (*own, entry, str(book), "settlement", bill, on, total, at)
        for no, each in enumerate(of_book, start=1):
            yield "journal_lines", (
                *own, entry, no, str(book), on, str(each.account), each.debit_fen, each.credit_fen,
            )  # fmt: skip


async def create(server: embedded.EmbeddedServer, database: str) -> None:
    """Create the schema and the institution in the scratch database."""
    engine = create_async_engine(server.url(embedded.OWNER_ROLE, database))
    async with engine.begin() as connection:
        await connection.run_sync(schema.create_all)
    district = new_id()
    institution = Institution(
        region_id=REGION, id=INSTITUTION, code="I1", name="测量社区卫生服务中心", kind="community_health_centre",
        district_id=district, address="朝阳街", lon=106.38, lat=39.02, licence_no="L1",
        licence_from=date(2020, 1, 1), licence_to=date(2035, 1, 1),
    )  # fmt: skip
    async with AsyncSession(engine) as session, session.begin():
        for row in (
            Region(id=REGION, code="640200", name="测量统筹区"),
            District(region_id=REGION, id=district, code="640202", name="一区"),
            institution,
        ):
            session.add(row)
            await session.flush()
    await engine.dispose()


async def silence(raw: asyncpg.Connection) -> None:
    """Drop keys to other rooms and silence checks at the commit: what is measured is reading."""
    for table in LOADED:
        await raw.execute(f"alter table {table} disable trigger user")
        keys = "select conname from pg_constraint where conrelid = $1::regclass and contype = 'f'"
        for key in await raw.fetch(keys, table):
            await raw.execute(f"alter table {table} drop constraint {key['conname']}")


async def load(server: embedded.EmbeddedServer, database: str, lines: int) -> int:
    """Fill the scratch database by COPY; return how many bill lines it holds."""
    raw = await asyncpg.connect(server.url(embedded.OWNER_ROLE, database).replace("+asyncpg", ""))
    dice, done = random.Random(1), 0
    try:
        await silence(raw)
        while done < lines:
            filled: dict[str, list[tuple[Any, ...]]] = {table: [] for table in LOADED}
            for _ in range(min(CHUNK, (lines - done) // LINES_OF_A_BILL or 1)):
                for table, values in rows_of(dice):
                    filled[table].append(values)
            for table in LOADED:
                await raw.copy_records_to_table(table, records=filled[table], columns=COLUMNS[table])
            done += len(filled["bill_lines"])
            print(f"\r{done:,} bill lines", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        for table in LOADED:
            await raw.execute(f"vacuum (analyze) {table}")
    finally:
        await raw.close()
    return done


async def timed(act: Callable[[], Awaitable[Any]]) -> tuple[float, Any]:
    """Return how long something takes, in milliseconds, and what it answers."""
    began = time.perf_counter()
    answer = await act()
    return (time.perf_counter() - began) * 1000, answer


async def statement(sessions: async_sessionmaker[AsyncSession]) -> int:
    """Ask for the monthly statement as finance does, JSON included; return what it comes to."""
    who = Principal(
        account_id=new_id(), region_id=REGION, role=Role.finance, scopes=ROLE_SCOPES[Role.finance],
        institution_ids=(INSTITUTION,),
    )  # fmt: skip
    async with transaction(sessions, who.fence, datetime(2026, 4, 1, 1, tzinfo=UTC)) as session:
        table = await statements.read(
            session, principal=who, institution_id=INSTITUTION, kind=StatementKind.monthly, first=FIRST,
            last=FIRST + timedelta(days=DAYS - 1), contract_id=None,
        )  # fmt: skip
    told = json.loads(schemas.statement(table, INSTITUTION).model_dump_json())
    return int(told["totals"]["gross_fen"])


async def grouped(plain: asyncpg.Connection, name: str) -> int:
    """Ask a plain query as the owner; return what it comes to."""
    return int(sum(row[3] for row in await plain.fetch(PLAIN[name], REGION, INSTITUTION)))


async def measure(server: embedded.EmbeddedServer, database: str) -> dict[str, float]:
    """Return the medians of the statement and of the plain queries, taken in turns.

    Raises:
        SystemExit: they do not come to the same sum.
    """
    engine = create_async_engine(server.url(embedded.APP_ROLE, database))
    sessions = make_sessions(engine)
    plain = await asyncpg.connect(server.url(embedded.OWNER_ROLE, database).replace("+asyncpg", ""))
    acts: dict[str, Callable[[], Awaitable[int]]] = {
        "statement": lambda: statement(sessions),
        **{name: partial(grouped, plain, name) for name in PLAIN},
    }
    taken: dict[str, list[float]] = {name: [] for name in acts}
    try:
        for run in range(RUNS + 1):
            sums = set()
            for name, act in acts.items():
                took, total = await timed(act)
                sums.add(total)
                if run:  # the first round warms up
                    taken[name].append(took)
            if len(sums) != 1:
                raise SystemExit(f"the sums differ: {sorted(sums)}")
    finally:
        await plain.close()
        await engine.dispose()
    return {name: statistics.median(each) for name, each in taken.items()}


async def run(lines: int) -> dict[str, Any]:
    """Load, measure, return the figures: milliseconds, and the statement's time over each plain query's."""
    with tempfile.TemporaryDirectory(prefix="xunzhen-bench-") as place:
        data_dir = Path(place) / "pg"
        try:
            with embedded.running(data_dir) as server:
                embedded.create_database(server, "statements")
                await create(server, "statements")
                loaded = await load(server, "statements", lines)
                taken = await measure(server, "statements")
        finally:
            embedded.wait_until_stopped(data_dir)
    own = taken["statement"]
    against = {name: {"ms": round(taken[name], 1), "ratio": round(own / taken[name], 3)} for name in PLAIN}
    return {"lines": loaded, "statement_ms": round(own, 1), "against": against}
