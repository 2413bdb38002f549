"""The file is read strictly: what is wrong is refused with its path, what may be left out may be left out."""

import copy

import pytest

from tests.billing.documents import changed, full, place, read, refused_at


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
