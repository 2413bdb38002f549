"""What the proof of bed days shows beside its steps is compared with the case."""

import json

from service.billing import proof
from tests.billing.bed_days.stays import Ward
from tests.billing.bed_days.test_proof import prove
from tests.billing.bed_days.test_reductions import billed
from tests.billing.documents import place


async def test_each_row_that_was_doctored_is_named(ward: Ward) -> None:
    bed_id, bill = await billed(ward)
    await ward.reverse(bed_id, "2026-03-09", "2026-03-11")
    whole = await prove(ward, bill)
    assert [each["kind"] for each in whole["evidence"]["entitlements"]] == ["consume", "reverse"]
    for changed, value, said in [
        ("agreement~daily_rate", "81", "agreement.daily_rate"),
        ("agreement~pay_ratio", "0.91", "agreement.pay_ratio"),
        ("agreement~year_cap_fen", 1, "agreement.year_cap_fen"),
        ("agreement~excluded_codes", ["BP"], "agreement.excluded_codes"),
        ("agreement~institution_share", "0.4", "agreement.institution_share"),
        ("stay~bed_id", bill["id"], "stay.bed_id"),
        ("stay~person_id", bill["id"], "stay.person_id"),
        ("stay~opened_on", "2026-02-01", "stay.opened_on"),
        ("entitlements~0~units", 71999, "entitlements[0].units"),
        ("entitlements~0~used_before", 1, "entitlements[0].used_before"),
        ("entitlements~1~used_after", 1, "entitlements[1].used_after"),
        ("entitlements~0~cap", 1, "entitlements[0].cap"),
        ("entitlements~0~period", "2025", "entitlements[0]"),
        ("entitlements", [], "entitlements"),
    ]:
        told = json.loads(json.dumps(whole))
        container, key = place(told["evidence"], changed)
        container[key] = value
        found = proof.check(json.dumps(told).encode())
        assert (changed, found.path if found else None) == (changed, f"$.evidence.{said}")
