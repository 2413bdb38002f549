"""Reading the chains for `verify`: lane by lane from one snapshot of the database, as the owner, who sees every row."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from service.core.audit import seals, verify
from service.core.audit.seals import Seal
from service.core.audit.verify import Fault, Lane, LaneCheck
from service.core.signing import Signer

_CHUNK: Final = 5000
_MOST_FAULTS: Final = 1000
"""How many faults are kept; a broken chain may have as many as it has entries."""

# every lane that has entries or a seal, by steps along the index
_LANES: Final = """
with recursive lanes as (
    (select region_id, lane from audit_entries order by region_id, lane limit 1)
    union all
    select further.region_id, further.lane from lanes l cross join lateral (
        select region_id, lane from audit_entries where (region_id, lane) > (l.region_id, l.lane)
        order by region_id, lane limit 1) further
)
select region_id, lane from lanes where $1::uuid is null or region_id = $1
"""
# the newest seal pins everything before it
_SEALS: Final = """
select distinct on (region_id, lane) region_id, token from audit_seals
where ($1::uuid is null or region_id = $1) and ($2::timestamptz is null or sealed_at <= $2)
order by region_id, lane, seq desc
"""
_ENTRIES: Final = " ".join(
    (
        "select",
        verify.columns(),
        "from audit_entries where region_id = $1 and lane = $2 and seq > $3 order by audit_entries.seq",
    )
)


@dataclass(slots=True)
class RegionCount:
    """What was counted of one region's chains."""

    entries: int = 0
    wrong: int = 0
    forged_seals: int = 0


@dataclass(slots=True)
class Report:
    """What was checked and what is wrong; `faults` are the first ones, `wrong` counts them all."""

    entries: int = 0
    lanes: int = 0
    seals: int = 0
    forged_seals: int = 0
    sealed_at: datetime | None = None
    wrong: int = 0
    faults: list[Fault] = field(default_factory=list)
    regions: dict[UUID, RegionCount] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Return whether nothing is wrong."""
        return not (self.wrong or self.forged_seals)

    def of(self, region_id: UUID) -> RegionCount:
        """Return the count of a region, to read or to raise."""
        return self.regions.setdefault(region_id, RegionCount())

    def is_sound(self, region_id: UUID) -> bool:
        """Return whether nothing is wrong with a region; a forged seal of no known region may be of any."""
        count = self.of(region_id)
        placed = sum(each.forged_seals for each in self.regions.values())
        return not (count.wrong or count.forged_seals or self.forged_seals > placed)

    def note(self, fault: Fault) -> None:
        """Count a fault."""
        self.wrong += 1
        self.of(fault.lane.region_id).wrong += 1
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(fault)


async def check(
    connection: Any,
    signer: Signer,
    *,
    region_id: UUID | None = None,
    since: datetime | None = None,
    logged: Collection[str] = (),
) -> Report:
    """Check every chain, or those of one region, on an asyncpg connection of the schema's owner.

    `since`: begin behind each lane's last seal before this moment. `logged`: seals from the log, which count like
    those in the database.
    """
    report = Report()
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        signed = await _seals(connection, signer, report, region_id=region_id, logged=logged)
        starts = await _starts(connection, signer, report, region_id=region_id, since=since)
        pinned = seals.by_lane(signed)
        found = [Lane(row["region_id"], row["lane"]) for row in await connection.fetch(_LANES, region_id)]
        for lane in sorted({*found, *pinned}, key=lambda each: (each.region_id, each.number)):
            start = starts.get(lane)
            walk = LaneCheck(lane, pinned.get(lane, {}))
            if start is not None:
                walk.seq, walk.before = start.seq, start.hash
            await _walk(connection, walk, report)
    return report


async def _seals(
    connection: Any, signer: Signer, report: Report, *, region_id: UUID | None, logged: Collection[str]
) -> list[Seal]:
    rows = await connection.fetch(_SEALS, region_id, None)
    signed, forged = seals.read(signer, {row["token"] for row in rows} | set(logged))
    ours = [each for each in signed if region_id in {None, each.lane.region_id}]
    report.seals, report.forged_seals = len(ours), forged
    for row in rows:
        report.of(row["region_id"]).forged_seals += seals.read(signer, [row["token"]])[1]
    report.sealed_at = max((each.sealed_at for each in ours), default=None)
    return ours


async def _starts(
    connection: Any, signer: Signer, report: Report, *, region_id: UUID | None, since: datetime | None
) -> dict[Lane, Seal]:
    """Return the seals behind which each lane is walked: none, without a moment to begin at."""
    if since is None:
        return {}
    rows = await connection.fetch(_SEALS, region_id, since.astimezone(UTC))
    signed, forged = seals.read(signer, {row["token"] for row in rows})
    report.forged_seals = max(report.forged_seals, forged)
    return {each.lane: each for each in signed}


async def _walk(connection: Any, walk: LaneCheck, report: Report) -> None:
    async for chunk in _chunks(connection, walk):
        for seq, before, claimed, *fields in chunk:
            for fault in walk.take(seq, before, claimed, fields):
                report.note(fault)
    for fault in walk.end():
        report.note(fault)
    report.lanes += 1
    report.entries += walk.count
    report.of(walk.lane.region_id).entries += walk.count


async def _chunks(connection: Any, walk: LaneCheck) -> AsyncIterator[Sequence[Any]]:
    cursor = await connection.cursor(_ENTRIES, walk.lane.region_id, walk.lane.number, walk.seq)
    while chunk := await cursor.fetch(_CHUNK):
        yield chunk


_EVERY_REGION: Final = "select id from regions union all select '00000000-0000-0000-0000-000000000000'::uuid"
_KEEP: Final = (
    "insert into audit_checks (region_id, checked_at, since, entries, wrong, sound)"
    " values ($1, clock_timestamp(), $2, $3, $4, $5)"
)


async def keep(connection: Any, report: Report, *, region_id: UUID | None, since: datetime | None) -> None:
    """Write down what a check found, region by region, for those who look after the platform."""
    regions = [region_id] if region_id else [row["id"] for row in await connection.fetch(_EVERY_REGION)]
    found = [(each, report.of(each), report.is_sound(each)) for each in regions]
    await connection.executemany(
        _KEEP, [(each, since, count.entries, count.wrong + count.forged_seals, sound) for each, count, sound in found]
    )
