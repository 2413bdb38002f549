"""A claim in the fields of the national settlement, and the sums that must hold between them (R065). Pure."""

from collections.abc import Mapping
from typing import Any, Final

from service.billing.ledger import errors

_ID_CARD: Final = "02"
_OUTPATIENT: Final = "11"


def as_claim(row: Any) -> dict[str, Any]:
    """Return a claim of the database in the national fields, amounts in fen, checked.

    There is no personal account, no medical aid and no price above an insurer's limit here: those fields are 0. The
    kind of person (psn_type) is the insurer's to know: it stays empty.

    Raises:
        errors.ClaimInconsistent: the fields do not add up.
    """
    claim = {
        "mdtrt_id": row.mdtrt_id,
        "setl_id": str(row.source_id),
        "reverses_setl_id": str(row.reverses_id) if row.reverses_id else "",
        "setl_time": row.booked_on,
        "begndate": row.service_on,
        "psn_no": row.person_id,
        "insutype": row.plan_code or "",
        "psn_type": "",
        "mdtrt_cert_type": _ID_CARD,
        "med_type": _OUTPATIENT,
        "medfee_sumamt": int(row.total),
        "fulamt_ownpay_amt": int(row.alone),
        "overlmt_selfpay": 0,
        "preselfpay_amt": int(row.first),
        "inscp_scp_amt": int(row.covered),
        "act_pay_dedc": int(row.below),
        "hifp_pay": int(row.fund),
        "pool_prop_selfpay": row.ratio or "",
        "maf_pay": 0,
        "fund_pay_sumamt": int(row.fund),
        "psn_part_amt": int(row.own),
        "acct_pay": 0,
        "psn_cash_pay": int(row.own),
        "hosp_part_amt": int(row.hospital),
        "acct_mulaid_pay": 0,
    }
    if not adds_up(claim):
        raise errors.ClaimInconsistent(setl_id=claim["setl_id"])
    return claim


def adds_up(claim: Mapping[str, Any]) -> bool:
    """Return whether the sums of the national settlement hold: what it came to, who bears it, how the person pays."""
    total = claim["medfee_sumamt"]
    return bool(
        total
        == claim["fulamt_ownpay_amt"] + claim["overlmt_selfpay"] + claim["preselfpay_amt"] + claim["inscp_scp_amt"]
        and total == claim["fund_pay_sumamt"] + claim["psn_part_amt"] + claim["hosp_part_amt"]
        and claim["psn_part_amt"] == claim["acct_pay"] + claim["psn_cash_pay"] + claim["acct_mulaid_pay"]
        and claim["fund_pay_sumamt"] == claim["hifp_pay"] + claim["maf_pay"]
    )
