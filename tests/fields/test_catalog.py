"""What the region and an institution write into their lists decides what is booked and what it costs."""

from typing import Any

import pytest

from tests.fields.town import DAY, NORTH, Town, changed, fund, line, made, shown

BANNED = {"home_allowed": False, "refusal_note": "请到门诊输液室。"}
DECIDES: list[tuple[dict[str, Any], object]] = [
    ({"duration_minutes": 121}, "window-too-short"),
    ({"staff_count": 2}, 2),
    ({"order_kinds": ["home_bed_round"]}, "item-not-for-kind"),
    ({"latest_start": "07:30"}, "window-too-late"),
    (BANNED, "item-not-at-home"),
]
ONE_TIER = [{"up_to_km": "1", "price": "50"}, {"up_to_km": None, "price": "80"}]
TARIFF = {"unit": "visit", "tiers": ONE_TIER, "distance_base": "institution", "distance_method": "great_circle"}
NIGHT = {"starts_at": "08:00", "ends_at": "10:00", "multiplier": "2"}


class TestServiceItems:
    @pytest.mark.parametrize(("change", "after"), DECIDES, ids=lambda each: "-".join(each) if each is dict else None)
    async def test_each_figure_decides_the_booking_as_listed_and_as_changed(
        self, town: Town, change: dict[str, Any], after: object
    ) -> None:
        person = await town.elder()
        await town.offer("PLAIN")
        await town.service("SPECIAL", **change)
        await town.price("SPECIAL")

        async def outcome(code: str) -> object:
            told = (await town.order(person, code)).json()
            return told["code"] if "code" in told else told["order"]["staff_count"]

        assert (await outcome("PLAIN"), await outcome("SPECIAL")) == (1, after)
        await changed(town.governor, "/service-items/PLAIN", change)
        assert await outcome("PLAIN") == after

    async def test_a_refusal_names_the_service_and_says_where_to_go_instead(self, town: Town) -> None:
        person = await town.elder()
        await town.service("INFUSION", **BANNED)
        first = (await town.order(person, "INFUSION")).json()["detail"]
        assert "服务INFUSION" in first
        assert "请到门诊输液室。" in first
        await changed(town.governor, "/service-items/INFUSION", {"name": "静脉输液", "refusal_note": "请住院。"})
        second = (await town.order(person, "INFUSION")).json()["detail"]
        assert "“静脉输液”" in second
        assert "请住院。" in second

    async def test_only_a_listed_code_is_booked(self, town: Town) -> None:
        person = await town.elder()
        await town.offer("LISTED")
        assert (await town.order(person, "UNLISTED")).json()["code"] == "item-unknown"
        assert (await town.order(person, "LISTED")).status_code == 201


class TestPrices:
    async def test_what_is_written_is_what_a_visit_costs(self, town: Town) -> None:
        person = await town.elder()
        await town.service("PART")
        await town.price("PART", "4")
        await town.offer("LIMITED", "7.5", name="限量项目", per_visit_max=2)
        await town.offer("SET", "30", includes=["PART"])
        await town.offer("RIVAL", "20", excludes=["PART"])
        asked = [{"code": "LIMITED", "quantity": 5}]
        limited = line(await town.quote(person, items=asked), "LIMITED")
        assert (limited["gross_fen"], limited["charged_quantity"], limited["name"]) == (1500, 2, "限量项目")
        assert (await town.quote(person, "PART", "LIMITED"))["gross_fen"] == 1150
        for beside, status in (("SET", "included"), ("RIVAL", "excluded")):
            assert line(await town.quote(person, "PART", beside), "PART")["status"] == status

    async def test_holds_on_its_days_only(self, town: Town) -> None:
        person = await town.elder()
        await town.service("BP")
        price = await town.price("BP", valid_from="2026-03-02", valid_to="2026-03-10")
        days = ("2026-03-01", "2026-03-02", "2026-03-10", "2026-03-11")
        told = [(await town.quote(person, "BP", on=day)).get("code") for day in days]
        assert told == ["price-missing", None, None, "price-missing"]
        await changed(town.chief, f"{town.house}/prices/{price['id']}", {"valid_to": "2026-03-09"})
        assert (await town.quote(person, "BP", on="2026-03-10"))["code"] == "price-missing"

    async def test_the_class_and_the_own_share_decide_what_the_fund_pays(self, town: Town) -> None:
        person = await town.elder()
        await town.rule(deductible="0.00", pay_ratio="1")
        await town.insure(person)
        for code, more in (("C1", {}), ("A1", {"insurance_class": "A"}), ("B0", {"insurance_class": "B"})):
            await town.offer(code, **more)
        await town.offer("B4", insurance_class="B", self_ratio="0.4")
        paid = [fund(await town.quote(person, code)) for code in ("C1", "A1", "B0", "B4")]
        assert paid == [0, 1000, 1000, 600]


class TestTariffs:
    @pytest.mark.parametrize(
        ("change", "fee"),
        [
            ({}, 8000),
            ({"tiers": [{"up_to_km": "2", "price": "50"}]}, 5000),
            ({"tiers": [{"up_to_km": None, "price": "90"}]}, 9000),
            ({"unit": "visit_staff"}, 16000),
            ({"night": NIGHT}, 16000),
            ({"night": NIGHT | {"multiplier": "3"}}, 24000),
            ({"night": NIGHT | {"starts_at": "09:30"}}, 8000),
            ({"night": NIGHT | {"ends_at": "08:30"}}, 8000),
            ({"distance_base": "nearest_station"}, 5000),
            ({"tiers": [{"up_to_km": "1.3", "price": "50"}, {"up_to_km": None, "price": "80"}]}, 5000),
            (
                {
                    "tiers": [{"up_to_km": "1.3", "price": "50"}, {"up_to_km": None, "price": "80"}],
                    "distance_method": "road",
                },
                8000,
            ),
            ({"valid_from": "2026-03-04"}, 0),
            ({"valid_to": "2026-03-02"}, 0),
        ],
    )
    async def test_each_figure_changes_the_fee_of_two_who_go_a_kilometre(
        self, town: Town, change: dict[str, Any], fee: int
    ) -> None:
        person = await town.elder(await town.home(place=NORTH))
        await town.service("PAIR", staff_count=2)
        await town.price("PAIR")
        await made(town.chief, f"{town.house}/stations", {"code": "S2", "name": "北站", "place": NORTH})
        await made(town.chief, f"{town.house}/visit-fee-tariffs", {"valid_from": "2026-01-01"} | TARIFF | change)
        assert (await town.quote(person, "PAIR"))["visit_fee_fen"] == fee

    @pytest.mark.parametrize(
        ("change", "paid"),
        [({}, 0), ({"insurance_class": "A"}, 5000), ({"insurance_class": "B", "self_ratio": "0.1"}, 4500)],
    )
    async def test_its_class_decides_whether_the_fund_pays_the_fee(
        self, town: Town, change: dict[str, Any], paid: int
    ) -> None:
        person = await town.elder()
        await town.offer("BP")
        await town.rule(deductible="0.00", pay_ratio="1")
        await town.insure(person)
        await made(town.chief, f"{town.house}/visit-fee-tariffs", {"valid_from": "2026-01-01"} | TARIFF | change)
        assert fund(await town.quote(person, "BP")) == paid

    async def test_an_ended_tariff_charges_nothing_the_day_after(self, town: Town) -> None:
        person = await town.elder()
        await town.offer("BP")
        body = {"valid_from": "2026-01-01"} | TARIFF
        tariff = await made(town.chief, f"{town.house}/visit-fee-tariffs", body)
        path = f"{town.house}/visit-fee-tariffs/{tariff['id']}"
        await changed(town.chief, path, {"valid_to": DAY})
        fees = [(await town.quote(person, "BP", on=day))["visit_fee_fen"] for day in (DAY, "2026-03-04")]
        assert fees == [5000, 0]


class TestProgrammes:
    async def test_it_pays_its_units_on_its_days_and_is_named_with_its_payer(self, town: Town) -> None:
        person = await town.elder()
        await town.offer("BP")
        await town.offer("SUGAR")
        body = {
            "code": "BPHS", "name": "国家基本公卫", "payer": "中央补助资金", "valid_from": "2026-03-02",
            "valid_to": "2026-03-10", "items": [{"code": "BP", "per_year": 3}],
        }  # fmt: skip
        programme = await made(town.governor, "/programmes", body)
        enrolment = {"person_id": person, "programme_id": programme["id"], "valid_from": "2026-03-02"}
        await made(town.doctor, "/programme-enrolments", enrolment)
        days = ("2026-03-01", "2026-03-02", "2026-03-10", "2026-03-11")
        assert [(await town.quote(person, "BP", on=day))["patient_fen"] for day in days] == [1000, 0, 0, 1000]
        five = [{"code": "BP", "quantity": 5}]
        assert (await town.quote(person, items=five))["patient_fen"] == 2000
        assert (await town.quote(person, "SUGAR"))["patient_fen"] == 1000
        [paid] = line(await town.quote(person, "BP"), "BP")["fundings"]
        assert "国家基本公卫" in paid["reason"]
        [left] = (await shown(town.desk, f"/patients/{person}/entitlements"))["items"]
        assert left["text"].startswith("2026 年由中央补助资金支付的“服务BP”共 3 次")
        again = await town.governor.post("/programmes", json=body | {"name": "另一项目"})
        assert again.json()["code"] == "programme-code-taken"
        await changed(town.governor, f"/programmes/{programme['id']}", {"valid_to": "2026-03-02"})
        assert (await town.quote(person, "BP"))["patient_fen"] == 1000


class TestInsuranceRules:
    @pytest.mark.parametrize(
        ("change", "paid"),
        [
            ({}, 250),
            ({"deductible": "0.00"}, 500),
            ({"pay_ratio": "0.80"}, 400),
            ({"yearly_cap": "1.00"}, 100),
            ({"valid_from": "2026-03-04"}, 0),
            ({"valid_to": "2026-03-02"}, 0),
            ({"plan_code": "EMPLOYEE"}, 0),
        ],
    )
    async def test_each_figure_changes_what_the_fund_pays(self, town: Town, change: dict[str, Any], paid: int) -> None:
        person = await town.elder()
        await town.offer("BP", insurance_class="A")
        await town.rule(**change)
        await town.insure(person)
        assert fund(await town.quote(person, "BP")) == paid

    async def test_an_ended_rule_pays_nothing_the_day_after(self, town: Town) -> None:
        person = await town.elder()
        await town.offer("BP", insurance_class="A")
        rule = await town.rule()
        await town.insure(person)
        await changed(town.governor, f"/insurance-rules/{rule['id']}", {"valid_to": DAY})
        assert [fund(await town.quote(person, "BP", on=day)) for day in (DAY, "2026-03-04")] == [250, 0]

    async def test_its_name_is_what_the_elder_reads_of_his_balance(self, town: Town) -> None:
        person = await town.elder()
        await town.rule(name="城乡居民基本医疗保险")
        await town.insure(person)
        told = (await shown(town.desk, f"/patients/{person}/entitlements"))["items"]
        assert any("城乡居民基本医疗保险年度支付限额" in each["text"] for each in told)


PART = {"duration_minutes": 10, "after_min_minutes": 60, "after_max_minutes": 75}


class TestParts:
    """Services in parts (分次服务): what may be listed, and what may be booked together."""

    async def test_what_can_have_none_is_refused_as_listed_and_as_changed(self, town: Town) -> None:
        body = {"code": "SOAK", "name": "泡洗换药", "duration_minutes": 20, "order_kinds": ["home_visit"]}
        refused = (422, "parts-need-one-person")
        answer = await town.governor.post("/service-items", json=body | {"parts": [PART], "staff_count": 2})
        assert (answer.status_code, answer.json()["code"]) == refused
        kept = await made(town.governor, "/service-items", body | {"parts": [PART]})
        assert kept["parts"] == [PART]
        answer = await town.governor.patch("/service-items/SOAK", json={"staff_count": 2})
        assert (answer.status_code, answer.json()["code"]) == refused
        for wrong in ([PART] * 4, [PART | {"after_max_minutes": 59}], [PART | {"after_min_minutes": 0}]):
            assert (await town.governor.patch("/service-items/SOAK", json={"parts": wrong})).status_code == 422

    async def test_the_window_is_for_the_first_part_and_the_answer_tells_of_the_others(self, town: Town) -> None:
        person = await town.elder()
        await town.service("SOAK", parts=[PART])
        await town.price("SOAK")
        whole, divided = await town.quote(person, await town.offer("BP")), await town.quote(person, "SOAK")
        assert divided["patient_fen"] == whole["patient_fen"] > 0
        window = {"wished_start": f"{DAY}T08:00:00+08:00", "wished_end": f"{DAY}T08:30:00+08:00"}
        placed = (await town.order(person, "SOAK", **window)).json()
        assert placed["order"]["parts"] == 2
        assert "第2次约10分钟，在第1次结束后60至75分钟之间再来" in placed["order"]["parts_note"]
        assert await shown(town.desk, f"/orders/{placed['order']['id']}") == placed["order"]
        once = (await town.order(person, "BP")).json()["order"]
        assert (once["parts"], once["parts_note"]) == (1, None)

    async def test_are_booked_with_what_leaves_them_a_time_and_one_person(self, town: Town) -> None:
        person = await town.elder()
        for code, more in (
            ("SOAK", {"parts": [PART]}), ("LONG", {"parts": [PART | {"after_min_minutes": 70}]}),
            ("FAR", {"parts": [PART | {"after_min_minutes": 90, "after_max_minutes": 95}]}),
            ("PAIR", {"staff_count": 2}),
        ):  # fmt: skip
            await town.service(code, **more)
            await town.price(code)
        assert (await town.order(person, "SOAK", "FAR")).json()["code"] == "parts-disagree"
        pair = await town.order(person, "SOAK", "PAIR")
        assert (pair.status_code, pair.json()["code"], pair.json()["staff_count"]) == (422, "parts-need-one-person", 2)
        together = (await town.order(person, "SOAK", "LONG")).json()["order"]
        assert "70至75分钟" in together["parts_note"]


class TestCrews:
    """How those come whom a service needs: what may be listed, and what may be booked together."""

    async def test_what_contradicts_itself_is_refused_as_listed_and_as_changed(self, town: Town) -> None:
        body = {"code": "TURN", "name": "翻身", "duration_minutes": 20, "order_kinds": ["home_visit"]}
        after = {"crew_sync": "sequential", "crew_lag_min_minutes": 60, "crew_lag_max_minutes": 90}
        lag = {"crew_lag_min_minutes": 60}
        for wrong, code, field in (
            (after, "crew-too-small", "crew_sync"),
            ({"staff_count": 2, "crew_sync": "sequential"}, "crew-lag-missing", "crew_lag_min_minutes"),
            ({"staff_count": 2, "crew_sync": "sequential"} | lag, "crew-lag-missing", "crew_lag_max_minutes"),
            ({"staff_count": 2} | lag, "crew-lag-needless", "crew_lag_min_minutes"),
            (after | {"staff_count": 2, "crew_lag_max_minutes": 59}, "crew-lags-contradict", "crew_lag_max_minutes"),
        ):
            answer = await town.governor.post("/service-items", json=body | wrong)
            assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, code, field)
        kept = await made(town.governor, "/service-items", body | after | {"staff_count": 2})
        assert {name: kept[name] for name in after} == after
        for change, code in (
            ({"staff_count": 1}, "crew-too-small"),
            ({"crew_sync": "independent"}, "crew-lag-needless"),
            ({"crew_lag_max_minutes": None}, "crew-lag-missing"),
            ({"crew_lag_min_minutes": 91}, "crew-lags-contradict"),
        ):
            answer = await town.governor.patch("/service-items/TURN", json=change)
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        nothing = {"crew_lag_min_minutes": None, "crew_lag_max_minutes": None}
        await changed(town.governor, "/service-items/TURN", nothing | {"crew_sync": "independent"})

    async def test_are_booked_with_what_leaves_the_next_one_a_time(self, town: Town) -> None:
        person = await town.elder()
        for code, least, most in (("TURN", 60, 90), ("WATCH", 100, 120)):
            crew = {"crew_sync": "sequential", "crew_lag_min_minutes": least, "crew_lag_max_minutes": most}
            await town.service(code, duration_minutes=30, staff_count=2, **crew)
            await town.price(code)
        answer = await town.order(person, "TURN", "WATCH")
        assert (answer.status_code, answer.json()["code"]) == (422, "crew-times-disagree")
        window = {"wished_start": f"{DAY}T08:00:00+08:00", "wished_end": f"{DAY}T09:29:00+08:00"}
        short = (await town.order(person, "TURN", **window)).json()
        assert (short["code"], short["minutes"]) == ("window-too-short", 90)
        window["wished_end"] = f"{DAY}T09:30:00+08:00"
        assert (await town.order(person, "TURN", **window)).status_code == 201
