"""A million audit rows: checked in a minute on two cores, and one that was touched is found."""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from service.core import embedded
from service.core.audit import checking
from service.core.audit.verify import Wrong
from service.core.http import House
from service.core.ids import new_id
from service.core.jobs import runner
from service.schema import create_all

pytestmark = [pytest.mark.database, pytest.mark.long]

ROWS = 1_000_000
CONNECTIONS = 8
MOST_SECONDS = 60

# as the API leaves them: one person, two tables, a change now and then
APPEND = """
select audit_append('nurse', null, gen_random_uuid(), 'read_order', 'care', 'order_id=' || gen_random_uuid(),
    array[gen_random_uuid()], array['order_items', 'orders'],
    case when n % 4 = 0 then jsonb_build_array(jsonb_build_object(
        'table', 'orders', 'verb', 'update', 'columns', array['state'], 'ids', array[gen_random_uuid()])) else '[]' end,
    null, '10.1.2.3', 'ca9b2eafc1cd8634', replace(gen_random_uuid()::text, '-', ''))
from generate_series(1, $1::int) as n
"""


@pytest.fixture
async def own(server: embedded.EmbeddedServer) -> AsyncIterator[str]:
    """A database of the test's own; its name."""
    name = f"a{uuid.uuid4().hex[:12]}"
    embedded.create_database(server, name)
    engine = create_async_engine(server.url(embedded.OWNER_ROLE, name))
    async with engine.begin() as connection:
        await connection.run_sync(create_all)
    await engine.dispose()
    yield name
    embedded.drop_database(server, name)


async def _append(url: str, region_id: uuid.UUID, count: int) -> None:
    connection = await runner.connect(url)
    try:
        async with connection.transaction():
            await connection.execute("select set_config('app.region_id', $1, true)", str(region_id))
            await connection.execute(APPEND, count, timeout=900)
    finally:
        await connection.close()


async def test_a_million_rows(server: embedded.EmbeddedServer, own: str, house: House) -> None:
    region_id = new_id()
    app_url, each = server.url(embedded.APP_ROLE, own), ROWS // CONNECTIONS
    await asyncio.gather(*(_append(app_url, region_id, each) for _ in range(CONNECTIONS)))
    owner: Any = await runner.connect(server.url(embedded.OWNER_ROLE, own))
    try:
        begun = time.monotonic()
        report = await checking.check(owner, house.signer)
        seconds = time.monotonic() - begun
        print(f"\n{report.entries} audit rows in {report.lanes} lanes checked in {seconds:.1f} s")  # noqa: T201
        assert (report.is_whole, report.entries) == (True, ROWS)
        assert seconds <= MOST_SECONDS
        lanes = [row["lane"] for row in await owner.fetch("select distinct lane from audit_entries order by lane")]
        await owner.execute("update audit_entries set role = 'doctor' where lane = $1 and seq = 70000", lanes[0])
        await owner.execute("delete from audit_entries where lane = $1 and seq = 80000", lanes[1])
        for old, new in ((90000, -1), (90001, 90000), (-1, 90001)):
            await owner.execute("alter table audit_entries drop constraint if exists ck_audit_entries_seq")
            await owner.execute("update audit_entries set seq = $3 where lane = $1 and seq = $2", lanes[2], old, new)
        begun = time.monotonic()
        report = await checking.check(owner, house.signer)
        assert time.monotonic() - begun <= MOST_SECONDS
        found = {(fault.lane.number, fault.seq, fault.wrong) for fault in report.faults}
        assert {place for place in found if place[0] == lanes[0]} == {(lanes[0], 70000, Wrong.edited)}
        assert {place for place in found if place[0] == lanes[1]} == {(lanes[1], 80000, Wrong.missing)}
        assert {seq for lane, seq, _ in found if lane == lanes[2]} >= {90000, 90001}
    finally:
        await owner.close()
