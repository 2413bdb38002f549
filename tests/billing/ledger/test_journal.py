"""What the database itself refuses of the ledger, asked by plain SQL as the application's role."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from service.billing.ledger import rules, usecases
from service.billing.ledger.rules import Account, Book, LedgerSource, Posting
from service.core.db.refusals import constraint_of
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.core.problems import Refusal
from tests.billing.day import MORNING, Day

TODAY = date(2026, 3, 2)
ENTRY = text(
    "insert into journal_entries (region_id, id, institution_id, book, source, source_id, booked_on, gross_fen,"
    " posted_at) values (:region, :entry, :institution, 'medical', :source, :source_id, '2026-03-02', :gross, now())"
)
LINE = text(
    "insert into journal_lines (region_id, institution_id, entry_id, line_no, book, booked_on, account, debit_fen,"
    " credit_fen) values (:region, :institution, :entry, :no, :book, :on, :account, :debit, :credit)"
)
INVOICE = text(
    "insert into invoices (region_id, id, institution_id, year, number, source, source_id, reverses_id, gross_fen,"
    " patient_fen, issued_on, issued_at)"
    " values (:region, :id, :institution, 2026, :number, :source, :source_id, :reverses, :gross, 0, '2026-03-02',"
    " now())"
)
COUNTER = text(
    "insert into invoice_counters as c (region_id, institution_id, year, last_no)"
    " values (:region, :institution, 2026, :last)"
    " on conflict (region_id, institution_id, year) do update set last_no = excluded.last_no"
)
BALANCED = (
    Posting(Book.medical, Account.owed_by_patient, 700, 0),
    Posting(Book.medical, Account.service_income, 0, 700),
)


def own(day: Day) -> dict[str, UUID]:
    return {"region": day.world.region_id, "institution": day.world.institution_id}


def opened(day: Day) -> Any:
    fence = Fence(day.world.region_id, (day.world.institution_id,))
    return transaction(day.world.house.sessions, fence, MORNING)


async def refused_by(day: Day, *acts: tuple[Any, dict[str, Any]]) -> str | None:
    """Carry out statements in one transaction; return the constraint that refused them."""
    try:
        async with opened(day) as session:
            for statement, values in acts:
                await session.execute(statement, {**own(day), **values})
    except DBAPIError as error:
        return constraint_of(error)
    except Refusal as refusal:
        return refusal.code()
    return None


def entry(gross: int, source: str = "settlement", **more: Any) -> tuple[Any, dict[str, Any]]:
    return ENTRY, {"entry": new_id(), "source": source, "source_id": new_id(), "gross": gross, **more}


def line(entry_id: UUID, no: int, debit: int, credit: int, **more: Any) -> tuple[Any, dict[str, Any]]:
    said = {"book": "medical", "on": TODAY, "account": "1212.01", **more}
    return LINE, {"entry": entry_id, "no": no, "debit": debit, "credit": credit, **said}


class TestBalance:
    async def test_an_entry_whose_debits_are_its_credits_passes(self, day: Day) -> None:
        of = new_id()
        assert await refused_by(day, entry(500, entry=of), line(of, 1, 500, 0), line(of, 2, 0, 500)) is None

    @pytest.mark.parametrize(
        "lines",
        [
            [],
            [(500, 0)],
            [(500, 0), (0, 499)],
            [(499, 0), (0, 500)],
            [(499, 0), (0, 499)],
            [(600, 0), (-100, 0), (0, 500)],
        ],
    )
    async def test_one_that_does_not_balance_or_has_no_lines_is_refused(
        self, day: Day, lines: list[tuple[int, int]]
    ) -> None:
        of = new_id()
        acts = [line(of, no, debit, credit) for no, (debit, credit) in enumerate(lines, start=1)]
        assert await refused_by(day, entry(500, entry=of), *acts) == "journal_entries_balance"

    async def test_lines_count_from_one(self, day: Day) -> None:
        of = new_id()
        acts = [entry(500, entry=of), line(of, 2, 500, 0), line(of, 3, 0, 500)]
        assert await refused_by(day, *acts) == "journal_entries_balance"

    @pytest.mark.parametrize("other", [{"book": "elder_care"}, {"on": date(2026, 3, 3)}])
    async def test_lines_stand_in_the_book_and_on_the_day_of_their_entry(self, day: Day, other: Any) -> None:
        of = new_id()
        acts = [entry(500, entry=of), line(of, 1, 500, 0, **other), line(of, 2, 0, 500, **other)]
        assert await refused_by(day, *acts) == "journal_entries_balance"

    async def test_a_line_slipped_into_a_posted_entry_is_refused(self, day: Day) -> None:
        of = new_id()
        assert await refused_by(day, entry(500, entry=of), line(of, 1, 500, 0), line(of, 2, 0, 500)) is None
        assert await refused_by(day, line(of, 3, 100, 0)) == "journal_entries_balance"
        assert await refused_by(day, line(of, 3, 100, 0), line(of, 4, 0, 100)) == "journal_entries_balance"

    async def test_a_reversal_is_red_and_nothing_else_is(self, day: Day) -> None:
        for source, gross in (("settlement", -500), ("reversal", 500), ("settlement", 0)):
            of = new_id()
            refused = await refused_by(
                day, entry(gross, source, entry=of), line(of, 1, gross, 0), line(of, 2, 0, gross)
            )
            assert refused == "ck_journal_entries_red"

    async def test_a_source_is_journaled_once(self, day: Day) -> None:
        first, second, source_id = new_id(), new_id(), new_id()
        for of, refused in ((first, None), (second, "journaled-already")):
            acts = [entry(500, entry=of, source_id=source_id), line(of, 1, 500, 0), line(of, 2, 0, 500)]
            assert await refused_by(day, *acts) == refused


class TestAppendOnly:
    @pytest.mark.requirement("R056")
    @pytest.mark.parametrize(
        "statement",
        [
            "update journal_entries set gross_fen = 0",
            "delete from journal_entries",
            "update journal_lines set debit_fen = 0",
            "delete from journal_lines",
            "update invoices set gross_fen = 1",
            "delete from invoices",
            "delete from invoice_counters",
        ],
    )
    async def test_nothing_posted_is_edited_or_deleted(self, day: Day, statement: str) -> None:
        with pytest.raises(DBAPIError, match="permission denied"):
            async with opened(day) as session:
                await session.execute(text(statement))

    async def test_another_institution_sees_none_of_it(self, day: Day) -> None:
        async with opened(day) as session:
            await post(day, session)
        stranger = Fence(day.world.region_id, (await day.world.add_institution(),))
        async with transaction(day.world.house.sessions, stranger, MORNING) as session:
            for table in ("journal_entries", "journal_lines", "invoices", "invoice_counters"):
                found = await session.execute(text(f"select count(*) from {table}"))
                assert found.scalar_one() == 0


async def post(
    day: Day,
    session: AsyncSession,
    postings: tuple[Posting, ...] = BALANCED,
    source: LedgerSource = LedgerSource.settlement,
    **more: Any,
) -> str | None:
    said = {"source_id": new_id(), "on": TODAY, **more}
    return await usecases.post(
        session,
        region_id=day.world.region_id,
        institution_id=day.world.institution_id,
        source=source,
        now=MORNING,
        postings=postings,
        **said,
    )


class TestPosting:
    async def test_numbers_follow_each_other_and_begin_anew_each_year(self, day: Day) -> None:
        async with opened(day) as session:
            assert await post(day, session) == "202600000001"
            assert await post(day, session) == "202600000002"
            assert await post(day, session, on=date(2027, 1, 1)) == "202700000001"
            assert await post(day, session) == "202600000003"

    async def test_a_source_worth_nothing_has_no_invoice(self, day: Day) -> None:
        async with opened(day) as session:
            assert await post(day, session, ()) is None
            assert await post(day, session) == "202600000001"

    async def test_unbalanced_postings_never_reach_the_database(self, day: Day) -> None:
        with pytest.raises(ValueError, match="debits"):
            async with opened(day) as session:
                await post(day, session, BALANCED[:1])

    async def test_what_was_posted_is_read_back(self, day: Day) -> None:
        source_id = new_id()
        async with opened(day) as session:
            await post(day, session, source_id=source_id)
            told = await usecases.posted(
                session, region_id=day.world.region_id, source=LedgerSource.settlement, source_id=source_id
            )
        assert told == BALANCED

    async def test_parts_are_taken_back_until_nothing_is_left(self, day: Day) -> None:
        days, back = new_id(), LedgerSource.bed_days_reversal
        half = tuple(Posting(each.book, each.account, each.debit_fen // 2, each.credit_fen // 2) for each in BALANCED)
        async with opened(day) as session:
            await post(day, session, source=LedgerSource.bed_days, source_id=days)
            assert await post(day, session, rules.red(half), back, reverses_id=days) == "202600000002"
            assert await post(day, session, rules.red(half), back, reverses_id=days) == "202600000003"
        with pytest.raises(Refusal) as refused:
            async with opened(day) as session:
                await post(day, session, rules.red(half), back, reverses_id=days)
        assert refused.value.code() == "invoice-taken-back"

    async def test_a_red_letter_needs_its_original(self, day: Day) -> None:
        with pytest.raises(Refusal) as refused:
            async with opened(day) as session:
                await post(day, session, rules.red(BALANCED), LedgerSource.reversal, reverses_id=new_id())
        assert refused.value.code() == "invoice-taken-back"


def invoice(number: int, gross: int = 100, **more: Any) -> tuple[Any, dict[str, Any]]:
    said = {"id": new_id(), "source": "settlement", "source_id": new_id(), "reverses": None, **more}
    return INVOICE, {"number": number, "gross": gross, **said}


class TestInvoices:
    async def test_a_number_after_a_gap_or_used_before_is_refused(self, day: Day) -> None:
        assert await refused_by(day, invoice(2)) == "invoices_follow"
        assert await refused_by(day, invoice(1), (COUNTER, {"last": 1})) is None
        assert await refused_by(day, invoice(1)) == "invoices_follow"
        assert await refused_by(day, invoice(3)) == "invoices_follow"
        assert await refused_by(day, invoice(2), (COUNTER, {"last": 2})) is None

    async def test_a_number_taken_without_an_invoice_is_refused(self, day: Day) -> None:
        assert await refused_by(day, (COUNTER, {"last": 1})) == "invoice_counters_used"
        assert await refused_by(day, invoice(1), (COUNTER, {"last": 7})) == "invoice_counters_used"

    async def test_red_letters_name_an_invoice_of_the_same_institution_and_stay_within_it(self, day: Day) -> None:
        first = new_id()
        assert await refused_by(day, invoice(1, 100, id=first)) is None
        assert await refused_by(day, invoice(2, -100)) == "invoice-taken-back"
        assert await refused_by(day, invoice(2, 100, reverses=first)) == "invoice-taken-back"
        assert await refused_by(day, invoice(2, -101, reverses=first, source="reversal")) == "invoice-taken-back"
        assert await refused_by(day, invoice(2, -100, reverses=first, source="reversal")) is None
        assert await refused_by(day, invoice(3, -1, reverses=first, source="reversal")) == "invoice-taken-back"


class TestBills:
    @pytest.mark.requirement("R056")
    async def test_a_bill_without_its_entries_cannot_be_committed(self, day: Day) -> None:
        """The rows of a true bill once more, as a second institution's clerk would put them in by hand."""
        await day.price("BP", "10")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        copy = text(
            "insert into settlements (region_id, id, institution_id, visit_id, person_id, trip_round, seq, service_on,"
            " gross_fen, patient_fen, facts, settled_at, journaled) select region_id, :new, institution_id, :visit,"
            " person_id, trip_round, 1, service_on, 0, 0, '{}', settled_at, true from settlements where id = :bill"
        )
        values = {"bill": UUID(bill["id"]), "visit": await day.visit(await day.world.add_patient())}
        assert await refused_by(day, (copy, {**values, "new": new_id()})) is None, "a bill of nothing needs no entry"
        wrong = text(copy.text.replace("0, 0, '{}'", "500, 500, '{}'"))
        values["visit"] = await day.visit(await day.world.add_patient())
        lines = text(
            "insert into bill_lines (region_id, institution_id, settlement_id, line_no, code, name, status, gross_fen,"
            " patient_fen, reason) values (:region, :institution, :new, 1, 'X', 'X', 'charged', 500, 500, '')"
        )
        fundings = text(
            "insert into bill_fundings (region_id, institution_id, settlement_id, line_no, funding_no, source,"
            " amount_fen, reason) values (:region, :institution, :new, 1, 1, 'self_pay', 500, '')"
        )
        made = {**values, "new": new_id()}
        assert await refused_by(day, (wrong, made), (lines, made), (fundings, made)) == "settlements_journaled"

    async def test_a_reversal_without_its_entries_cannot_be_committed(self, day: Day) -> None:
        await day.price("BP", "10")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        reversal = text(
            "insert into reversals (region_id, id, institution_id, settlement_id, visit_id, seq, reason, gross_fen,"
            " patient_fen, reversed_by_account_id, reversed_at, journaled) select region_id, :new, institution_id, id,"
            " visit_id, seq, '', gross_fen, patient_fen, :new, settled_at, true from settlements where id = :bill"
        )
        acts = (reversal, {"bill": UUID(bill["id"]), "new": new_id()})
        assert await refused_by(day, acts) == "settlements_journaled"

    async def test_a_bill_of_the_version_before_is_booked_when_it_is_taken_back(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        bill = await day.bill(await day.visit(person_id))
        async with AsyncSession(day.world.owner) as session, session.begin():
            of = {"region": day.world.region_id}
            for table in ("journal_lines", "journal_entries", "invoices", "invoice_counters"):
                await session.execute(text(f"delete from {table} where region_id = :region"), of)
        assert (await day.reverse(bill)).status_code == 201
        admin = await day.http.get(
            f"/institutions/{day.world.institution_id}/statements/invoices",
            params={"from": "2026-03-01", "to": "2026-03-31"},
        )
        assert [row["gross_fen"] for row in admin.json()["rows"]] == [1000, -1000]
