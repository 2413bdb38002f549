"""公益义诊: where free-clinic programmes pay every service of a visit, nobody is charged the way to the door. Pure."""

from collections import Counter
from collections.abc import Collection
from typing import Final

from service.billing import rules

SENTENCE: Final = "公益义诊，不收上门服务费"


def pays_everything(settlement: rules.Settlement, programmes: Collection[str]) -> bool:
    """Return whether some programmes pay every unit of every charged service of a bill, and there is one.

    Units are counted, not money: a service of price 0 is given by the clinic as well.
    """
    paid: Counter[str] = Counter()
    for used in settlement.consumptions:
        if used.entitlement.balance is rules.Balance.program_units and used.entitlement.ref in programmes:
            paid[used.code] += used.amount
    charged = [line for line in settlement.bill.lines if line.charged_quantity]
    return bool(charged) and all(paid[line.code] == line.charged_quantity for line in charged)
