"""The file is read strictly: what is wrong is refused with its path, what may be left out may be left out."""

import copy
import json

import pytest

from service.billing import case, rules
from tests.billing import facts


def full():
    """A file with every field that there is."""
    dated = {"from": "2026-01-01", "to": None}
    return {
        "format": "xunzhen.billing-case/1",
        "policy": {
            "min_staff": 1,
            "visit_fee_sharing": "once_per_home",
            "visit_fee_in_bed_cycle": "waive",
            "visit_fee_when_fully_funded": "waive",
            "visit_fee": "charge",
        },
        "institution": {"code": "I1", "service_modes": [{"mode": "home_visit", **dated}]},
        "staff": [{"id": "D1", "licences": [dict(dated)]}, {"id": "N1", "licences": []}],
        "price_book": [
            facts.price(
                "BP", name="血压", to="2026-12-31", per_visit_max=None, includes=[], excludes=[], self_ratio="0"
            ),
            facts.price("BP", **{"from": "2027-01-01"}, to=None),
            facts.price("EKG"),
        ],
        "visit_fee_tariff": [
            facts.tariff(to="2026-12-31", insurance_class="C", self_ratio="0", night=None),
            {
                **facts.tariff(**{"from": "2027-01-01"}),
                "tiers": [{"up_to_km": "3", "price": "1"}, {"up_to_km": None, "price": "2"}],
                "night": {"from": "18:00", "to": "06:00", "multiplier": "2"},
            },
        ],
        "region": facts.ltci_region(),
        "programs": [{"id": "PH", **dated, "items": [{"code": "BP", "per_year": 4}]}],
        "patients": [
            {
                "id": "P1",
                "programs": [{"id": "PH", **dated, "used": {"BP": {"2026": 4}}}],
                "ltci": {"grade": 3, "used": {"2026-03": "0.00"}},
                "insurance": {**dated, "deductible_used": {"2026": "0.00"}, "fund_used": {}, "per_diem_used": {}},
            },
            {"id": "P2"},
        ],
        "contracts": [
            facts.contract(
                "C1", ("BP", 8, 7), to=None, terminated_on=None, covers_visit_fee=False, capitated_codes=["EKG"]
            )
        ],
        "beds": [
            facts.bed(closed_on=None, excluded_codes=[], pauses=[{"from": "2026-03-04", "to": "2026-03-06"}]),
            facts.bed("B2", payment="per_item"),
        ],
        "visits": [facts.visit(home="H1", trip="T1")],
        "events": [
            {"settle": "V1"},
            {"reverse": "V1"},
            {"settle_bed": "B1", "from": "2026-03-01", "to": "2026-03-02"},
            {"reverse_bed": "B1", "from": "2026-03-01", "to": "2026-03-02"},
        ],
    }


def place(document, path):
    """Return the container and the key that a path like `visits.0.staff` leads to."""
    *way, last = path.split("~")
    for step in way:
        document = document[int(step) if isinstance(document, list) else step]
    return document, int(last) if isinstance(document, list) else last


def read(document):
    return case.read_case(json.dumps(document).encode())


def changed(path, value):
    document = full()
    container, key = place(document, path)
    container[key] = value
    return document


def refused_at(document):
    with pytest.raises(case.Malformed) as wrong:
        read(document)
    assert len(str(wrong.value).splitlines()) == 1
    return wrong.value.path


def paths(node, way=()):
    """Every path to a field of an object, and to the objects in arrays."""
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, value in steps:
        yield (*way, str(step)), value
        yield from paths(value, (*way, str(step)))


MAY_BE_LEFT_OUT = {
    "policy", "programs", "contracts", "beds", "ltci", "insurance", "region", "visit_fee_tariff", "min_staff",
    "visit_fee_sharing", "visit_fee_in_bed_cycle", "visit_fee_when_fully_funded", "visit_fee", "to", "closed_on",
    "terminated_on", "per_visit_max", "night", "trip", "home", "includes", "excludes", "capitated_codes",
    "excluded_codes", "pauses", "self_ratio", "covers_visit_fee", "used", "deductible_used", "fund_used",
    "per_diem_used", "name",
}  # fmt: skip
"""Fields that mean “none” or a default when left out, wherever they stand in the file."""
NULL = {"to", "closed_on", "terminated_on", "per_visit_max", "night", "trip", "home", "ltci", "insurance", "name"}
FREE_KEYS = {"BP", "2026", "2026-03"}
FIELDS = [
    ("~".join(way), value)
    for way, value in paths(full())
    if not way[-1].isdigit() and way[-1] not in FREE_KEYS and way[0] != "events"
]

OBJECTS = [
    way
    for way, value in paths(full())
    if isinstance(value, dict) and not {"used", "deductible_used", "fund_used", "per_diem_used"} & set(way)
]
"""Every object whose fields have names of ours."""


def may_be_left_out(path):
    steps = path.split("~")
    if steps[-2:-1] == ["night"] or path == "programs~0~items":
        return False
    if steps[-1] == "items":
        return steps[0] == "contracts"
    if steps[-1] == "insurance_class":
        return steps[0] == "visit_fee_tariff"
    return steps[-1] in MAY_BE_LEFT_OUT


class TestEveryField:
    def test_the_full_file_is_read(self):
        assert read(full()).patients["P1"].beds[0].per_diem.year_cap_fen == 1500000

    @pytest.mark.parametrize("path", [path for path, _ in FIELDS if not may_be_left_out(path)])
    def test_that_is_required_is_missed(self, path):
        document = full()
        container, key = place(document, path)
        del container[key]
        assert refused_at(document).endswith(f".{key}")

    @pytest.mark.parametrize("path", [path for path, _ in FIELDS if may_be_left_out(path)])
    def test_that_may_be_left_out_may(self, path):
        document = full()
        container, key = place(document, path)
        del container[key]
        if path == "programs":
            del document["patients"][0]["programs"]
        if path in {"price_book~0~to", "visit_fee_tariff~0~to"}:
            assert "[1]" in refused_at(document)  # open rows then overlap
        else:
            assert read(document)

    @pytest.mark.parametrize(("path", "value"), FIELDS)
    def test_of_a_wrong_type_is_refused(self, path, value):
        wrong = {str: 5, bool: 1, int: True, dict: [], list: {}, type(None): True}[type(value)]
        assert refused_at(changed(path, wrong)).endswith(f".{path.split('~')[-1]}")

    @pytest.mark.parametrize("path", [path for path, _ in FIELDS])
    def test_is_null_only_where_null_is_the_default(self, path):
        document = changed(path, None)
        key, steps = path.split("~")[-1], path.split("~")
        if steps[-2:-1] == ["night"]:
            assert refused_at(document).endswith(f".{key}")
        elif path in {"price_book~0~to", "visit_fee_tariff~0~to"}:
            assert "[1]" in refused_at(document)
        elif key in NULL:
            assert read(document)
        elif key == "up_to_km":
            # without end: the last tier may be, the one before may not
            assert path == "visit_fee_tariff~1~tiers~1~up_to_km" or (
                read(document) if path.endswith("0~tiers~0~up_to_km") else "up_to_km" in refused_at(document)
            )
        else:
            assert refused_at(document).endswith(f".{key}")

    @pytest.mark.parametrize("way", OBJECTS, ids="~".join)
    def test_of_an_unknown_name_is_refused(self, way):
        document = full()
        container, key = place(document, "~".join(way))
        container[key]["surprise"] = None
        assert refused_at(document).endswith(".surprise")

    def test_of_an_unknown_name_at_the_top_is_refused(self):
        assert refused_at({**full(), "surprise": None}) == "$.surprise"


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


class TestRows:
    @pytest.mark.parametrize("first", ["2026-12-31", "2026-06-01", "2026-01-01", "2025-01-01"])
    def test_of_one_code_do_not_overlap(self, first):
        assert refused_at(changed("price_book~1~from", first)).startswith("$.price_book[")

    @pytest.mark.parametrize("first", ["2026-12-31", "2026-01-01"])
    def test_of_the_tariff_do_not_overlap(self, first):
        assert refused_at(changed("visit_fee_tariff~1~from", first)).startswith("$.visit_fee_tariff[")

    def test_of_other_lists_may_overlap(self):
        document = full()
        document["institution"]["service_modes"] *= 2
        document["staff"][0]["licences"] *= 2
        assert read(document)

    @pytest.mark.parametrize(
        "path",
        [
            "institution~service_modes~0",
            "staff~0~licences~0",
            "price_book~2",
            "visit_fee_tariff~1",
            "programs~0",
            "patients~0~programs~0",
            "patients~0~insurance",
            "contracts~0",
            "beds~0~pauses~0",
        ],
    )
    def test_do_not_end_before_they_begin(self, path):
        document = changed(f"{path}~to", "2025-12-31")
        assert refused_at(document).endswith(".to")
        container, key = place(document, path)
        container[key]["from"] = "2025-12-31"
        assert read(document)

    @pytest.mark.parametrize(
        "tiers",
        [
            [],
            [{"up_to_km": "3", "price": "1"}, {"up_to_km": "3.0", "price": "2"}],
            [{"up_to_km": "3", "price": "1"}, {"up_to_km": "2", "price": "2"}],
            [{"up_to_km": None, "price": "1"}, {"up_to_km": "3", "price": "2"}],
            [{"up_to_km": None, "price": "1"}, {"up_to_km": None, "price": "2"}],
        ],
    )
    def test_tiers_ascend(self, tiers):
        assert refused_at(changed("visit_fee_tariff~0~tiers", tiers)).startswith("$.visit_fee_tariff[0].tiers")

    @pytest.mark.parametrize("code", ["VISIT_FEE", "BED_DAY"])
    def test_do_not_price_the_reserved_codes(self, code):
        assert refused_at(changed("price_book~2~code", code)) == "$.price_book[2].code"


class TestNames:
    @pytest.mark.parametrize(
        ("path", "key"),
        [
            ("staff", "id"),
            ("patients", "id"),
            ("contracts", "id"),
            ("beds", "id"),
            ("visits", "id"),
            ("programs", "id"),
            ("patients~0~programs", "id"),
            ("contracts~0~items", "code"),
            ("programs~0~items", "code"),
        ],
    )
    def test_stand_once_in_their_list(self, path, key):
        document = full()
        container, name = place(document, path)
        container[name].append(copy.deepcopy(container[name][0]))
        assert refused_at(document).endswith(f"[{len(container[name]) - 1}].{key}")

    @pytest.mark.parametrize(
        "path",
        ["visits~0~patient", "contracts~0~patient", "beds~0~patient", "visits~0~staff~0", "patients~0~programs~0~id"],
    )
    def test_refer_to_what_is_there(self, path):
        refused_at(changed(path, "nobody"))

    def test_of_events_and_codes_need_not_be_there(self):
        document = changed("events", [{"settle": "?"}, {"settle_bed": "?", "from": "2026-03-02", "to": "2026-03-01"}])
        document["visits"][0]["items"][0]["code"] = "?"
        document["region"]["ltci"]["catalog"] = ["?"]
        assert read(document)

    def test_a_member_of_staff_may_stand_twice_on_a_visit(self):
        assert read(changed("visits~0~staff", ["D1", "D1"])).visits["V1"].staff == ("D1", "D1")

    def test_may_be_chinese_and_may_be_no_half_characters(self):
        document = changed("visits~0~id", "上门一")
        assert list(read(document).visits) == ["上门一"]
        refused_at(changed("visits~0~id", "\ud800"))
        refused_at(changed("patients~0~programs~0~used", {"\ud800": {}}))


class TestEvents:
    @pytest.mark.parametrize(
        "event",
        [
            {},
            {"cancel": "V1"},
            {"settle": 1},
            {"settle": None},
            {"settle": "V1", "reverse": "V1"},
            {"settle": "V1", "from": "2026-03-01"},
            {"settle_bed": "B1"},
            {"settle_bed": "B1", "from": "2026-03-01"},
            {"settle_bed": "B1", "from": "2026-03-01", "to": None},
            {"settle_bed": "B1", "reverse_bed": "B1", "from": "2026-03-01", "to": "2026-03-02"},
            "settle",
            None,
        ],
    )
    def test_have_the_fields_of_one_kind(self, event):
        assert refused_at(changed("events", [event])).startswith("$.events[0]")


class TestPerDiem:
    @pytest.mark.parametrize("name", ["daily_rate", "per_diem_pay_ratio", "per_diem_year_cap"])
    def test_money_is_needed_by_the_day_and_not_per_item(self, name):
        document = full()
        del document["beds"][0][name]
        assert refused_at(document) == f"$.beds[0].{name}"
        document["beds"][0]["payment"] = "per_item"
        assert read(document).patients["P1"].beds[0].per_diem is None
        document["beds"][0][name] = "wrong"
        assert refused_at(document) == f"$.beds[0].{name}"


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
