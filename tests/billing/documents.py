"""A billing case with every field that there is, and ways to make one of them wrong."""

import json

import pytest

from service.billing import case
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
