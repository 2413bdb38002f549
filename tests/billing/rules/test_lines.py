"""Lines: merged, included, excluded, limited, priced on the service date."""

import pytest

from tests.billing import facts


def lines(*items, book):
    entry = facts.settle(visits=[facts.visit("V1", *items)], price_book=book)
    return [(line["code"], line["status"], line["charged_quantity"], line["gross_fen"]) for line in entry["lines"]]


class TestMerging:
    def test_sums_the_items_of_one_code_in_order_of_first_appearance(self):
        book = [facts.price("A", "1"), facts.price("B", "2")]
        assert lines(("B", 1), ("A", 1), ("B", 2), book=book) == [("B", "charged", 3, 600), ("A", "charged", 1, 100)]

    def test_rounds_the_merged_line_once(self):
        assert lines(("A", 1), ("A", 1), book=[facts.price("A", "0.0050")]) == [("A", "charged", 2, 1)]


class TestIncluded:
    def test_keeps_the_line_at_nothing_and_takes_nothing_from_a_source(self):
        book = [facts.price("A", includes=["B"]), facts.price("B")]
        result = facts.run(
            visits=[facts.visit("V1", ("B", 2), ("A", 1))],
            price_book=book,
            contracts=[facts.contract("C1", ("B", 5, 0))],
        )
        assert result["events"][0]["lines"][0] == {
            "code": "B",
            "quantity": 2,
            "charged_quantity": 0,
            "status": "included",
            "gross_fen": 0,
            "patient_fen": 0,
            "price_from": "2026-01-01",
            "funding": [],
        }
        assert result["balances"]["contracts"] == {"C1": {"B": 0}}

    def test_of_two_that_include_each_other_the_earlier_line_stays(self):
        book = [facts.price("A", includes=["B"]), facts.price("B", includes=["A"])]
        assert [line[:2] for line in lines(("B", 1), ("A", 1), book=book)] == [("B", "charged"), ("A", "included")]

    def test_an_included_row_includes_nothing_itself(self):
        book = [facts.price("A", includes=["B"]), facts.price("B", includes=["C"]), facts.price("C")]
        found = lines(("A", 1), ("B", 1), ("C", 1), book=book)
        assert [line[1] for line in found] == ["charged", "included", "charged"]

    def test_a_mark_stays_when_the_row_that_set_it_is_marked_later(self):
        book = [facts.price("A", includes=["C"]), facts.price("B", includes=["A"]), facts.price("C")]
        found = lines(("A", 1), ("B", 1), ("C", 1), book=book)
        assert [line[1] for line in found] == ["included", "charged", "included"]

    def test_a_row_that_lists_its_own_code_says_nothing(self):
        assert lines(("A", 1), book=[facts.price("A", includes=["A"], excludes=["A"])]) == [("A", "charged", 1, 1000)]

    def test_a_row_that_is_not_performed_says_nothing(self):
        book = [
            facts.price("A", to="2026-03-01", includes=["B"]),
            facts.price("A", **{"from": "2026-03-02"}),
            facts.price("B"),
            facts.price("Z", includes=["B"]),
        ]
        assert [line[1] for line in lines(("A", 1), ("B", 1), book=book)] == ["charged", "charged"]


class TestExcluded:
    def test_the_listed_code_is_not_charged(self):
        book = [facts.price("A"), facts.price("B", excludes=["A"])]
        assert lines(("A", 3), ("B", 1), book=book) == [("A", "excluded", 0, 0), ("B", "charged", 1, 1000)]

    def test_inclusions_of_all_rows_come_before_exclusions(self):
        # A would exclude B, but C, further down, includes A: then A is silent
        book = [facts.price("A", excludes=["B"]), facts.price("B"), facts.price("C", includes=["A"])]
        found = lines(("A", 1), ("B", 1), ("C", 1), book=book)
        assert [line[1] for line in found] == ["included", "charged", "charged"]

    def test_an_included_code_stays_included(self):
        book = [facts.price("A", excludes=["B"]), facts.price("B"), facts.price("C", includes=["B"])]
        found = lines(("A", 1), ("B", 1), ("C", 1), book=book)
        assert [line[1] for line in found] == ["charged", "included", "charged"]

    def test_an_excluded_row_excludes_nothing_itself(self):
        book = [facts.price("A", excludes=["B"]), facts.price("B", excludes=["C", "A"]), facts.price("C")]
        found = lines(("A", 1), ("B", 1), ("C", 1), book=book)
        assert [line[1] for line in found] == ["charged", "excluded", "charged"]

    def test_a_mark_stays_when_the_row_that_set_it_is_excluded_later(self):
        book = [facts.price("A", excludes=["C"]), facts.price("B", excludes=["A"]), facts.price("C")]
        found = lines(("A", 1), ("B", 1), ("C", 1), book=book)
        assert [line[1] for line in found] == ["excluded", "charged", "excluded"]


class TestLimitAndPrice:
    def test_charges_no_more_than_the_limit_of_the_merged_line(self):
        assert lines(("A", 2), ("A", 2), book=[facts.price("A", per_visit_max=3)]) == [("A", "charged", 3, 3000)]

    def test_a_limit_of_none_at_all_charges_nothing(self):
        assert lines(("A", 2), book=[facts.price("A", per_visit_max=0)]) == [("A", "charged", 0, 0)]

    @pytest.mark.parametrize(
        ("started_at", "fen", "row"),
        [
            ("2026-03-31T23:59:59+08:00", 500, "2026-01-01"),
            ("2026-04-01T00:00:00+08:00", 600, "2026-04-01"),
            ("2026-03-31T16:00:00Z", 600, "2026-04-01"),
            ("2026-03-31T10:59:59.999-05:00", 500, "2026-01-01"),
        ],
    )
    def test_takes_the_row_of_the_local_date_and_keeps_it(self, started_at, fen, row):
        book = [facts.price("BP", "5", to="2026-03-31"), facts.price("BP", "6", **{"from": "2026-04-01"})]
        line = facts.settle(visits=[facts.visit(started_at=started_at)], price_book=book)["lines"][0]
        assert (line["gross_fen"], line["price_from"]) == (fen, row)
