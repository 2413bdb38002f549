"""Settling anew under an accepted quote: what rises is claimed with a recorded consent only, bounds need a release."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import Response

from service.accounts.rules import Role
from service.core.ids import new_id
from service.visits.models import VisitEvidence
from tests.billing.day import MORNING, Day, line_of, parts
from tests.billing.proof.proofs import prove
from tests.billing.test_ceiling import ordered
from tests.billing.test_parking import decide, in_hospital
from tests.billing.test_quotes import accept, quote

JPEG = b"\xff\xd8\xff\xe0"


async def resettle(day: Day, bill: dict[str, Any], **more: Any) -> Response:
    return await day.http.post(f"/settlements/{bill['id']}/resettlement", json={"reason": "签约变更"} | more)


async def done(day: Day, bill: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await resettle(day, bill, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def shown(day: Day, visit_id: UUID, kind: str = "signature") -> str:
    """Return a file that shows something of a visit."""
    desk = await day.world.as_role(Role.dispatcher)
    own = {"institution_id": str(day.world.institution_id)}
    kept = await desk.post("/files", content=JPEG + new_id().bytes, params=own)
    assert kept.status_code == 200, kept.text
    file_id = kept.json()["id"]
    evidence = VisitEvidence(
        **day.own, visit_id=visit_id, kind=kind, file_id=UUID(file_id), added_by_id=day.nurse, added_at=MORNING
    )
    await day.world.add(evidence)
    return str(file_id)


async def consent(day: Day, bill: dict[str, Any], amount: str = "10.00", **more: Any) -> dict[str, Any]:
    """Return what the elder agreed to in writing, as finance records it."""
    visit_id = UUID(bill["visit_id"])
    said = {"visit_id": str(visit_id), "amount": amount, "agreed_by": "elder", "given_at": MORNING.isoformat()}
    return said | ({} if "evidence_file_id" in more else {"evidence_file_id": await shown(day, visit_id)}) | more


async def paid_by_contract(day: Day) -> tuple[UUID, dict[str, Any]]:
    """Return a contract that has paid for a visit with an accepted quote of nothing, and the bill."""
    await day.list_services("BP")
    await day.price("BP", "10")
    home_id = await day.world.add_home()
    person_id = await day.world.add_patient(home_id=home_id)
    contract_id = await day.contract(person_id, {"BP": 8})
    quoted = await quote(day, person_id, home_id)
    order_id = await day.order(person_id, [("BP", 1)], home_id=home_id, metres=quoted.distance_metres)
    await accept(day, quoted.quote_id, order_id)
    bill = await day.bill(await day.visit(person_id, home_id=home_id, order_id=order_id))
    assert (quoted.patient_fen, bill["patient_fen"], parts(bill, "BP")) == (0, 0, [("contract", 1, 1000)])
    return contract_id, bill


async def end(day: Day, contract_id: UUID) -> None:
    """End a contract on a day before the visit."""
    doctor = await day.world.as_role(Role.doctor)
    body = {"on": "2026-02-28", "reason": "moved_away"}
    ended = await doctor.post(f"/contracts/{contract_id}/termination", json=body)
    assert ended.status_code == 200, ended.text


async def ended_late(day: Day) -> dict[str, Any]:
    """Return a bill that a contract has paid which had ended before."""
    contract_id, bill = await paid_by_contract(day)
    await end(day, contract_id)
    return bill


@pytest.mark.requirement("R039")
class TestEndedLate:
    async def test_without_a_consent_the_ceiling_holds_and_the_institution_bears_the_rise(self, day: Day) -> None:
        told = await done(day, await ended_late(day))
        assert (told["difference_fen"], told["borne_fen"]) == (0, 1000)
        [after], [change] = told["after"], told["changes"]
        assert (after["patient_fen"], parts(after, "BP")) == (0, [("institution", None, 1000)])
        [borne] = change["borne"]
        assert (borne["why"], borne["amount_fen"], change["owed"]) == ("not_consented", 1000, None)
        assert borne["sentence"] == (
            "重新结算后，家庭自付将高于接受的报价（0.00元）；没有登记家属同意，高出的10.00元不向家庭收取，"
            "由医疗机构承担。家属同意的，可附同意记录再次重新结算。"
        )
        assert (await prove(day.http, after))["ceiling"]["uncollected_fen"] == 1000

    @pytest.mark.parametrize("agreed_by", ["elder", "proxy"])
    async def test_with_a_consent_the_rise_is_claimed_on_the_bill_and_in_the_proof(
        self, day: Day, agreed_by: str
    ) -> None:
        old = await ended_late(day)
        given_at = MORNING - timedelta(minutes=5)
        said = await consent(day, old, agreed_by=agreed_by, given_at=given_at.isoformat())
        told = await done(day, old, consents=[said])
        [after], [change] = told["after"], told["changes"]
        assert (told["difference_fen"], told["borne_fen"], change["borne"]) == (1000, 0, [])
        assert (change["owed"], parts(after, "BP")) == ("claim", [("self_pay", None, 1000)])
        step = (await prove(day.http, after))["ceiling"]
        assert (step["uncollected_fen"], step["consents"]) == (
            0, [{"amount_fen": 1000, "given_by": "finance", "given_at": given_at.isoformat()}],
        )  # fmt: skip
        [kept] = (await day.http.get(f"/visits/{old['visit_id']}/consents")).json()["items"]
        assert (kept["given_by"], kept["agreed_by"], kept["shown_by"]) == ("finance", agreed_by, "signature")
        assert (kept["evidence_file_id"], kept["amount_fen"]) == (said["evidence_file_id"], 1000)

    async def test_a_consent_that_comes_later_claims_what_the_institution_had_borne(self, day: Day) -> None:
        borne = (await done(day, await ended_late(day)))["after"][0]
        said = await consent(day, borne)
        told = await done(day, borne, consents=[said])
        [change] = told["changes"]
        assert [(each["source"], each["amount_fen"]) for each in change["differences"]] == [
            ("institution", -1000), ("self_pay", 1000),
        ]  # fmt: skip

    async def test_a_consent_to_less_is_claimed_as_far_as_it_goes(self, day: Day) -> None:
        old = await ended_late(day)
        told = await done(day, old, consents=[await consent(day, old, "4.00")])
        [borne] = told["changes"][0]["borne"]
        assert (told["difference_fen"], borne["why"], borne["amount_fen"]) == (400, "above_consent", 600)
        assert "家属同意的4.00元" in borne["sentence"]
        assert line_of(told["after"][0], "BP")["patient_fen"] == 400


class TestConsents:
    async def test_what_shows_nothing_lies_ahead_or_is_of_another_visit_is_none_and_nothing_is_done(
        self, day: Day
    ) -> None:
        old = await ended_late(day)
        photo = await shown(day, UUID(old["visit_id"]), "service_photo")
        elsewhere = await day.visit(await day.world.add_patient())
        ahead = (day.world.clock.now() + timedelta(minutes=1)).isoformat()
        for said, code in (
            (await consent(day, old, evidence_file_id=photo), (422, "evidence-needed")),
            (await consent(day, old, given_at=ahead), (422, "consent-ahead")),
            (await consent(day, old, visit_id=str(elsewhere)), (404, "not-found")),
        ):
            answer = await resettle(day, old, consents=[said])
            assert (answer.status_code, answer.json()["code"]) == code
        assert (await day.status(UUID(old["visit_id"])))["settlement"] == old
        assert (await day.http.get(f"/visits/{old['visit_id']}/consents")).json()["items"] == []

    async def test_a_visit_is_consented_to_once(self, day: Day) -> None:
        old = await ended_late(day)
        said = await consent(day, old)
        answer = await resettle(day, old, consents=[said, said | {"amount": "1.00"}])
        assert (answer.status_code, answer.json()["code"]) == (422, "malformed")


@pytest.mark.requirement("R039")
class TestSignedOrUpgradedLate:
    async def test_what_a_contract_signed_late_pays_is_owed_back(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id, home_id, order_id = await ordered(day, ("BP", 1))
        old = await day.bill(await day.visit(person_id, home_id=home_id, order_id=order_id))
        assert old["patient_fen"] == 1000
        await day.contract(person_id, {"BP": 8})
        told = await done(day, old)
        assert (told["difference_fen"], told["borne_fen"], told["changes"][0]["owed"]) == (-1000, 0, "refund")
        assert parts(told["after"][0], "BP") == [("contract", 1, 1000)]
        await prove(day.http, told["after"][0])

    async def test_a_better_package_signed_late_in_the_place_of_another_pays_the_rest(self, day: Day) -> None:
        await day.list_services("BP", "WOUND")
        await day.price("BP", "10")
        await day.price("WOUND", "20")
        home_id = await day.world.add_home()
        person_id = await day.world.add_patient(home_id=home_id)
        basic = await day.contract(person_id, {"BP": 1})
        better = await day.contract(await day.world.add_patient(), {"BP": 8, "WOUND": 2})
        items = (("BP", 2), ("WOUND", 1))
        quoted = await quote(day, person_id, home_id, *items)
        order_id = await day.order(person_id, items, home_id=home_id, metres=quoted.distance_metres)
        await accept(day, quoted.quote_id, order_id)
        old = await day.bill(await day.visit(person_id, *items, home_id=home_id, order_id=order_id))
        assert old["patient_fen"] == 3000
        await end(day, basic)
        chief = await day.world.as_role(Role.institution_admin)
        package_id = (await chief.get(f"/contracts/{better}")).json()["package_id"]
        body = {"person_id": str(person_id), "package_id": package_id, "doctor_id": str(day.doctor)}
        days = {"signed_on": "2026-02-28", "valid_from": "2026-02-28", "valid_to": "2027-02-27"}
        signed = await chief.post("/contracts", json=body | days)
        assert signed.status_code == 201, signed.text
        told = await done(day, old)
        [after], [change] = told["after"], told["changes"]
        assert (told["difference_fen"], after["patient_fen"], change["owed"]) == (-3000, 0, "refund")
        paid = [(each["source"], each["ref_id"]) for line in after["lines"] for each in line["fundings"]]
        assert paid == [("contract", signed.json()["id"])] * 2
        await prove(day.http, after)


class TestBounds:
    async def _released(self, day: Day) -> tuple[UUID, dict[str, Any]]:
        """Return somebody in hospital and a bill of his that a human has released."""
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await in_hospital(day, person_id)
        visit_id = await day.visit(person_id)
        await day.work(visit_id)
        parked = (await day.status(visit_id))["parked"]
        assert (await decide(day, parked["id"], "release"))[0] == 200
        return person_id, (await day.status(visit_id))["settlement"]

    async def test_a_bound_refuses_and_says_what_to_do(self, day: Day) -> None:
        person_id, old = await self._released(day)
        await day.contract(person_id, {"BP": 8})
        answer = await resettle(day, old)
        assert (answer.status_code, answer.json()["code"]) == (409, "resettlement-needs-release")
        assert answer.json()["detail"] == (
            "重新结算后的账单触及安全界限：该居民自2026-03-02起在第二人民医院住院。原账单没有变动，也没有转人工。"
            "请核对；无误的，在 release 中写明放行理由后再次提交。"
        )
        assert (await day.status(UUID(old["visit_id"])))["settlement"] == old
        waiting = (await day.http.get("/parked-settlements", params={"state": "open"})).json()
        assert waiting["items"] == []

    async def test_whoever_answers_for_it_settles_anew_and_leaves_his_reason(self, day: Day) -> None:
        person_id, old = await self._released(day)
        await day.contract(person_id, {"BP": 8})
        told = await done(day, old, release={"reason": "入院前已完成服务"})
        assert (told["difference_fen"], parts(told["after"][0], "BP")) == (-1000, [("contract", 1, 1000)])
        released = (await day.http.get("/parked-settlements", params={"state": "released"})).json()["items"]
        assert [(each["settlement_id"], each["reason"]) for each in released] == [
            (old["id"], "已核实"), (told["after"][0]["id"], "入院前已完成服务"),
        ]  # fmt: skip
        assert [each["why"] for each in released[1]["reasons"]] == ["in_hospital"]
        await prove(day.http, told["after"][0])

    async def test_whoever_was_at_the_door_does_not_answer_for_it(self, day: Day) -> None:
        person_id, old = await self._released(day)
        await day.contract(person_id, {"BP": 8})
        account_id = await day.world.add_account(Role.finance, day.world.institution_id)
        async with day.world.owner.begin() as connection:
            await connection.exec_driver_sql(
                "update practitioners set account_id = $1 where id = $2", (account_id, day.nurse)
            )
        day.finance = day.world.client(day.world.principal(Role.finance, account_id))
        answer = await resettle(day, old, release={"reason": "已核实"})
        assert (answer.status_code, answer.json()["code"]) == (409, "own-visit")
        assert (await day.status(UUID(old["visit_id"])))["settlement"] == old

    async def test_his_word_decides_about_a_balance_used_meanwhile(self, day: Day) -> None:
        await day.price("BP", "10", insurance_class="A")
        home_id = await day.world.add_home()
        person_id = await day.world.add_patient(home_id=home_id)
        await day.insure(person_id, yearly_cap_fen=800)
        quoted = await quote(day, person_id, home_id)
        order_id = await day.order(person_id, [("BP", 1)], home_id=home_id, metres=quoted.distance_metres)
        await accept(day, quoted.quote_id, order_id)
        assert (await day.bill(await day.visit(person_id)))["patient_fen"] == 200
        visit_id = await day.visit(person_id, home_id=home_id, order_id=order_id)
        await day.work(visit_id)
        parked = (await day.status(visit_id))["parked"]
        assert (await decide(day, parked["id"], "release", collect_rise=True))[0] == 200
        old = (await day.status(visit_id))["settlement"]
        assert old["patient_fen"] == 1000
        given_up = await done(day, old, release={"reason": "不向家庭收取", "collect_rise": False})
        [borne] = given_up["changes"][0]["borne"]
        assert (given_up["difference_fen"], borne["why"], borne["amount_fen"]) == (-800, "balance_used", 800)
        assert "经人工核对" in borne["sentence"]
        claimed = await done(day, given_up["after"][0], release={"reason": "家属已同意", "collect_rise": True})
        assert (claimed["difference_fen"], claimed["borne_fen"]) == (800, 0)
        await prove(day.http, claimed["after"][0])
