"""The ears work: each way in which a canary could be told is heard."""

import logging
from collections.abc import Iterator

import pytest
from httpx import Request, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service.core import embedded, logs, metrics
from service.core.ids import new_id
from tests import canaries

NUMBER = "64020219450501002X"
PHONE = f"{canaries.PHONE}0001"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """What is told here is told on purpose."""
    yield
    canaries.leaks.clear()


class TestHeardIn:
    @pytest.mark.parametrize(
        ("told", "heard"),
        [
            (f"居民 {NUMBER} 已登记", [NUMBER]),
            (f'{{"phone": "+86{PHONE}"}}', [PHONE]),
            ("call 13812345678", ["13812345678"]),
            (f"送到{canaries.ADDRESS}", [canaries.STREET]),
            ("640202194505010029", []),  # not the check digit
            ("640202194513010028", []),  # no such month
            (f"a{NUMBER}b", []),  # part of a hash
            ("01a20190-5bf9-7181-a510-138123456789", []),
            ("6402**********0028 +86199****0001", []),
        ],
    )
    def test_only_what_names_somebody(self, told: str, heard: list[str]) -> None:
        assert canaries.heard_in(told) == heard


class TestListening:
    @pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
    def test_a_log_at_any_level_is_heard(self, level: str, capsys: pytest.CaptureFixture[str]) -> None:
        getattr(logs.get_logger("test"), level)("registered", person=NUMBER)
        assert [NUMBER in each for each in canaries.leaks] == [True]
        assert (NUMBER in capsys.readouterr().out) == (level == "error"), "and written as before"

    def test_the_stack_of_an_exception_is_heard(self) -> None:
        try:
            raise ValueError(NUMBER)
        except ValueError as error:
            logs.get_logger("test").warning("failed", exc_info=error)
        assert len(canaries.leaks) == 1

    def test_a_library_s_log_is_heard(self) -> None:
        logging.getLogger("somebody.else").warning("called %s", PHONE)
        assert len(canaries.leaks) == 1

    async def test_a_refusal_is_heard_and_an_answer_is_not(self) -> None:
        for status in (200, 422):
            asked = Request("GET", "http://t/x")
            await canaries.refuse_in_problems(Response(status, text=f"no {NUMBER}", request=asked))
        assert [" 422: " in each for each in canaries.leaks] == [True]

    def test_a_label_of_a_metric_is_heard(self) -> None:
        metrics.parked(PHONE)
        heard = canaries.in_metrics()
        metrics._JOBS.remove(PHONE, "parked")
        assert PHONE in heard
        assert canaries.in_metrics() == []


class TestDump:
    async def test_text_json_and_bytes_in_the_clear_are_found_with_their_table(
        self, server: embedded.EmbeddedServer
    ) -> None:
        name = f"c{new_id().hex[-12:]}"
        embedded.create_database(server, name)
        url = server.url(embedded.OWNER_ROLE, name)
        engine = create_async_engine(url)
        async with engine.begin() as connection:
            await connection.execute(text("create table told (a text, b jsonb, c bytea)"))
            put = text(
                "insert into told values (:a, jsonb_build_object('n', cast(:b as text)), convert_to(:c, 'utf8'))"
            )
            for row in (
                ("quiet",) * 3,
                (NUMBER, "", ""),
                ("", PHONE, ""),
                ("", "", canaries.ADDRESS),
                ("", "", NUMBER),
            ):
                await connection.execute(put, dict(zip("abc", row, strict=True)))
        await engine.dispose()
        found = list(canaries.in_dump(url))
        embedded.drop_database(server, name)
        assert [each.split(":")[0] for each in found] == ["public.told"] * 4
