"""A signed quote is a promise: booked on in time, for what it was made, it is the ceiling of what the family pays."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response

from service.accounts.rules import Role
from tests.booking.scene import Scene
from tests.world import NOW


async def asked(scene: Scene, client: AsyncClient, **changes: object) -> dict[str, Any]:
    """Ask for the price of rehabilitation tomorrow at nine; return the quote."""
    body = {
        "institution_id": str(scene.world.institution_id), "person_id": str(scene.person_id), "kind": "home_visit",
        "start_at": "2026-03-03T09:00:00+08:00", "items": [{"code": "REHAB", "quantity": 1}],
    } | changes  # fmt: skip
    answer = await client.post("/quotes", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def refused(answer: Response, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
    return dict(answer.json())


class TestQuote:
    async def test_is_signed_and_valid_as_long_as_the_setting_says(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            first = await asked(scene, elder)
            assert first["valid_until"] == (NOW + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
            assert first["token"].count(".") == 2
            await scene.set("quote.valid_minutes", 5)
            second = await asked(scene, elder)
            assert second["valid_until"] == (NOW + timedelta(minutes=5)).isoformat().replace("+00:00", "Z")

    async def test_says_in_one_sentence_what_each_line_costs_the_elder(self, scene: Scene) -> None:
        await scene.add_programme(2)
        await scene.add_tariff()
        async with scene.elder() as elder:
            quote = await asked(
                scene, elder, items=[{"code": "REHAB", "quantity": 1}, {"code": "BLOOD", "quantity": 1}]
            )
        assert [line["sentence"] for line in quote["lines"]] == [
            "REHAB：公共卫生项目今年第1次/共2次，免费", "BLOOD：您付12.50元", "上门服务费：您付30.00元",
        ]  # fmt: skip
        assert quote["lines"][0]["fundings"][0]["remaining"] == 1


class TestBookingOnIt:
    @pytest.mark.parametrize("with_token", [True, False])
    async def test_makes_it_the_accepted_one(self, scene: Scene, with_token: bool) -> None:
        programme = await scene.add_programme(2)
        async with scene.elder() as elder:
            quote = await asked(scene, elder)
            more = {"quote_token": quote["token"]} if with_token else {}
            booked = await scene.place(elder, quote_id=quote["id"], **more)
            assert booked.status_code == 201, booked.text
            told = booked.json()
            assert (told["quote"]["id"], told["quote"]["order_id"]) == (quote["id"], told["order"]["id"])
            assert told["quote"]["accepted_at"] is not None
            assert told["quote"]["lines"] == quote["lines"]
        assert programme
        assert (await scene.count("quotes"), await scene.held(told["order"]["id"])) == (1, 1)

    async def test_without_one_the_order_s_own_quote_is_the_accepted_one(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            told = (await scene.place(elder)).json()
        assert told["quote"]["accepted_at"] is not None
        assert (told["quote"]["valid_until"], told["quote"]["token"]) == (None, None)

    async def test_is_refused_when_its_time_is_over(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            quote = await asked(scene, elder)
            scene.world.clock.shows = NOW + timedelta(minutes=30)
            assert refused(await scene.place(elder, quote_id=quote["id"]), "quote-expired")["valid_until"] == "09:30"
            scene.world.clock.shows = NOW + timedelta(minutes=30) - timedelta(seconds=1)
            assert (await scene.place(elder, quote_id=quote["id"])).status_code == 201

    async def test_serves_one_order(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            quote = await asked(scene, elder)
            assert (await scene.place(elder, quote_id=quote["id"])).status_code == 201
            refused(await scene.place(elder, quote_id=quote["id"]), "quote-taken")

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"items": [{"code": "REHAB", "quantity": 2}]}, "items"),
            ({"items": [{"code": "BLOOD", "quantity": 1}]}, "items"),
            ({"kind": "home_bed_round"}, "kind"),
            ({"wished_start": "2026-03-03T09:01:00+08:00", "wished_end": "2026-03-03T11:00:00+08:00"}, "window"),
            ({"wished_start": "2026-03-03T07:00:00+08:00", "wished_end": "2026-03-03T09:00:00+08:00"}, "window"),
        ],
    )
    async def test_is_refused_for_anything_else(self, scene: Scene, changes: dict[str, Any], field: str) -> None:
        async with scene.elder() as elder:
            quote = await asked(scene, elder)
            told = refused(await scene.place(elder, quote_id=quote["id"], **changes), "quote-not-for-this")
        assert told["field"] == field

    async def test_is_refused_for_anybody_and_anywhere_else(self, scene: Scene) -> None:
        other = await scene.add_elder("disabled")
        elsewhere = await scene.world.add_institution()
        await scene.add_prices(elsewhere)
        async with await scene.world.as_role(Role.dispatcher) as desk:
            quote = await asked(scene, desk)
            told = refused(await scene.place(desk, quote_id=quote["id"], person_id=str(other)), "quote-not-for-this")
            assert told["field"] == "person"
        async with scene.elder() as elder:
            asking = await scene.place(elder, quote_id=quote["id"], institution_id=str(elsewhere))
            assert refused(asking, "quote-not-for-this")["field"] == "institution"
            assert (await scene.place(elder, quote_id=str(scene.person_id))).status_code == 404

    async def test_is_refused_when_the_visit_has_become_dearer_meanwhile(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            quote = await asked(scene, elder)
            await scene.run("update price_rows set unit_price = 61 where region_id = :r", r=scene.world.region_id)
            told = refused(await scene.place(elder, quote_id=quote["id"]), "quote-outrun")
            assert (told["quoted"], told["now_due"]) == ("60.00", "61.00")
            await scene.run("update price_rows set unit_price = 59 where region_id = :r", r=scene.world.region_id)
            assert (await scene.place(elder, quote_id=quote["id"])).json()["quote"]["patient_fen"] == 6000

    @pytest.mark.parametrize(
        "forged",
        [
            "update quotes set patient_fen = 1, gross_fen = 1 where id = :id",
            "update quotes set bill = jsonb_set(bill, '{lines,0,patient_fen}', '1') where id = :id",
            "update quotes set valid_until = valid_until + interval '1 day' where id = :id",
            "update quotes set token = null where id = :id",
        ],
    )
    async def test_what_was_changed_after_the_signature_is_no_quote(self, scene: Scene, forged: str) -> None:
        async with scene.elder() as elder:
            quote = await asked(scene, elder)
            await scene.run(forged, id=quote["id"])
            refused(await scene.place(elder, quote_id=quote["id"]), "quote-not-signed")

    async def test_another_signature_is_none(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            first, second = await asked(scene, elder), await asked(scene, elder)
            answer = await scene.place(elder, quote_id=first["id"], quote_token=second["token"])
            refused(answer, "quote-not-signed")

    async def test_a_quote_made_by_a_booking_is_not_to_be_named(self, scene: Scene) -> None:
        async with scene.elder() as elder:
            own = (await scene.place(elder)).json()["quote"]
            refused(await scene.place(elder, quote_id=own["id"]), "quote-not-signed")

    @pytest.mark.parametrize("wrong", [{"quote_token": "x"}, {"quote_id": "{}", "draft": True}, {"quote_id": "x"}])
    async def test_must_be_named_whole(self, scene: Scene, wrong: dict[str, Any]) -> None:
        body = {name: str(scene.person_id) if value == "{}" else value for name, value in wrong.items()}
        async with scene.elder() as elder:
            answer = await scene.place(elder, **body)
            assert (answer.status_code, answer.json()["code"]) == (422, "malformed")
