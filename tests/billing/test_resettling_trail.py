"""The trail of bills made anew: a row of each, to the fen what the journal says, listed for finance, never changed."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.accounts.rules import Role
from service.billing.errors import ReversedAlready
from service.billing.ledger.rules import DEBITED
from service.billing.resettling import rules
from service.billing.resettling.rules import Owed
from service.core.db.refusals import constraint_of
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from tests.billing.day import MORNING, Day
from tests.billing.test_resettling_ceiling import consent, done, ended_late

_EFFECT = text(
    "select l.account, (sum(l.debit_fen) - sum(l.credit_fen))::bigint as fen from journal_entries e"
    " join journal_lines l on l.region_id = e.region_id and l.entry_id = e.id"
    " where e.region_id = :region and (e.source, e.source_id) in ("
    "  select 'settlement', after_id from resettlements where region_id = :region"
    "  union all select 'reversal', reversal_id from resettlements where region_id = :region) group by l.account"
)
_ADD = text(
    "insert into resettlements (region_id, id, institution_id, before_id, after_id, reversal_id, gross_difference_fen,"
    " patient_difference_fen, differences, borne, reason, resettled_by_account_id, resettled_at)"
    " select region_id, :id, institution_id, :before, :after, id, :gross, :patient, cast(:differences as jsonb), '[]',"
    " 'x', reversed_by_account_id, reversed_at from reversals where region_id = :region and settlement_id = :before"
)


async def listed(day: Day, **asked: str) -> list[dict[str, Any]]:
    answer = await day.http.get("/resettlements", params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def refunded(day: Day) -> dict[str, Any]:
    """Settle a visit anew whose contract was signed late; return the answer."""
    person_id = await day.world.add_patient()
    old = await day.bill(await day.visit(person_id, ("BP", 2)))
    await day.contract(person_id, {"BP": 8})
    return await done(day, old)


class TestDifferences:
    def test_are_told_of_each_payer_whose_part_changed(self) -> None:
        before = [("contract", 700), ("self_pay", 300), ("self_pay", 100), ("ltci", 50)]
        after = [("self_pay", 900), ("contract", 200), ("ltci", 50)]
        assert rules.differences(before, after) == {"contract": -500, "self_pay": 500}

    @pytest.mark.parametrize(("fen", "owed"), [(-1, Owed.refund), (0, None), (1, Owed.claim)])
    def test_of_the_family_are_owed_one_way_or_the_other(self, fen: int, owed: Owed | None) -> None:
        assert rules.owed_of(fen) is owed


class TestTheTrail:
    async def test_adds_up_to_what_the_journal_says(self, day: Day) -> None:
        old = await ended_late(day)
        borne = await done(day, old)
        claimed = await done(day, borne["after"][0], consents=[await consent(day, old)])
        back = await refunded(day)
        sums: Counter[str] = Counter()
        for each in await listed(day):
            for part in each["differences"]:
                sums[DEBITED[part["source"]]] += part["amount_fen"]
        async with day.world.owner.connect() as connection:
            booked = {
                row.account: row.fen for row in await connection.execute(_EFFECT, {"region": day.world.region_id})
            }
        owed = {account: fen for account, fen in booked.items() if not account.startswith("4101.0")}
        assert {account: fen for account, fen in sums.items() if fen} == {
            account: fen for account, fen in owed.items() if fen
        }
        assert sums["1212.01"] == claimed["difference_fen"] + back["difference_fen"] == 1000 - 2000

    async def test_names_old_bill_reversal_and_new_bill_by_whom_why_and_when(self, day: Day) -> None:
        told = await done(day, await ended_late(day))
        [row] = await listed(day)
        assert row == told["changes"][0]
        [before], [after] = told["before"], told["after"]
        assert (row["before_id"], row["after_id"], row["visit_id"]) == (before["id"], after["id"], before["visit_id"])
        assert (row["reason"], row["gross_difference_fen"], row["service_on"]) == ("签约变更", 0, "2026-03-02")
        assert [(each["source"], each["label"], each["amount_fen"]) for each in row["differences"]] == [
            ("contract", "家庭医生签约", -1000), ("institution", "医疗机构分担", 1000),
        ]  # fmt: skip
        taken_back = (await day.http.get(f"/settlements/{before['id']}")).json()["reversal"]
        assert (taken_back["reversed_by_account_id"], taken_back["reversed_at"]) == (
            row["resettled_by_account_id"], row["resettled_at"],
        )  # fmt: skip

    async def test_holds_every_bill_of_a_trip_also_those_that_stay_as_they_were(self, day: Day) -> None:
        await day.price("BP", "10")
        home_id = await day.world.add_home()
        trip_id = await day.trip(home_id)
        people = [await day.world.add_patient(home_id=home_id) for _ in range(2)]
        visits = [await day.visit(each, home_id=home_id, trip_id=trip_id, trip_key=trip_id) for each in people]
        old = [await day.bill(each) for each in visits]
        await day.contract(people[0], {"BP": 8})
        told = await done(day, old[1])
        found = {row["visit_id"]: row["patient_difference_fen"] for row in await listed(day)}
        assert found == {str(visits[0]): -1000, str(visits[1]): 0}
        assert told["difference_fen"] == -1000


class TestTheList:
    async def test_shows_what_is_owed_back_or_claimed_page_by_page(self, day: Day) -> None:
        old = await ended_late(day)
        claimed = await done(day, old, consents=[await consent(day, old)])
        back = await refunded(day)
        ids = [told["changes"][0]["id"] for told in (claimed, back)]
        assert [row["id"] for row in await listed(day, owed="claim")] == ids[:1]
        assert [row["id"] for row in await listed(day, owed="refund")] == ids[1:]
        first = (await day.http.get("/resettlements", params={"limit": "1"})).json()
        second = (await day.http.get("/resettlements", params={"limit": "1", "cursor": first["next_cursor"]})).json()
        assert [row["id"] for page in (first, second) for row in page["items"]] == ids
        assert second["next_cursor"] is None

    async def test_is_of_one_s_own_institution_and_not_the_family_s(self, day: Day) -> None:
        told = await done(day, await ended_late(day))
        other = await day.world.as_role(Role.finance, await day.world.add_institution())
        assert (await other.get("/resettlements")).json()["items"] == []
        account_id = await day.world.add_account(Role.elder)
        await day.world.add_relation(UUID(told["before"][0]["person_id"]), account_id)
        elder = day.world.client(day.world.principal(Role.elder, account_id))
        assert (await elder.get("/resettlements")).status_code == 404


class TestWhatTheDatabaseHolds:
    async def _add(
        self, day: Day, back: dict[str, Any], start: asyncio.Barrier | None = None, **more: Any
    ) -> str | None:
        """Write a row for a bill taken back and settled again by hand; return the constraint that refuses it."""
        values = {"region": day.world.region_id, "id": new_id(), "gross": 0, "patient": -2000} | back | more
        fence = Fence(day.world.region_id, (day.world.institution_id,))
        try:
            async with transaction(day.world.house.sessions, fence, MORNING) as session:
                if start is not None:
                    await start.wait()
                await session.execute(_ADD, values)
        except DBAPIError as error:
            return constraint_of(error)
        except ReversedAlready:
            return "resettlements_once"
        return None

    async def test_a_row_says_what_the_bills_say_and_once(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        visit_id = await day.visit(person_id, ("BP", 2))
        old = await day.bill(visit_id)
        other = await day.bill(await day.visit(person_id))
        await day.contract(person_id, {"BP": 8})
        assert (await day.reverse(old)).status_code == 201
        new = (await day.settle(visit_id)).json()
        told: dict[str, Any] = {"before": UUID(old["id"]), "after": UUID(new["id"])}
        told |= {"differences": '{"contract": 2000, "self_pay": -2000}'}
        for wrong in (
            {"patient": -1999},
            {"gross": 1},
            {"differences": '{"self_pay": -2000}'},
            {"differences": '{"contract": 2000, "self_pay": -2000, "ltci": 0}'},
            {"after": UUID(other["id"])},
        ):
            assert await self._add(day, told, **wrong) == "resettlements_add_up", wrong
        start = asyncio.Barrier(8)
        written = Counter(await asyncio.gather(*(self._add(day, told, start) for _ in range(8))))
        assert written == {None: 1, "resettlements_once": 7}

    @pytest.mark.parametrize("sql", ["delete from resettlements", "update resettlements set reason = 'x'"])
    async def test_what_was_written_stays(self, day: Day, sql: str) -> None:
        async with day.world.house.sessions() as session:
            with pytest.raises(DBAPIError, match="permission denied"):
                await session.execute(text(sql))
