"""A claim in the fields of the national settlement, and the sums that must hold between them (R065). Pure.

Long-term care insurance has no field of its own there: its money and its ratio stand in `ltci_pay` and `ltci_prop`.
"""

from collections.abc import Mapping
from typing import Any, Final

from service.billing.ledger import errors
from service.catalog.claim_rules import LTCI_INSUTYPE, MED_TYPES, ClaimKind
from service.catalog.per_diem_rules import StayKind
from service.catalog.rules import OrderKind

_ID_CARD: Final = "02"
_KINDS: Final[Mapping[str, ClaimKind]] = {
    OrderKind.home_visit: ClaimKind.visit,
    OrderKind.home_bed_round: ClaimKind.home_bed_round,
    OrderKind.institution_round: ClaimKind.institution_round,
    StayKind.treatment: ClaimKind.home_bed_days,
    StayKind.rehabilitation: ClaimKind.home_bed_days,
    StayKind.palliative: ClaimKind.home_bed_days,
    StayKind.hospice_ward: ClaimKind.hospice_days,
    StayKind.medical_rehabilitation: ClaimKind.rehabilitation_days,
}
"""What kind of bill a visit of an order, or a stay by the day, makes."""


def as_insurance_claim(row: Any) -> dict[str, Any]:
    """Return what medical insurance is asked for: `insutype` and `med_type` as its rule of the day says.

    A rule without them leaves the plan's own code, and the list's code of the kind of bill.

    Raises:
        errors.ClaimInconsistent: the fields do not add up.
    """
    kind = _KINDS[row.kind]
    codes = {"insutype": row.insutype or row.plan_code or "", "med_type": _med_type(row, kind) or MED_TYPES[kind]}
    return _checked(row, codes | {"hifp_pay": int(row.fund), "pool_prop_selfpay": row.ratio or ""})


def as_ltci_claim(row: Any) -> dict[str, Any]:
    """Return what long-term care insurance is asked for, whatever the person's medical insurance is.

    Its own rule of the day says `med_type`; there is no general code of it, so that it is empty otherwise.

    Raises:
        errors.ClaimInconsistent: the fields do not add up.
    """
    codes = {"insutype": row.insutype or LTCI_INSUTYPE, "med_type": _med_type(row, _KINDS[row.kind])}
    return _checked(row, codes | {"ltci_pay": int(row.fund), "ltci_prop": row.ratio or ""})


def _med_type(row: Any, kind: ClaimKind) -> str:
    code: str = (row.med_types or {}).get(kind, "")
    return code


def _checked(row: Any, own: Mapping[str, Any]) -> dict[str, Any]:
    """Return a claim of the database in the national fields, amounts in fen, checked; `own` are those of its payer.

    There is no personal account, no medical aid and no price above an insurer's limit here: those fields are 0. The
    insurer's own number and kind of a person are not kept here: `psn_no` is the number that he has here (the claim's
    certificate is his identity card), and `psn_type` stays empty.

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
        "psn_type": "",
        "mdtrt_cert_type": _ID_CARD,
        "medfee_sumamt": int(row.total),
        "fulamt_ownpay_amt": int(row.alone),
        "overlmt_selfpay": 0,
        "preselfpay_amt": int(row.first),
        "inscp_scp_amt": int(row.covered),
        "act_pay_dedc": int(row.below),
        "hifp_pay": 0,
        "pool_prop_selfpay": "",
        "ltci_pay": 0,
        "ltci_prop": "",
        "maf_pay": 0,
        "fund_pay_sumamt": int(row.fund),
        "psn_part_amt": int(row.own),
        "acct_pay": 0,
        "psn_cash_pay": int(row.own),
        "hosp_part_amt": int(row.hospital),
        "acct_mulaid_pay": 0,
        **own,
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
        and claim["fund_pay_sumamt"] == claim["hifp_pay"] + claim["ltci_pay"] + claim["maf_pay"]
    )
