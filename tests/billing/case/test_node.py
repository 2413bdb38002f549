"""Values have one form each; a document that is no JSON object is refused."""

import json

import pytest

from service.billing import case, rules
from tests.billing.documents import changed, full, place, read, refused_at


class TestValues:
    @pytest.mark.parametrize(
        "path",
        [
            "price_book~0~unit_price",
            "price_book~0~self_ratio",
            "visit_fee_tariff~0~self_ratio",
            "visit_fee_tariff~0~tiers~0~up_to_km",
            "visit_fee_tariff~0~tiers~0~price",
            "visit_fee_tariff~1~night~multiplier",
            "region~ltci~pay_ratio",
            "region~ltci~monthly_cap",
            "region~insurance~deductible",
            "region~insurance~pay_ratio",
            "region~insurance~yearly_cap",
            "patients~0~ltci~used~2026-03",
            "patients~0~insurance~deductible_used~2026",
            "beds~0~daily_rate",
            "beds~0~per_diem_pay_ratio",
            "beds~0~per_diem_year_cap",
            "visits~0~distance_km",
        ],
    )
    def test_decimals_have_one_form(self, path):
        wrong = [
            1,
            "1234567890",
            "1.00001",
            "-1",
            "+1",
            "1e0",
            "",
            " 1",
            "1 ",
            "1.",
            ".5",
            "1,5",
            "１",
            "1\n",
            "NaN",
            True,
        ]
        for value in wrong:
            found = refused_at(changed(path, value))
            assert found.endswith((path.split("~")[-1], f'["{path.split("~")[-1]}"]'))

    @pytest.mark.parametrize("right", ["0", "007", "999999999.9999", "0.0001"])
    def test_decimals_of_that_form_are_read(self, right):
        assert read(changed("price_book~0~unit_price", right))

    @pytest.mark.parametrize(
        "path",
        [
            "price_book~0~self_ratio",
            "visit_fee_tariff~0~self_ratio",
            "region~ltci~pay_ratio",
            "region~insurance~pay_ratio",
            "beds~0~per_diem_pay_ratio",
        ],
    )
    def test_ratios_are_at_most_one(self, path):
        assert read(changed(path, "1.0000"))
        assert refused_at(changed(path, "1.0001")).endswith(path.split("~")[-1])

    def test_a_multiplier_is_no_ratio(self):
        assert read(changed("visit_fee_tariff~1~night~multiplier", "2.5"))

    @pytest.mark.parametrize(
        "path",
        [
            "region~ltci~monthly_cap",
            "region~insurance~deductible",
            "region~insurance~yearly_cap",
            "patients~0~ltci~used~2026-03",
            "patients~0~insurance~deductible_used~2026",
            "beds~0~per_diem_year_cap",
        ],
    )
    def test_caps_and_used_amounts_are_whole_fen(self, path):
        assert read(changed(path, "1.0100"))
        refused_at(changed(path, "1.005"))

    @pytest.mark.parametrize(
        "wrong",
        ["2026-02-29", "2026-13-01", "2026-3-1", "20260301", "2026-W10-1", "0000-01-01", "2026-03-01T00:00", ""],
    )
    @pytest.mark.parametrize(
        "path", ["contracts~0~signed_on", "beds~0~opened_on", "price_book~0~to", "events~2~from", "events~2~to"]
    )
    def test_dates_exist(self, path, wrong):
        assert refused_at(changed(path, wrong)).endswith(path.split("~")[-1])

    @pytest.mark.parametrize(
        "wrong",
        [
            "2026-03-02T09:00:00",
            "2026-03-02 09:00:00+08:00",
            "2026-03-02T09:00+08:00",
            "2026-03-02T24:00:00+08:00",
            "2026-03-02T09:60:00+08:00",
            "2026-02-30T09:00:00+08:00",
            "2026-03-02T09:00:00+0800",
            "2026-03-02T09:00:00+24:00",
            "2026-03-02T09:00:00+08:60",
            "0001-01-01T00:00:00+14:00",
            "9999-12-31T23:59:59Z",
            "2026-03-02T09:00:00.+08:00",
        ],
    )
    def test_moments_have_an_offset_and_exist(self, wrong):
        assert refused_at(changed("visits~0~started_at", wrong)) == "$.visits[0].started_at"

    @pytest.mark.parametrize(
        ("at", "day", "clock"),
        [
            ("2026-03-02T09:00:00+08:00", "2026-03-02", "09:00:00"),
            ("2026-03-01t16:30:15.25z", "2026-03-02", "00:30:15"),
            ("2026-03-01T05:00:00-11:30", "2026-03-02", "00:30:00"),
            ("2026-03-02T00:00:00-00:00", "2026-03-02", "08:00:00"),
        ],
    )
    def test_moments_of_any_offset_become_local(self, at, day, clock):
        visit = read(changed("visits~0~started_at", at)).visits["V1"]
        assert (visit.service_on.isoformat(), visit.starts_at.isoformat()) == (day, clock)

    @pytest.mark.parametrize("wrong", ["24:00", "6:00", "18:60", "18:00:00", ""])
    def test_times_exist(self, wrong):
        assert refused_at(changed("visit_fee_tariff~1~night~to", wrong)).endswith("night.to")

    @pytest.mark.parametrize(
        "path",
        [
            "policy~min_staff",
            "price_book~0~per_visit_max",
            "programs~0~items~0~per_year",
            "patients~0~programs~0~used~BP~2026",
            "contracts~0~items~0~quantity",
            "contracts~0~items~0~used",
            "visits~0~items~0~quantity",
        ],
    )
    @pytest.mark.parametrize("wrong", [-1, True, 1.0, "1", 10**30])
    def test_counts_are_whole_and_not_negative(self, path, wrong):
        refused_at(changed(path, wrong))
        assert read(changed(path, 1))

    def test_a_visit_item_is_performed_at_least_once(self):
        assert refused_at(changed("visits~0~items~0~quantity", 0)) == "$.visits[0].items[0].quantity"

    @pytest.mark.parametrize(
        ("path", "words"),
        [
            ("policy~visit_fee_sharing", {"once_per_home", "per_patient"}),
            ("policy~visit_fee_in_bed_cycle", {"waive", "charge"}),
            ("policy~visit_fee_when_fully_funded", {"waive", "charge"}),
            ("policy~visit_fee", {"charge", "none"}),
            ("price_book~0~insurance_class", {"A", "B", "C"}),
            ("visit_fee_tariff~0~insurance_class", {"A", "B", "C"}),
            ("visit_fee_tariff~0~unit", {"visit", "visit_staff"}),
            ("contracts~0~items~0~counting", {"quantity", "visit"}),
            ("beds~0~payment", {"per_diem", "per_item"}),
        ],
    )
    def test_words_are_those_of_their_list(self, path, words):
        every = {"once_per_home", "per_patient", "waive", "charge", "none", "A", "B", "C", "a", "visit", "visit_staff"}
        for word in {*every, "quantity", "per_diem", "per_item", ""}:
            if word in words:
                assert read(changed(path, word))
            else:
                refused_at(changed(path, word))

    @pytest.mark.parametrize("key", ["26", "2026-03", "２０２６", ""])
    @pytest.mark.parametrize("path", ["patients~0~programs~0~used~BP", "patients~0~insurance~fund_used"])
    def test_years_have_four_digits(self, path, key):
        document = full()
        container, name = place(document, path)
        container[name][key] = "1" if "insurance" in path else 1
        refused_at(document)

    @pytest.mark.parametrize("key", ["2026", "2026-3", "2026-13", "2026-00"])
    def test_months_exist(self, key):
        refused_at(changed("patients~0~ltci~used", {key: "1"}))

    def test_the_format_is_ours(self):
        assert refused_at(changed("format", "xunzhen.billing-case/2")) == "$.format"


class TestDocument:
    @pytest.mark.parametrize(
        "raw",
        [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b'{"format": NaN}', b"[" * 100000, b'{"a": ' + b"9" * 5000 + b"}"],
    )
    def test_is_a_json_object(self, raw):
        with pytest.raises(case.Malformed, match=r"^\$"):
            case.read_case(raw)

    def test_a_key_stands_once(self):
        raw = json.dumps(full()).replace('"verified": true', '"verified": true, "verified": true').encode()
        with pytest.raises(case.Malformed) as wrong:
            case.read_case(raw)
        assert wrong.value.path == "$.visits[0].verified"

    def test_may_begin_with_a_byte_order_mark(self):
        assert case.read_case(b"\xef\xbb\xbf" + json.dumps(full()).encode()).visits

    def test_an_odd_key_stays_on_one_line(self):
        document = full()
        document["a\u2028b\n"] = 1
        assert refused_at(document) == r'$["a\u2028b\n"]'

    def test_defaults_are_the_safest_for_the_patient(self):
        document = full()
        for name in ("policy", "visit_fee_tariff", "region", "contracts", "beds", "programs"):
            del document[name]
        document["patients"] = [{"id": "P1"}]
        found = read(document)
        assert found.terms.policy == rules.Policy(
            min_staff=1,
            fee=rules.FeePolicy.charge,
            fee_sharing=rules.FeeSharing.once_per_home,
            fee_in_bed_cycle=rules.Leniency.waive,
            fee_when_fully_funded=rules.Leniency.waive,
        )
        assert (found.terms.tariffs, found.terms.ltci, found.terms.insurance) == ((), None, None)
        assert found.patients["P1"] == rules.Patient("P1")
